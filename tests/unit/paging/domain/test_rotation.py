"""Rotations: weekly turns on the wall clock, and changes of plan that leave the past alone."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.paging.domain.zones import PEOPLE, durations, instants, people, plans
from tocsin_paging.domain.errors import InvalidChangeError
from tocsin_paging.domain.rotation import Plan, Rotation, Turn, checked, leave, revise
from tocsin_paging.domain.wall_clock import first_instant

ANA, BO, CY, DEE = PEOPLE[:4]
MONDAY_NINE = Plan("Europe/Berlin", weekday=0, at=time(9), participants=(ANA, BO, CY))
T0 = datetime(2026, 3, 18, 12, tzinfo=UTC)  # a Wednesday


def turns(rotation: Rotation, start: datetime, *, count: int) -> list[Turn]:
    found: list[Turn] = []
    for _ in range(count):
        turn = rotation.turn_at(start)
        assert turn is not None
        found.append(turn)
        start = turn.ends_at
    return found


def test_people_take_turns_and_hand_over_at_nine_in_both_halves_of_the_year() -> None:
    rotation = revise(Rotation(), MONDAY_NINE, effective_from=T0)
    first, second, third, fourth = turns(rotation, T0, count=4)
    assert [turn.person for turn in (first, second, third, fourth)] == [ANA, BO, CY, ANA]
    assert [turn.number for turn in (first, second, third, fourth)] == [1, 2, 3, 4]
    assert first.starts_at == T0
    assert second.starts_at == datetime(2026, 3, 23, 8, tzinfo=UTC)
    assert third.starts_at == datetime(2026, 3, 30, 7, tzinfo=UTC)  # summer time began the day before


def test_nobody_has_a_turn_before_the_beginning() -> None:
    rotation = revise(Rotation(), MONDAY_NINE, effective_from=T0)
    assert rotation.turn_at(T0 - timedelta(seconds=1)) is None


def test_a_plan_without_people_is_a_turn_of_nobody() -> None:
    rotation = revise(Rotation(), Plan("UTC", weekday=0, at=time(9), participants=()), effective_from=T0)
    turn = rotation.turn_at(T0)
    assert turn is not None
    assert turn.person is None


@given(plan=plans, start=instants)
@settings(max_examples=60)
def test_turns_follow_each_other_without_gap_or_overlap_on_the_wall_clock(
    plan: Plan, start: datetime
) -> None:
    rotation = revise(Rotation(), plan, effective_from=start)
    found = turns(rotation, start, count=30)
    zone = ZoneInfo(plan.zone)
    for before, after in pairwise(found):
        assert before.ends_at == after.starts_at
        assert after.number == before.number + 1
        assert before.ends_at > before.starts_at
        inside = before.starts_at + (before.ends_at - before.starts_at) / 2
        assert rotation.turn_at(inside) == before
        local_day = after.starts_at.astimezone(zone).date()
        due = first_instant(datetime.combine(local_day, plan.at), zone)
        assert after.starts_at == due or local_day.weekday() != plan.weekday  # a skipped day ends elsewhere
    order = [turn.person for turn in found]
    assert order == [plan.participants[n % len(plan.participants)] for n in range(len(found))]


@given(plan=plans, others=people, start=instants, later=durations, data=st.data())
@settings(max_examples=60)
def test_a_change_never_changes_the_past_and_moves_nobody_in_mid_shift(
    plan: Plan, others: tuple[UUID, ...], start: datetime, later: timedelta, data: st.DataObject
) -> None:
    before = revise(Rotation(), plan, effective_from=start)
    change = start + later
    current = before.turn_at(change)
    assert current is not None
    new = data.draw(st.permutations(sorted({*plan.participants, *others})))
    after = revise(
        before, Plan(plan.zone, plan.weekday, plan.at, tuple(new), plan.weeks), effective_from=change
    )

    for at in (start, start + later / 3, change - timedelta(seconds=1)):
        then, now = before.turn_at(at), after.turn_at(at)
        assert then is not None
        assert now is not None
        assert (then.person, then.number) == (now.person, now.number)
    kept = after.turn_at(change)
    assert kept is not None
    assert (kept.person, kept.number, kept.ends_at) == (current.person, current.number, current.ends_at)
    following = after.turn_at(kept.ends_at)
    assert following is not None
    assert current.person is not None
    assert following.person == new[(new.index(current.person) + 1) % len(new)]


def test_whoever_leaves_gives_way_to_the_next_of_the_old_order() -> None:
    rotation = revise(Rotation(), MONDAY_NINE, effective_from=T0)
    without = Plan("Europe/Berlin", weekday=0, at=time(9), participants=(CY, DEE, BO))
    after = revise(rotation, without, effective_from=T0 + timedelta(hours=1))
    assert [turn.person for turn in turns(after, T0 + timedelta(hours=1), count=3)] == [BO, CY, DEE]


def test_whoever_is_removed_hands_over_at_once_and_the_past_still_names_them() -> None:
    rotation = revise(Rotation(), MONDAY_NINE, effective_from=T0)
    now = T0 + timedelta(hours=1)
    after = leave(rotation, ANA, at=now)
    before = after.turn_at(T0)
    assert before is not None
    assert (before.person, before.ends_at) == (ANA, now)
    assert [turn.person for turn in turns(after, now, count=3)] == [BO, CY, BO]
    assert leave(rotation, DEE, at=now) is rotation
    assert leave(after, ANA, at=now + timedelta(days=9)) is after


def test_what_is_planned_for_later_goes_on_without_whoever_is_removed() -> None:
    rotation = revise(Rotation(), MONDAY_NINE, effective_from=T0)
    later = T0 + timedelta(days=9)
    planned = revise(rotation, Plan("UTC", 1, time(8), (DEE, ANA, CY)), effective_from=later)
    after = leave(planned, ANA, at=T0 + timedelta(hours=1))
    assert [version.plan.participants for version in after.versions] == [(ANA, BO, CY), (BO, CY), (DEE, CY)]
    assert after.versions[-1].effective_from == later


@given(plan=plans, start=instants, later=durations, data=st.data())
@settings(max_examples=60)
def test_whoever_is_removed_is_never_on_call_again(
    plan: Plan, start: datetime, later: timedelta, data: st.DataObject
) -> None:
    before = revise(Rotation(), plan, effective_from=start)
    gone, now = data.draw(st.sampled_from(plan.participants)), start + later
    after = leave(before, gone, at=now)
    for at in (start, start + later / 3, now - timedelta(seconds=1)):
        then, still = before.turn_at(at), after.turn_at(at)
        assert then is not None
        assert still is not None
        assert (then.person, then.number) == (still.person, still.number)
    coming = [turn.person for turn in turns(after, now, count=8)]
    assert gone not in coming
    assert set(coming) == set(plan.participants) - {gone} or coming == [None] * 8


def test_another_hand_off_keeps_the_person_until_it_comes() -> None:
    rotation = revise(Rotation(), MONDAY_NINE, effective_from=T0)
    friday = Plan("Europe/Berlin", weekday=4, at=time(17), participants=(ANA, BO, CY))
    first, second = turns(revise(rotation, friday, effective_from=T0), T0, count=2)
    assert (first.person, first.ends_at) == (ANA, datetime(2026, 3, 20, 16, tzinfo=UTC))
    assert second.person == BO


def test_a_two_week_turn_is_not_cut_by_a_change_of_people() -> None:
    fortnight = Plan("Europe/Berlin", weekday=0, at=time(9), participants=(ANA, BO), weeks=2)
    rotation = revise(Rotation(), fortnight, effective_from=T0)
    second_week = T0 + timedelta(days=8)
    wider = Plan("Europe/Berlin", weekday=0, at=time(9), participants=(ANA, BO, CY), weeks=2)
    assert (
        revise(rotation, wider, effective_from=second_week).turn_at(second_week + timedelta(days=1))
        is not None
    )
    before, after = rotation.turn_at(second_week), revise(rotation, wider, effective_from=second_week)
    now = after.turn_at(second_week)
    assert before is not None
    assert now is not None
    assert (now.person, now.ends_at) == (before.person, before.ends_at)


def test_a_plan_that_changes_nothing_makes_no_version_and_replaces_what_was_planned() -> None:
    rotation = revise(Rotation(), MONDAY_NINE, effective_from=T0)
    assert revise(rotation, MONDAY_NINE, effective_from=T0 + timedelta(days=1)) == rotation
    planned = revise(rotation, Plan("UTC", 1, time(8), (BO,)), effective_from=T0 + timedelta(days=9))
    assert revise(planned, MONDAY_NINE, effective_from=T0 + timedelta(days=1)) == rotation


@pytest.mark.parametrize(
    "plan",
    [
        Plan("UTC", weekday=7, at=time(9), participants=(ANA,)),
        Plan("UTC", weekday=0, at=time(9), participants=(ANA, ANA)),
        Plan("UTC", weekday=0, at=time(9), participants=(ANA,), weeks=0),
    ],
)
def test_a_plan_that_cannot_be_is_refused(plan: Plan) -> None:
    with pytest.raises(InvalidChangeError):
        checked(plan)
