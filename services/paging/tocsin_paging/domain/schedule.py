"""Who is on call at T, and why: the one resolver that pages, pages of the console and the API all ask."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

from tocsin_paging.domain.override import Duty, Override, overridden
from tocsin_paging.domain.rotation import Rotation


class Why(StrEnum):
    """The reason why somebody, or nobody, is on call."""

    ROTATION = "rotation"
    OVERRIDE = "override"
    NOT_STARTED = "not_started"
    NOBODY_IN_ROTATION = "nobody_in_rotation"


@dataclass(frozen=True)
class Schedule:
    """The rotations of a schedule by duty, and its overrides in the order in which they were made."""

    id: UUID
    name: str
    slug: str
    zone: str
    rotations: Mapping[Duty, Rotation] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()

    def overrides_of(self, duty: Duty) -> tuple[Override, ...]:
        """Return the overrides that act on this duty."""
        return tuple(override for override in self.overrides if override.duty == duty)


@dataclass(frozen=True)
class OnCall:
    """Who has a duty at an instant, and why. `turn` is the number of the rotation's turn."""

    duty: Duty
    user_id: UUID | None
    why: Why
    turn: int | None = None
    override: Override | None = None

    def explain(self) -> str:
        """Say the reason in words, for a page's text and for the reader of a schedule."""
        if self.override:
            by = f" made by {self.override.created_by}" if self.override.created_by else ""
            return f"override{by}"
        if self.why == Why.ROTATION:
            return f"turn {self.turn} of the {self.duty} rotation"
        return (
            "the rotation has not started yet" if self.why == Why.NOT_STARTED else "nobody is in the rotation"
        )


@dataclass(frozen=True)
class Shift:
    """A stretch of time during which the answer to "who is on call" does not change; the end is excluded."""

    starts_at: datetime
    ends_at: datetime
    on_call: OnCall


def who_is_on_call(schedule: Schedule, at: datetime, *, duty: Duty = Duty.PRIMARY) -> OnCall:
    """Say who has `duty` at `at` and why. Overrides lie over the rotation."""
    base = _by_rotation(schedule.rotations.get(duty, Rotation()), duty=duty, at=at)
    override = overridden(base.user_id, schedule.overrides_of(duty), at=at)
    if override is None:
        return base
    return replace(base, user_id=override.user_id, why=Why.OVERRIDE, override=override)


def shifts(schedule: Schedule, start: datetime, *, end: datetime, duty: Duty = Duty.PRIMARY) -> list[Shift]:
    """Cut `start`..`end` into shifts without gap or overlap; a gap in cover is a shift of nobody."""
    cuts = sorted({start, end, *_changes(schedule, start, end=end, duty=duty)})
    found: list[Shift] = []
    for begins, ends in pairwise(cuts):
        on_call = who_is_on_call(schedule, begins, duty=duty)
        if found and found[-1].on_call == on_call:
            found[-1] = replace(found[-1], ends_at=ends)
        else:
            found.append(Shift(begins, ends_at=ends, on_call=on_call))
    return found


def _by_rotation(rotation: Rotation, *, duty: Duty, at: datetime) -> OnCall:
    turn = rotation.turn_at(at)
    if turn is None:
        why = Why.NOT_STARTED if rotation.versions else Why.NOBODY_IN_ROTATION
        return OnCall(duty, user_id=None, why=why)
    if turn.person is None:
        return OnCall(duty, user_id=None, why=Why.NOBODY_IN_ROTATION)
    return OnCall(duty, user_id=turn.person, why=Why.ROTATION, turn=turn.number)


def _changes(schedule: Schedule, start: datetime, *, end: datetime, duty: Duty) -> Iterator[datetime]:
    """Yield each instant between start and end at which the answer may change."""
    for override in schedule.overrides_of(duty):
        yield from (edge for edge in (override.starts_at, override.ends_at) if start < edge < end)
    rotation = schedule.rotations.get(duty, Rotation())
    yield from (
        version.effective_from for version in rotation.versions if start < version.effective_from < end
    )
    for version in rotation.versions:
        at = max(start, version.effective_from)
        while at < end and (turn := rotation.turn_at(at)) and rotation.version_at(at) is version:
            at = turn.ends_at
            yield min(at, end)
