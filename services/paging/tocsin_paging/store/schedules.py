"""Schedules with their rotations and overrides."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, any_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_paging.domain.override import Duty, Override
from tocsin_paging.domain.rotation import Plan, Rotation, RotationVersion
from tocsin_paging.domain.schedule import Schedule
from tocsin_paging.store.tables import overrides, rotation_versions, schedules


@dataclass(frozen=True)
class StoredSchedule:
    """A schedule with what only its owner needs. `version` grows by one with every change."""

    schedule: Schedule
    team_id: UUID | None
    version: int


@dataclass(frozen=True)
class ScheduleFilter:
    """What a list of schedules is cut down to; None means any."""

    slug: str | None = None
    name: str | None = None
    team_id: UUID | None = None
    zone: str | None = None


EVERY_SCHEDULE = ScheduleFilter()


class ScheduleRepository:
    """Reads and writes schedules. `since` leaves out overrides that had ended by then."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def get(self, schedule_id: UUID, *, since: datetime, lock: bool = False) -> StoredSchedule | None:
        """Return the schedule, its row locked if asked; None when there is none or it is deleted."""
        query = _living().where(schedules.c.id == schedule_id)
        found = await self._load(query.with_for_update() if lock else query, since=since)
        return next(iter(found), None)

    async def with_slug(self, slug: str, *, since: datetime, lock: bool = False) -> StoredSchedule | None:
        """Return the schedule with this slug, its row locked if asked."""
        query = _living().where(schedules.c.slug == slug)
        found = await self._load(query.with_for_update() if lock else query, since=since)
        return next(iter(found), None)

    async def many(self, ids: Iterable[UUID], *, since: datetime) -> dict[UUID, Schedule]:
        """Return those of these schedules that exist, by id."""
        wanted = list(ids)
        if not wanted:
            return {}
        found = await self._load(_living().where(schedules.c.id.in_(wanted)), since=since)
        return {stored.schedule.id: stored.schedule for stored in found}

    async def naming(self, user_id: UUID, *, since: datetime) -> list[StoredSchedule]:
        """Return the schedules whose rotations or overrides name this person or ever did, their rows locked."""
        turns = select(rotation_versions.c.schedule_id).where(
            any_(rotation_versions.c.participants) == user_id
        )
        named = (overrides.c.user_id == user_id) | (overrides.c.replaces == user_id)
        covers = select(overrides.c.schedule_id).where(named, overrides.c.ends_at > since)
        mine = schedules.c.id.in_(turns) | schedules.c.id.in_(covers)
        return await self._load(_living().where(mine).order_by(schedules.c.id).with_for_update(), since=since)

    async def listed(
        self,
        wanted: ScheduleFilter = EVERY_SCHEDULE,
        *,
        since: datetime,
        after: UUID | None = None,
        limit: int | None = None,
    ) -> list[StoredSchedule]:
        """Return schedules in the order in which they were made, beginning after `after`; all without a limit."""
        same = [schedules.c[name] == value for name, value in vars(wanted).items() if value is not None]
        query = _living().where(*same).order_by(schedules.c.id).limit(limit)
        return await self._load(query.where(schedules.c.id > after) if after else query, since=since)

    async def add(self, stored: StoredSchedule, *, now: datetime) -> None:
        """Insert a new schedule with its rotations."""
        values = {**_values(stored), "id": stored.schedule.id, "created_at": now, "updated_at": now}
        await self._conn.execute(insert(schedules).values(values))
        await self._save_rotations(stored.schedule)

    async def save(self, stored: StoredSchedule, *, now: datetime) -> None:
        """Write a changed schedule with its rotations. Overrides have methods of their own."""
        mine = schedules.c.id == stored.schedule.id
        await self._conn.execute(update(schedules).where(mine).values({**_values(stored), "updated_at": now}))
        await self._save_rotations(stored.schedule)

    async def remove(self, schedule_id: UUID, *, now: datetime) -> None:
        """Mark the schedule as deleted; who was on call stays known."""
        mine = schedules.c.id == schedule_id
        await self._conn.execute(update(schedules).where(mine).values(deleted_at=now))

    async def override(self, schedule_id: UUID, override_id: UUID) -> Override | None:
        """Return this override of the schedule, also when it has ended; None where the schedule is deleted."""
        living = select(schedules.c.id).where(schedules.c.deleted_at.is_(None))
        mine = (overrides.c.id == override_id) & (overrides.c.schedule_id == schedule_id)
        found = select(overrides).where(mine, overrides.c.schedule_id.in_(living))
        row = (await self._conn.execute(found)).mappings().first()
        return _override(row) if row else None

    async def add_override(self, schedule_id: UUID, override: Override, *, now: datetime) -> None:
        """Insert an override."""
        values = {
            "id": override.id,
            "schedule_id": schedule_id,
            "duty": override.duty,
            "user_id": override.user_id,
            "replaces": override.replaces,
            "starts_at": override.starts_at,
            "ends_at": override.ends_at,
            "created_by": override.created_by,
            "note": override.note,
            "created_at": now,
        }
        await self._conn.execute(insert(overrides).values(values))

    async def end_override(self, override: Override, *, now: datetime) -> None:
        """Take an override back: one that runs ends now, one that has not begun never was."""
        mine = overrides.c.id == override.id
        if override.starts_at < now:
            await self._conn.execute(update(overrides).where(mine).values(ends_at=now))
        else:
            await self._conn.execute(delete(overrides).where(mine))

    async def _load(self, query: Select[Any], *, since: datetime) -> list[StoredSchedule]:
        rows = (await self._conn.execute(query)).mappings().all()
        ids = [row["id"] for row in rows]
        if not ids:
            return []
        rotations = await self._rotations(ids)
        acting = await self._overrides(ids, since=since)
        return [_stored(row, rotations=rotations[row["id"]], acting=acting[row["id"]]) for row in rows]

    async def _rotations(self, ids: Sequence[UUID]) -> dict[UUID, dict[Duty, Rotation]]:
        query = select(rotation_versions).where(rotation_versions.c.schedule_id.in_(ids))
        rows = await self._conn.execute(query.order_by(rotation_versions.c.effective_from))
        found: dict[UUID, dict[Duty, Rotation]] = defaultdict(dict)
        for row in rows.mappings():
            mine, duty = found[row["schedule_id"]], Duty(row["duty"])
            mine[duty] = Rotation((*mine.get(duty, Rotation()).versions, _version(row)))
        return found

    async def _overrides(self, ids: Sequence[UUID], *, since: datetime) -> dict[UUID, list[Override]]:
        acting = select(overrides).where(overrides.c.schedule_id.in_(ids), overrides.c.ends_at > since)
        rows = await self._conn.execute(acting.order_by(overrides.c.created_at, overrides.c.id))
        found: dict[UUID, list[Override]] = defaultdict(list)
        for row in rows.mappings():
            found[row["schedule_id"]].append(_override(row))
        return found

    async def _save_rotations(self, schedule: Schedule) -> None:
        """Write the versions anew: few rows, and those of the past are written as they were."""
        mine = rotation_versions.c.schedule_id == schedule.id
        await self._conn.execute(delete(rotation_versions).where(mine))
        rows = [
            _version_values(schedule.id, duty=duty, version=version)
            for duty, rotation in schedule.rotations.items()
            for version in rotation.versions
        ]
        if rows:
            await self._conn.execute(insert(rotation_versions), rows)


def _living() -> Select[Any]:
    return select(schedules).where(schedules.c.deleted_at.is_(None))


def _values(stored: StoredSchedule) -> dict[str, object]:
    schedule = stored.schedule
    return {
        "slug": schedule.slug,
        "name": schedule.name,
        "zone": schedule.zone,
        "team_id": stored.team_id,
        "version": stored.version,
    }


def _stored(
    row: RowMapping, *, rotations: dict[Duty, Rotation], acting: Sequence[Override]
) -> StoredSchedule:
    schedule = Schedule(
        row["id"],
        name=row["name"],
        slug=row["slug"],
        zone=row["zone"],
        rotations=rotations,
        overrides=tuple(acting),
    )
    return StoredSchedule(schedule, team_id=row["team_id"], version=row["version"])


def _version(row: RowMapping) -> RotationVersion:
    plan = Plan(
        row["zone"],
        weekday=row["weekday"],
        at=row["at"],
        participants=tuple(row["participants"]),
        weeks=row["weeks"],
    )
    return RotationVersion(
        plan, effective_from=row["effective_from"], anchor=row["anchor"], lead=row["lead"], turn=row["turn"]
    )


def _version_values(schedule_id: UUID, *, duty: Duty, version: RotationVersion) -> dict[str, object]:
    plan = version.plan
    return {
        "schedule_id": schedule_id,
        "duty": duty,
        "effective_from": version.effective_from,
        "zone": plan.zone,
        "weekday": plan.weekday,
        "at": plan.at,
        "weeks": plan.weeks,
        "participants": list(plan.participants),
        "anchor": version.anchor,
        "lead": version.lead,
        "turn": version.turn,
    }


def _override(row: RowMapping) -> Override:
    return Override(
        row["id"],
        duty=Duty(row["duty"]),
        user_id=row["user_id"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        replaces=row["replaces"],
        created_by=row["created_by"],
        note=row["note"],
    )
