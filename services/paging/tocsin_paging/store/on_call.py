"""Who is on call, and why: the same resolver for the API, the console and the pager."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_access.directory import Directory
from tocsin_access.entries import User
from tocsin_events.directory import Role
from tocsin_paging.domain.errors import NotFoundError
from tocsin_paging.domain.override import Duty
from tocsin_paging.domain.policy import Policy, Step, Target, TargetKind
from tocsin_paging.domain.references import as_id
from tocsin_paging.domain.schedule import Schedule, shifts, who_is_on_call
from tocsin_paging.domain.targets import Aim, Group, Known, aimed_at
from tocsin_paging.store.policies import PolicyRepository
from tocsin_paging.store.schedules import ScheduleRepository

HORIZON = timedelta(days=90)
FAR_BACK = timedelta(days=35)
NO_POLICY = "administrator, as no escalation policy covers this"
NOBODY_ELSE = "administrator, as nobody of the escalation policy can be reached"


@dataclass(frozen=True)
class Duties:
    """Somebody, or nobody, who has a duty. `why` says the reason in words; the ends are those of the shift."""

    user_id: UUID | None
    reason: str
    why: str
    duty: Duty | None = None
    schedule: Schedule | None = None
    step: int | None = None
    turn: int | None = None
    since: datetime | None = None
    until: datetime | None = None


async def on_call_of_schedule(conn: AsyncConnection, name: str, *, at: datetime) -> list[Duties]:
    """Return who has each duty of a schedule, by id or slug. Raises `NotFoundError`."""
    schedules, schedule_id = ScheduleRepository(conn), as_id(name)
    since = at - FAR_BACK
    if schedule_id:
        stored = await schedules.get(schedule_id, since=since)
    else:
        stored = await schedules.with_slug(name, since=since)
    if stored is None:
        raise NotFoundError(f"There is no schedule {name}.")
    return duties_of(stored.schedule, at=at)


async def on_call_everywhere(
    conn: AsyncConnection, *, at: datetime, after: tuple[UUID, Duty] | None = None, limit: int | None = None
) -> list[Duties]:
    """Return who has each duty of every schedule, in the order in which these were made.

    It begins after this duty of this schedule. With a limit there are that many at least, where there are so many.
    """
    schedules, since = ScheduleRepository(conn), at - FAR_BACK
    last_id = after[0] if after else None
    last = await schedules.get(last_id, since=since) if last_id else None
    found = await schedules.listed(since=since, after=last_id, limit=limit)
    rest = _later(duties_of(last.schedule, at=at), after[1]) if last and after else []
    return rest + [duties for stored in found for duties in duties_of(stored.schedule, at=at)]


async def on_call_of_policy(conn: AsyncConnection, name: str, *, at: datetime) -> list[Duties]:
    """Return whom each step of a policy, by id or slug, would page at `at`. Raises `NotFoundError`."""
    policies, policy_id = PolicyRepository(conn), as_id(name)
    stored = await policies.get(policy_id) if policy_id else await policies.with_slug(name)
    if stored is None:
        raise NotFoundError(f"There is no escalation policy {name}.")
    return await _of_steps(conn, stored.policy, at=at)


async def on_call_of_service(conn: AsyncConnection, name: str, *, at: datetime) -> list[Duties]:
    """Return whom an incident of a service, by id, slug, name or alias, would page. Raises `NotFoundError`."""
    directory, service_id = Directory(conn), as_id(name)
    service = await directory.service(service_id) if service_id else await directory.service_named(name)
    if service is None:
        raise NotFoundError(f"There is no service {name}.")
    policies = PolicyRepository(conn)
    stored = None
    if service.escalation_policy_id:
        stored = await policies.get(service.escalation_policy_id)
    stored = stored or await policies.default()
    return await _of_steps(conn, stored.policy, at=at) if stored else await _last_resort(conn)


async def administrators_of(conn: AsyncConnection) -> list[User]:
    """Return everybody who may configure Tocsin, by name."""
    return [user for user in await Directory(conn).users() if user.role == Role.ADMIN]


def duties_of(schedule: Schedule, *, at: datetime) -> list[Duties]:
    """Return who has each duty that the schedule has, primary first."""
    named = {override.duty for override in schedule.overrides} | set(schedule.rotations)
    return [_duties(schedule, duty=duty, at=at) for duty in Duty if duty in named or duty == Duty.PRIMARY]


def _later(found: list[Duties], duty: Duty) -> list[Duties]:
    order = list(Duty)
    return [duties for duties in found if duties.duty and order.index(duties.duty) > order.index(duty)]


async def known_targets(conn: AsyncConnection, steps: Iterable[Step], *, since: datetime) -> Known:
    """Return the schedules and teams at which these steps aim, with the overrides that act at `since` or later."""
    targets = [target for step in steps for target in step.targets]
    wanted = [target.id for target in targets if target.kind == TargetKind.SCHEDULE]
    schedules = await ScheduleRepository(conn).many(wanted, since=since)
    directory, teams = Directory(conn), dict[UUID, Group]()
    for target in targets:
        if target.kind == TargetKind.TEAM and (team := await directory.team(target.id)):
            teams[team.id] = Group(team.name, members=team.member_ids)
    return Known(schedules, teams=teams)


async def _last_resort(conn: AsyncConnection) -> list[Duties]:
    found = await administrators_of(conn)
    if not found:
        raise NotFoundError(
            "This service names no escalation policy, none is the default, and nobody is admin."
        )
    return [Duties(user.id, reason="no_policy", why=NO_POLICY, step=1) for user in found]


async def _of_steps(conn: AsyncConnection, policy: Policy, *, at: datetime) -> list[Duties]:
    known = await known_targets(conn, policy.steps, since=at - FAR_BACK)
    found = []
    for number, step in enumerate(policy.steps, start=1):
        found += [_aimed(aim, known, step=number, at=at) for aim in aimed_at(step, known, at=at)]
        found += [
            _nobody(target, known, step=number, at=at)
            for target in step.targets
            if _is_gap(target, known, at)
        ]
    if any(duties.user_id for duties in found):
        return found
    last = len(policy.steps)
    admins = await administrators_of(conn)
    return [*found, *(Duties(user.id, reason="nobody_else", why=NOBODY_ELSE, step=last) for user in admins)]


def _aimed(aim: Aim, known: Known, *, step: int, at: datetime) -> Duties:
    schedule, on_call = known.schedules.get(aim.target.id), aim.on_call
    if schedule is None or on_call is None:
        return Duties(aim.user_id, reason=aim.target.kind.value, why=aim.why, step=step)
    since, until = _ends(schedule, duty=on_call.duty, at=at)
    return Duties(
        aim.user_id,
        reason=on_call.why.value,
        why=aim.why,
        duty=aim.target.duty,
        schedule=schedule,
        step=step,
        turn=on_call.turn,
        since=since,
        until=until,
    )


def _is_gap(target: Target, known: Known, at: datetime) -> bool:
    return target.kind == TargetKind.SCHEDULE and not aimed_at(Step((target,), timedelta()), known, at=at)


def _nobody(target: Target, known: Known, *, step: int, at: datetime) -> Duties:
    schedule, duty = known.schedules.get(target.id), target.duty or Duty.PRIMARY
    if schedule is None:
        return Duties(None, reason="deleted", why="the schedule was deleted", duty=duty, step=step)
    on_call = who_is_on_call(schedule, at, duty=duty)
    return Duties(
        None, reason=on_call.why.value, why=on_call.explain(), duty=duty, schedule=schedule, step=step
    )


def _duties(schedule: Schedule, *, duty: Duty, at: datetime) -> Duties:
    on_call = who_is_on_call(schedule, at, duty=duty)
    since, until = _ends(schedule, duty=duty, at=at)
    return Duties(
        on_call.user_id,
        reason=on_call.why.value,
        why=on_call.explain(),
        duty=duty,
        schedule=schedule,
        turn=on_call.turn,
        since=since,
        until=until,
    )


def _ends(schedule: Schedule, *, duty: Duty, at: datetime) -> tuple[datetime | None, datetime | None]:
    """Return when the shift at `at` begins and ends; None where that is further off than we look."""
    around = shifts(schedule, at - FAR_BACK, end=at + HORIZON, duty=duty)
    shift = next(shift for shift in around if shift.starts_at <= at < shift.ends_at)
    since = None if shift is around[0] else shift.starts_at
    return since, None if shift is around[-1] else shift.ends_at
