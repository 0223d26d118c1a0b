"""A rotation: people who take turns, week by week, with a hand-off on the wall clock of their zone.

A rotation is a list of versions. Each change makes a new one with the instant from which it counts, so an
edit never alters who was on call before it.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from tocsin_paging.domain.errors import InvalidChangeError
from tocsin_paging.domain.wall_clock import first_instant

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Plan:
    """What people agree on: who, in which order, and when one hands over to the next.

    `weekday` is 0 for Monday; `at` is a local time of `zone` (an IANA name); a turn lasts `weeks` weeks.
    """

    zone: str
    weekday: int
    at: time
    participants: tuple[UUID, ...]
    weeks: int = 1


@dataclass(frozen=True)
class RotationVersion:
    """A plan with the instant from which it counts and the turn that was running then.

    `anchor` is the local date on which turn number `turn` began; `lead` is the index of the person whose turn
    it is.
    """

    plan: Plan
    effective_from: datetime
    anchor: date
    lead: int = 0
    turn: int = 1

    @property
    def tz(self) -> ZoneInfo:
        """The zone in which hand-offs happen."""
        return ZoneInfo(self.plan.zone)

    def starts_at(self, index: int) -> datetime:
        """Return the instant at which the turn `index` turns after the anchor's begins (UTC)."""
        day = self.anchor + index * self.plan.weeks * 7 * DAY
        return first_instant(datetime.combine(day, self.plan.at), self.tz)

    def index_at(self, at: datetime) -> int:
        """Return how many hand-offs lie between the anchor and `at`."""
        days = (at.astimezone(self.tz).date() - self.anchor).days
        index = days // (7 * self.plan.weeks)
        while self.starts_at(index) > at:
            index -= 1
        while self.starts_at(index + 1) <= at:
            index += 1
        return index

    def person(self, index: int) -> UUID | None:
        """Return whose turn it is, or None when nobody takes part."""
        people = self.plan.participants
        return people[(self.lead + index) % len(people)] if people else None


@dataclass(frozen=True)
class Turn:
    """One person's turn: from one hand-off (or change of plan) to the next. `number` counts from 1."""

    person: UUID | None
    number: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Rotation:
    """The versions of one rotation, oldest first."""

    versions: tuple[RotationVersion, ...] = ()

    def version_at(self, at: datetime) -> RotationVersion | None:
        """Return the version in force, or None before the first one."""
        position = bisect_right(self.versions, at, key=lambda version: version.effective_from)
        return self.versions[position - 1] if position else None

    def turn_at(self, at: datetime) -> Turn | None:
        """Return the turn that covers `at`, or None before the first version."""
        position = bisect_right(self.versions, at, key=lambda version: version.effective_from)
        if not position:
            return None
        version = self.versions[position - 1]
        index = version.index_at(at)
        ends_at = version.starts_at(index + 1)
        if position < len(self.versions):
            ends_at = min(ends_at, self.versions[position].effective_from)
        return Turn(
            person=version.person(index),
            number=version.turn + index,
            starts_at=max(version.starts_at(index), version.effective_from),
            ends_at=ends_at,
        )


def begin(plan: Plan, effective_from: datetime) -> RotationVersion:
    """Return the first version of a rotation: the first participant is on call from `effective_from`."""
    return RotationVersion(plan, effective_from=effective_from, anchor=_last_handoff(plan, effective_from))


def revise(rotation: Rotation, plan: Plan, *, effective_from: datetime) -> Rotation:
    """Return the rotation with a new plan from `effective_from` on; what was before it stays as it was.

    Whoever is on call then stays until the next hand-off, unless the plan no longer names them; the order
    goes on from them. Versions that were planned for later are replaced. A plan that changes nothing makes no
    version.
    """
    kept = tuple(version for version in rotation.versions if version.effective_from < effective_from)
    if not kept:
        return Rotation((begin(plan, effective_from),))
    if kept[-1].plan == plan:
        return Rotation(kept)
    return Rotation((*kept, _follow(kept[-1], plan, effective_from=effective_from)))


def leave(rotation: Rotation, person: UUID, *, at: datetime) -> Rotation:
    """Return the rotation without this person from `at` on: their turn goes to whoever is next, at once.

    What was before stays as it was, and so do changes that were planned for later, without them. Who is not in it
    leaves the very same rotation behind.
    """
    position = bisect_right(rotation.versions, at, key=lambda version: version.effective_from)
    in_force = max(position - 1, 0)
    if all(person not in version.plan.participants for version in rotation.versions[in_force:]):
        return rotation
    left = Rotation(rotation.versions[:in_force])
    for version in rotation.versions[in_force:]:
        began, plan = version.effective_from, version.plan
        if began < at:
            left = Rotation((*left.versions, version))
        remaining = tuple(other for other in plan.participants if other != person)
        left = revise(left, replace(plan, participants=remaining), effective_from=max(began, at))
    return left


def _follow(current: RotationVersion, plan: Plan, *, effective_from: datetime) -> RotationVersion:
    index = current.index_at(effective_from)
    anchor = current.anchor + index * current.plan.weeks * 7 * DAY
    if _handoff(plan) != _handoff(current.plan):
        anchor = _last_handoff(plan, effective_from)
    return RotationVersion(
        plan,
        effective_from=effective_from,
        anchor=anchor,
        lead=_lead(current, index=index, participants=plan.participants),
        turn=current.turn + index,
    )


def _lead(current: RotationVersion, *, index: int, participants: Sequence[UUID]) -> int:
    """Find who leads the new order: the person on call, else the next of the old order who is still in it."""
    for ahead in range(len(current.plan.participants)):
        person = current.person(index + ahead)
        if person in participants:
            return participants.index(person)
    return 0


def _handoff(plan: Plan) -> tuple[str, int, time, int]:
    return plan.zone, plan.weekday, plan.at, plan.weeks


def _last_handoff(plan: Plan, at: datetime) -> date:
    """Return the local date of the last hand-off at or before `at`."""
    zone = ZoneInfo(plan.zone)
    today = at.astimezone(zone).date()
    day = today - ((today.weekday() - plan.weekday) % 7) * DAY
    while first_instant(datetime.combine(day, plan.at), zone) > at:
        day -= 7 * DAY
    return day


def checked(plan: Plan) -> Plan:
    """Return the plan, or raise `InvalidChangeError` naming what no rotation can be."""
    if not 0 <= plan.weekday <= 6:
        raise InvalidChangeError(
            "The hand-off weekday is a day from monday to sunday.", pointer="/handoff_day"
        )
    if not 1 <= plan.weeks <= 52:
        raise InvalidChangeError("A turn lasts from 1 to 52 weeks.", pointer="/weeks")
    if len(set(plan.participants)) != len(plan.participants):
        detail = "Each person takes part once in a rotation; order them as they take turns."
        raise InvalidChangeError(detail, pointer="/participants")
    return replace(plan, at=plan.at.replace(tzinfo=None, microsecond=0))
