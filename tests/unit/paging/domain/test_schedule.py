"""The one resolver: each minute, the list of shifts and the answer to "who is on call" agree."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.paging.domain.zones import PEOPLE, durations, instants, plans
from tocsin_paging.domain.override import Duty, Override
from tocsin_paging.domain.rotation import Plan, Rotation, revise
from tocsin_paging.domain.schedule import Schedule, Shift, Why, shifts, who_is_on_call
from tocsin_runtime.ids import new_id

ANA, BO, CY = PEOPLE[:3]
T0 = datetime(2026, 3, 18, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEKLY = revise(Rotation(), Plan("Europe/Berlin", 0, time(9), (ANA, BO)), effective_from=T0)


def schedule(*overrides: Override, rotation: Rotation = WEEKLY, duty: Duty = Duty.PRIMARY) -> Schedule:
    return Schedule(
        new_id(), "Core", "core", "Europe/Berlin", rotations={duty: rotation}, overrides=overrides
    )


def override(user: int, start: datetime, *, hours: float = 1, replaces: int | None = None) -> Override:
    return Override(
        new_id(),
        Duty.PRIMARY,
        PEOPLE[user],
        start,
        start + hours * HOUR,
        replaces=None if replaces is None else PEOPLE[replaces],
        created_by="Ana",
    )


def test_the_answer_says_why() -> None:
    at = T0 + HOUR
    plain = who_is_on_call(schedule(), at)
    assert (plain.user_id, plain.why, plain.explain()) == (
        ANA,
        Why.ROTATION,
        "turn 1 of the primary rotation",
    )
    taken = who_is_on_call(schedule(override(2, T0)), T0)
    assert (taken.user_id, taken.explain()) == (CY, "override made by Ana")
    early = who_is_on_call(schedule(), T0 - HOUR)
    assert (early.user_id, early.explain()) == (None, "the rotation has not started yet")
    nobody = who_is_on_call(schedule(), at, duty=Duty.SECONDARY)
    assert (nobody.user_id, nobody.why) == (None, Why.NOBODY_IN_ROTATION)


def test_an_override_of_one_person_acts_only_while_they_would_be_on_call() -> None:
    handoff = datetime(2026, 3, 23, 8, tzinfo=UTC)
    found = schedule(override(2, handoff - HOUR, hours=2, replaces=0))
    assert who_is_on_call(found, handoff - HOUR / 2).user_id == CY
    assert who_is_on_call(found, handoff).user_id == BO


def test_a_later_override_lies_over_an_earlier_one_and_may_replace_its_person() -> None:
    found = schedule(override(2, T0, hours=3), override(3, T0 + HOUR, hours=1, replaces=2))
    people = [shift.on_call.user_id for shift in shifts(found, T0, end=T0 + 4 * HOUR)]
    assert people == [CY, PEOPLE[3], CY, ANA]


def test_an_override_covers_a_time_without_rotation() -> None:
    found = schedule(override(1, T0 - 3 * HOUR))
    spans = shifts(found, T0 - 4 * HOUR, end=T0 + HOUR)
    assert [span.on_call.user_id for span in spans] == [None, BO, None, ANA]


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Schedule, datetime]:
    start = draw(instants)
    rotation = revise(Rotation(), draw(plans), effective_from=start)
    for _ in range(draw(st.integers(0, 2))):
        rotation = revise(rotation, draw(plans), effective_from=start + draw(durations))
    overrides = tuple(
        override(
            draw(st.integers(0, 4)),
            start + draw(durations) - timedelta(days=2),
            hours=draw(st.integers(1, 60)),
            replaces=draw(st.none() | st.integers(0, 4)),
        )
        for _ in range(draw(st.integers(0, 3)))
    )
    return schedule(*overrides, rotation=rotation), start


def instants_of(span: Shift) -> Iterator[datetime]:
    """Each minute of the first and the last hour, where mistakes live, and some of those between."""
    total = (span.ends_at - span.starts_at) // timedelta(minutes=1)
    for minute in range(total):
        if minute < 60 or minute >= total - 60 or minute % 29 == 0:
            yield span.starts_at + timedelta(minutes=minute)


@given(drawn=schedules())
@settings(max_examples=25, deadline=None)
def test_shifts_and_the_resolver_agree_each_minute(drawn: tuple[Schedule, datetime]) -> None:
    found, start = drawn
    begin, end = start - timedelta(hours=7), start + timedelta(days=9)
    spans = shifts(found, begin, end=end)
    assert (spans[0].starts_at, spans[-1].ends_at) == (begin, end)
    assert all(a.ends_at == b.starts_at for a, b in pairwise(spans))
    assert all(a.on_call != b.on_call for a, b in pairwise(spans))
    for span in spans:
        for at in instants_of(span):
            assert who_is_on_call(found, at) == span.on_call


def test_no_shift_in_an_empty_stretch() -> None:
    assert shifts(schedule(), T0, end=T0) == []


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
        ("America/Santiago", datetime(2026, 4, 5, 3, tzinfo=UTC)),
        ("America/Santiago", datetime(2026, 9, 6, 4, tzinfo=UTC)),
    ],
)
def test_each_minute_of_the_weeks_in_which_the_clocks_change_is_covered_once(
    zone: str, change: datetime
) -> None:
    local = change.astimezone(ZoneInfo(zone))
    start = change - timedelta(days=8)
    for handoff in (time(0), time(2, 15), time(9)):  # inside, around and away from the change
        plan = Plan(zone, local.weekday(), handoff, PEOPLE[:3])
        found = schedule(rotation=revise(Rotation(), plan, effective_from=start))
        order = [shift.on_call.user_id for shift in shifts(found, start, end=change + timedelta(days=8))]
        assert None not in order
        assert order == [PEOPLE[n % 3] for n in range(len(order))]
        hours = {start + timedelta(hours=hour) for hour in range(16 * 24)}
        around = {change + timedelta(minutes=minute) for minute in range(-180, 180)}
        assert all(who_is_on_call(found, at).user_id for at in hours | around)
