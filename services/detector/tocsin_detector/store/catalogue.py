"""The names of services, from this service's copy of the directory."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_access.entries import KINDS
from tocsin_events.directory import ServiceChanged
from tocsin_runtime.statement import Statement

MOST_NAMES = 5_000
_NAMES = Statement(
    "SELECT name, body->>'slug' AS slug FROM directory_entries, unnest(names) AS name WHERE kind = :kind"
    " AND NOT deleted ORDER BY 1 LIMIT :most"
)
_CALLED = Statement(
    "SELECT id, names, body->>'slug', body->>'name' FROM directory_entries"
    " WHERE kind = :kind AND NOT deleted AND names && CAST(:names AS text[])"
)


class Catalogue:
    """Looks services up."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def called(self, names: Iterable[str]) -> dict[str, UUID]:
        """Which service each of these names means, as `services_called` has it."""
        return await services_called(self._conn, names)

    async def slugs(self) -> list[str]:
        """The slug of every service, in order."""
        return sorted(set((await self.slugs_by_name()).values()))

    async def slugs_by_name(self) -> dict[str, str]:
        """The slug of every service, by each of its names in lower case; at most 5,000 of them."""
        rows = await _NAMES.rows(self._conn, kind=KINDS[ServiceChanged], most=MOST_NAMES)
        return {row["name"]: row["slug"] for row in rows}


async def services_called(conn: AsyncConnection, names: Iterable[str]) -> dict[str, UUID]:
    """Which service each of these names means, in lower case: a slug before a name before an alias."""
    wanted = sorted({name.strip().lower() for name in names})
    if not wanted:
        return {}
    rows = await _CALLED.rows(conn, kind=KINDS[ServiceChanged], names=wanted)
    found: dict[str, tuple[int, UUID]] = {}
    for service_id, names_of, slug, name in rows:
        for called in set(names_of).intersection(wanted):
            rank = 0 if called == slug.lower() else 1 if called == name.lower() else 2
            found[called] = min(found.get(called, (rank, service_id)), (rank, service_id))
    return {called: service_id for called, (_, service_id) in found.items()}
