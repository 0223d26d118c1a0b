"""Making and changing schedules. The past stays as it was, and nobody is moved in the middle of a shift."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from uuid import UUID

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_paging.domain.errors import ConflictError, NameTakenError, NotFoundError, at
from tocsin_paging.domain.override import Duty
from tocsin_paging.domain.policy import TargetKind
from tocsin_paging.domain.rotation import Plan, Rotation, begin, checked, leave, revise
from tocsin_paging.domain.schedule import Schedule
from tocsin_paging.store.policies import PolicyRepository
from tocsin_paging.store.schedules import ScheduleRepository, StoredSchedule
from tocsin_paging.usecases.checks import Check
from tocsin_paging.usecases.references import team_named, user_named
from tocsin_runtime.ids import new_id


@dataclass(frozen=True)
class RotationWish:
    """A rotation as somebody wants it. `participants` are ids or e-mail addresses, in the order of turns."""

    participants: tuple[str, ...]
    weekday: int = 0
    at: time = time(9)
    weeks: int = 1
    effective_from: datetime | None = None


@dataclass(frozen=True)
class ScheduleWish:
    """A schedule as somebody wants it. `team` is an id or a slug. A rotation that is not named is kept."""

    name: str
    zone: str
    team: str | None = None
    rotations: Mapping[Duty, RotationWish] = field(default_factory=dict)


async def create_schedule(uow: UnitOfWork, slug: str, wish: ScheduleWish) -> StoredSchedule:
    """Add a schedule. Its rotations may begin at any time, also in the past: nothing was known before.

    Raises `NameTakenError` when the slug is taken, `InvalidChangeError` for a plan that cannot be.
    """
    schedules = ScheduleRepository(uow.conn)
    if await schedules.with_slug(slug, since=uow.now):
        raise NameTakenError(f"There is a schedule {slug} already. Change that one, or choose another slug.")
    empty = Schedule(new_id(), name=wish.name, slug=slug, zone=wish.zone)
    stored = StoredSchedule(await _wished(uow, empty, wish), team_id=await _team(uow, wish), version=1)
    await schedules.add(stored, now=uow.now)
    uow.announce("on-call")
    return stored


async def change_schedule(uow: UnitOfWork, stored: StoredSchedule, wish: ScheduleWish) -> StoredSchedule:
    """Change the locked schedule; the very same one is returned when nothing differs."""
    after = StoredSchedule(
        await _wished(uow, stored.schedule, wish), team_id=await _team(uow, wish), version=stored.version
    )
    if after == stored:
        return stored
    after = replace(after, version=stored.version + 1)
    await ScheduleRepository(uow.conn).save(after, now=uow.now)
    uow.announce("on-call")
    return after


async def put_schedule(
    uow: UnitOfWork, slug: str, wish: ScheduleWish, *, check: Check | None = None
) -> tuple[StoredSchedule, bool]:
    """Make the schedule with this slug be so, and say whether it was added. Doing it again changes nothing.

    A rotation that is not named ends now. Raises whatever `check` raises.
    """
    stored = await ScheduleRepository(uow.conn).with_slug(slug, since=uow.now, lock=True)
    if check is not None:
        check(stored.version if stored else None)
    if stored is None:
        return await create_schedule(uow, slug, wish), True
    ended = {
        duty: RotationWish(())
        for duty, rotation in stored.schedule.rotations.items()
        if duty not in wish.rotations and rotation.versions[-1].plan.participants
    }
    return await change_schedule(uow, stored, replace(wish, rotations={**wish.rotations, **ended})), False


async def schedule_to_change(uow: UnitOfWork, schedule_id: UUID) -> StoredSchedule:
    """Return the schedule, locked until the commit. Raises `NotFoundError`."""
    stored = await ScheduleRepository(uow.conn).get(schedule_id, since=uow.now, lock=True)
    if stored is None:
        raise NotFoundError(f"There is no schedule {schedule_id}.")
    return stored


async def remove_schedule(uow: UnitOfWork, stored: StoredSchedule) -> None:
    """Remove the locked schedule. Raises `ConflictError` while a policy aims at it."""
    schedule = stored.schedule
    users = await PolicyRepository(uow.conn).aiming_at(TargetKind.SCHEDULE, schedule.id)
    if users:
        names = ", ".join(policy.policy.name for policy in users)
        raise ConflictError(f"These policies page {schedule.name}: {names}. Change them first.")
    await ScheduleRepository(uow.conn).remove(schedule.id, now=uow.now)
    uow.announce("on-call")


async def leave_all_schedules(uow: UnitOfWork, user_id: UUID) -> None:
    """Take somebody out of every rotation from now on, and end the overrides by them and for them."""
    schedules = ScheduleRepository(uow.conn)
    for stored in await schedules.naming(user_id, since=uow.now):
        schedule = stored.schedule
        for override in schedule.overrides:
            if user_id in (override.user_id, override.replaces):
                await schedules.end_override(override, now=uow.now)
        rotations = {
            duty: leave(rotation, user_id, at=uow.now) for duty, rotation in schedule.rotations.items()
        }
        if rotations != schedule.rotations:
            left = replace(schedule, rotations=rotations)
            await schedules.save(replace(stored, schedule=left, version=stored.version + 1), now=uow.now)
    uow.announce("on-call")


async def _wished(uow: UnitOfWork, schedule: Schedule, wish: ScheduleWish) -> Schedule:
    rotations = dict(schedule.rotations)
    for duty, rotation in wish.rotations.items():
        current = rotations.get(duty, Rotation())
        with at(f"/rotations/{duty}"):
            plan = await _plan(uow, rotation, zone=wish.zone)
        rotations[duty] = _revised(current, plan, effective_from=rotation.effective_from, now=uow.now)
    return replace(schedule, name=wish.name, zone=wish.zone, rotations=rotations)


def _revised(current: Rotation, plan: Plan, *, effective_from: datetime | None, now: datetime) -> Rotation:
    """Return the rotation with this plan. One that exists changes from now on at the earliest."""
    if not current.versions:
        return Rotation((begin(plan, effective_from or now),))
    if current.versions[-1].plan == plan:
        return current
    return revise(current, plan, effective_from=max(effective_from or now, now))


async def _plan(uow: UnitOfWork, wish: RotationWish, *, zone: str) -> Plan:
    people = []
    for number, text in enumerate(wish.participants):
        with at(f"/participants/{number}"):
            people.append(await user_named(uow, text))
    plan = Plan(zone, weekday=wish.weekday, at=wish.at, participants=tuple(people), weeks=wish.weeks)
    return checked(plan)


async def _team(uow: UnitOfWork, wish: ScheduleWish) -> UUID | None:
    with at("/team"):
        return await team_named(uow, wish.team) if wish.team else None
