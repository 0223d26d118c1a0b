"""Teams and who is in them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_paging.domain.person import Team
from tocsin_paging.store.access_tables import team_members, teams


@dataclass(frozen=True)
class TeamFilter:
    """What a list of teams is cut down to; None means any."""

    slug: str | None = None
    name: str | None = None
    member_id: UUID | None = None


EVERY_TEAM = TeamFilter()


class TeamRepository:
    """Reads and writes teams."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def get(self, team_id: UUID, *, lock: bool = False) -> Team | None:
        """Return the team, its row locked if asked; None when unknown or deleted."""
        return await self._one(_living().where(teams.c.id == team_id), lock=lock)

    async def with_slug(self, slug: str, *, lock: bool = False) -> Team | None:
        """Return the team with this slug, its row locked if asked."""
        return await self._one(_living().where(teams.c.slug == slug), lock=lock)

    async def listed(
        self, wanted: TeamFilter = EVERY_TEAM, *, after: UUID | None = None, limit: int = 200
    ) -> list[Team]:
        """Return teams in the order in which they were made, beginning after `after`."""
        query = _living().where(*_conditions(wanted)).order_by(teams.c.id).limit(limit)
        return await self._all(query.where(teams.c.id > after) if after else query)

    async def of_person(self, user_id: UUID, *, lock: bool = False) -> list[Team]:
        """Return the teams that somebody is in, in the order in which they were made."""
        mine = select(team_members.c.team_id).where(team_members.c.user_id == user_id)
        query = _living().where(teams.c.id.in_(mine)).order_by(teams.c.id)
        return await self._all(query.with_for_update() if lock else query)

    async def add(self, team: Team, *, now: datetime) -> bool:
        """Insert a team with its members; False when another has the slug."""
        values = {"name": team.name, "slug": team.slug, "version": team.version}
        row = insert(teams).values(id=team.id, created_at=now, updated_at=now, **values)
        inserted = await self._conn.execute(row.on_conflict_do_nothing().returning(teams.c.id))
        if inserted.first() is None:
            return False
        await self._replace_members(team)
        return True

    async def save(self, team: Team, *, now: datetime) -> None:
        """Write a changed team. Its slug never changes: files and addresses name it."""
        values = {"name": team.name, "version": team.version, "updated_at": now}
        await self._conn.execute(update(teams).where(teams.c.id == team.id).values(**values))
        await self._replace_members(team)

    async def remove(self, team: Team, *, now: datetime) -> None:
        """Mark the team as deleted and leave it without members."""
        values = {"version": team.version, "deleted_at": now, "updated_at": now}
        await self._conn.execute(update(teams).where(teams.c.id == team.id).values(**values))
        await self._conn.execute(delete(team_members).where(team_members.c.team_id == team.id))

    async def _replace_members(self, team: Team) -> None:
        await self._conn.execute(delete(team_members).where(team_members.c.team_id == team.id))
        if team.member_ids:
            rows = [{"team_id": team.id, "user_id": user_id} for user_id in sorted(team.member_ids)]
            await self._conn.execute(insert(team_members), rows)

    async def _one(self, query: Select[Any], *, lock: bool) -> Team | None:
        return next(iter(await self._all(query.with_for_update() if lock else query)), None)

    async def _all(self, query: Select[Any]) -> list[Team]:
        rows = (await self._conn.execute(query)).mappings().all()
        members = await self._members([row["id"] for row in rows])
        return [_team(row, members[row["id"]]) for row in rows]

    async def _members(self, team_ids: Iterable[UUID]) -> dict[UUID, set[UUID]]:
        query = select(team_members).where(team_members.c.team_id.in_(list(team_ids)))
        found: dict[UUID, set[UUID]] = defaultdict(set)
        for team_id, user_id in await self._conn.execute(query):
            found[team_id].add(user_id)
        return found


def _conditions(wanted: TeamFilter) -> list[Any]:
    same = {teams.c.slug: wanted.slug, teams.c.name: wanted.name}
    conditions: list[Any] = [column == value for column, value in same.items() if value is not None]
    if wanted.member_id is not None:
        theirs = select(team_members.c.team_id).where(team_members.c.user_id == wanted.member_id)
        conditions.append(teams.c.id.in_(theirs))
    return conditions


def _living() -> Select[Any]:
    return select(teams).where(teams.c.deleted_at.is_(None))


def _team(row: RowMapping, members: Iterable[UUID]) -> Team:
    version = row["version"]
    return Team(row["id"], name=row["name"], slug=row["slug"], member_ids=frozenset(members), version=version)
