"""Writes that need not wait for each other go to the server together: one statement, one trip (decision 23)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_runtime.statement import Statement

_NUMBER = re.compile(r"\$(\d+)")


@dataclass(frozen=True, slots=True)
class Write:
    """A statement with its values, to be run by whoever is handed it."""

    statement: Statement
    values: Mapping[str, object]

    async def run(self, conn: AsyncConnection) -> None:
        """Run it alone."""
        await self.statement.run(conn, **self.values)


async def run_together(conn: AsyncConnection, writes: Iterable[Write]) -> None:
    """Run these as few statements. None of a statement sees what another wrote, and they run in no certain order.

    All but the last begin with INSERT, UPDATE or DELETE; PostgreSQL takes nothing else there. Rules between tables are
    checked at the end of each statement, as ever.
    """
    for group in _groups(writes):
        if len(group) == 1:
            await group[0].run(conn)
            continue
        joined = _joined(tuple(write.statement for write in group))
        await joined.run_in_order(
            conn, [v for write in group for v in write.statement.in_order(write.values)]
        )


def _groups(writes: Iterable[Write]) -> list[list[Write]]:
    """No statement twice in a group, so that there are not more of them to prepare than the code has roads."""
    groups: list[list[Write]] = []
    for write in writes:
        if not groups or any(write.statement is other.statement for other in groups[-1]):
            groups.append([])
        groups[-1].append(write)
    return groups


@lru_cache(maxsize=256)
def _joined(statements: tuple[Statement, ...]) -> Statement:
    shifted, taken = [], 0
    for statement in statements:
        shifted.append(_shifted(statement.sql, by=taken))
        taken += statement.parameters
    parts = ", ".join(f"part{number} AS ({sql})" for number, sql in enumerate(shifted[:-1]))
    return Statement(f"WITH {parts} {shifted[-1]}")


def _shifted(sql: str, *, by: int) -> str:
    return _NUMBER.sub(lambda found: f"${int(found[1]) + by}", sql)
