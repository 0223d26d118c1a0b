"""Escalations climb their policy, stop for an answer, and never stop by accident."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tests.unit.paging.domain.zones import PEOPLE
from tocsin_paging.domain.escalation import (
    Decision,
    Escalation,
    Reason,
    Recipient,
    State,
    acknowledge,
    advance,
    all_channels_failed,
    expire,
    extend,
    raised,
    reopen,
    resolve,
    started,
)
from tocsin_paging.domain.policy import Policy, Step

INCIDENT = UUID(int=42)
T0 = datetime(2026, 11, 24, 3, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ANA, BO = (
    Recipient(user, name, why="test", contacts=(user,))
    for user, name in zip(PEOPLE, ("ana", "bo"), strict=False)
)
MUTE = Recipient(PEOPLE[2], "mute", why="test")
ROSTER: dict[int, tuple[Recipient, ...]] = {1: (ANA,), 2: (BO,)}


def policy(steps: int = 2, *, repeats: int = 0, ack_timeout: timedelta | None = 30 * MINUTE) -> Policy:
    return Policy(
        UUID(int=7), "Core", tuple(Step((), 5 * MINUTE) for _ in range(steps)), repeats, ack_timeout
    )


def fresh(steps: int = 2, *, repeats: int = 0) -> Escalation:
    return started(INCIDENT, policy(steps, repeats=repeats), at=T0)


def fired(steps: int = 2, *, repeats: int = 0) -> Escalation:
    return advance(fresh(steps, repeats=repeats), ROSTER, now=T0).after


def play(
    state: Escalation, roster: dict[int, tuple[Recipient, ...]], *, minutes: int
) -> list[tuple[int, str]]:
    told: list[tuple[int, str]] = []
    for minute in range(minutes):
        decision = advance(state, roster, now=T0 + minute * MINUTE)
        state = decision.after
        told += [(minute, recipient.name) for recipient in decision.pages]
        told += [(minute, f"step {step.step} {step.reason}") for step in decision.unreached]
        told += [(minute, "exhausted")] if decision.reason == Reason.EXHAUSTED else []
    return told


def test_an_unanswered_incident_climbs_its_policy_and_then_gives_up() -> None:
    assert play(fresh(), ROSTER, minutes=16) == [(0, "ana"), (5, "bo"), (10, "exhausted")]


def test_it_repeats_as_often_as_the_policy_says() -> None:
    told = play(fresh(repeats=1), ROSTER, minutes=30)
    assert told == [(0, "ana"), (5, "bo"), (10, "ana"), (15, "bo"), (20, "exhausted")]


def test_a_step_that_reaches_nobody_is_recorded_and_gives_way_at_once() -> None:
    told = play(fresh(3), {1: (), 2: (MUTE,), 3: (ANA,)}, minutes=1)
    assert told == [(0, "ana"), (0, "step 1 nobody_on_call"), (0, "step 2 no_contact_method")]


def test_a_round_that_reaches_nobody_waits_before_the_next_so_that_a_gap_can_close() -> None:
    assert play(fresh(repeats=1), {}, minutes=12) == [
        (0, "step 1 nobody_on_call"),
        (0, "step 2 nobody_on_call"),
        (5, "step 1 nobody_on_call"),
        (5, "step 2 nobody_on_call"),
        (10, "exhausted"),
    ]


def test_a_round_that_reaches_nobody_pages_administrators_and_says_so() -> None:
    decision = advance(fresh(3), {1: (), 2: (MUTE,), 3: ()}, now=T0, administrators=(MUTE, BO))
    assert (decision.reason, decision.pages) == (Reason.ADMINISTRATORS, (BO,))
    assert [step.step for step in decision.unreached] == [1, 2, 3]
    assert decision.after.next_at == T0 + 5 * MINUTE


def test_administrators_are_left_alone_where_an_earlier_step_reached_somebody() -> None:
    decision = advance(fired(), {1: (ANA,), 2: ()}, now=T0 + 5 * MINUTE, administrators=(BO,))
    assert (decision.reason, decision.pages) == (Reason.NOBODY, ())


def test_due_times_do_not_drift_when_the_worker_is_late() -> None:
    assert advance(fresh(), ROSTER, now=T0 + 2 * MINUTE).after.next_at == T0 + 5 * MINUTE


def test_after_an_outage_it_fires_once_and_leaves_people_time_to_answer() -> None:
    late = T0 + 60 * MINUTE
    decision = advance(fresh(), ROSTER, now=late)
    assert (decision.pages, decision.after.next_at) == ((ANA,), late + 5 * MINUTE)


def test_nothing_fires_early() -> None:
    early = advance(fired(), ROSTER, now=T0 + 4 * MINUTE)
    assert early == Decision(fired(), Reason.NOT_DUE)


def test_an_answer_stops_everything_until_it_expires() -> None:
    decision = acknowledge(fired(), ANA.user_id, at=T0 + MINUTE)
    assert decision.reason == Reason.ACKNOWLEDGED
    after = decision.after
    assert (after.state, after.next_at, after.ack_expires_at) == (State.ACKNOWLEDGED, None, T0 + 31 * MINUTE)
    assert after.generation > fired().generation
    assert advance(after, ROSTER, now=T0 + 20 * MINUTE).reason == Reason.NOT_DUE
    assert acknowledge(after, BO.user_id, at=T0 + 2 * MINUTE) == Decision(after, Reason.ALREADY_ACKNOWLEDGED)


def test_silence_after_an_answer_runs_the_policy_again_in_a_new_round() -> None:
    acknowledged = acknowledge(fired(repeats=1), ANA.user_id, at=T0).after
    assert expire(acknowledged, now=T0 + 29 * MINUTE).reason == Reason.NOT_DUE
    again = expire(acknowledged, now=T0 + 30 * MINUTE + timedelta(seconds=1))
    assert again.reason == Reason.EXPIRED
    assert (again.after.step, again.after.round, again.after.last_round) == (0, 2, 3)
    assert again.after.next_at == T0 + 30 * MINUTE
    assert advance(again.after, ROSTER, now=T0 + 31 * MINUTE).pages == (ANA,)


def test_activity_keeps_an_acknowledgement_alive() -> None:
    acknowledged = acknowledge(fired(), ANA.user_id, at=T0).after
    active = extend(acknowledged, at=T0 + 20 * MINUTE)
    assert active.after.ack_expires_at == T0 + 50 * MINUTE
    assert active.after.generation > acknowledged.generation
    assert extend(fired(), at=T0).reason == Reason.NOT_DUE


def test_without_a_timeout_an_acknowledgement_never_expires() -> None:
    current = replace(fired(), policy=policy(ack_timeout=None))
    acknowledged = acknowledge(current, ANA.user_id, at=T0).after
    assert acknowledged.ack_expires_at is None
    assert expire(acknowledged, now=T0 + timedelta(days=30)).reason == Reason.NOT_DUE


def test_resolve_beats_an_answer_and_an_answer_never_undoes_it() -> None:
    resolved = resolve(acknowledge(fired(), ANA.user_id, at=T0).after).after
    assert (resolved.state, resolved.next_at, resolved.ack_expires_at) == (State.RESOLVED, None, None)
    assert acknowledge(resolved, BO.user_id, at=T0) == Decision(resolved, Reason.ALREADY_RESOLVED)
    assert advance(resolved, ROSTER, now=T0 + timedelta(days=1)).reason == Reason.NOT_DUE
    assert resolve(resolved).reason == Reason.ALREADY_RESOLVED


def test_a_reopened_incident_starts_again_with_the_policy_of_now() -> None:
    resolved = resolve(fired()).after
    decision = reopen(resolved, policy(1), at=T0 + MINUTE)
    assert (decision.after.round, decision.after.step, decision.after.next_at) == (2, 0, T0 + MINUTE)
    assert len(decision.after.policy.steps) == 1
    assert reopen(fired(), policy(1), at=T0).reason == Reason.NOT_DUE


def test_a_graver_severity_pages_again_from_the_first_step() -> None:
    decision = raised(fired(), at=T0 + MINUTE, by_somebody=True)
    assert (decision.after.step, decision.after.round, decision.after.next_at) == (0, 2, T0 + MINUTE)


@pytest.mark.parametrize(("by_somebody", "reason"), [(True, Reason.NOT_TRIGGERED), (False, Reason.RAISED)])
def test_an_answer_holds_for_a_graver_severity_only_if_a_person_raised_it(
    by_somebody: bool, reason: Reason
) -> None:
    acknowledged = acknowledge(fired(), ANA.user_id, at=T0).after
    assert raised(acknowledged, at=T0 + MINUTE, by_somebody=by_somebody).reason == reason


def test_failed_channels_bring_the_next_step_forward_but_end_no_round() -> None:
    now = T0 + MINUTE
    forward = all_channels_failed(fired(), step=1, round=1, now=now)
    assert (forward.reason, forward.after.next_at) == (Reason.ALL_CHANNELS_FAILED, now)
    second = advance(forward.after, ROSTER, now=now)
    assert (second.pages, second.after.next_at) == ((BO,), now + 5 * MINUTE)
    assert all_channels_failed(second.after, step=2, round=1, now=now).reason == Reason.LAST_STEP
    assert all_channels_failed(second.after, step=1, round=1, now=now).reason == Reason.NOT_DUE


def test_an_exhausted_escalation_stays_triggered_and_can_still_be_answered() -> None:
    state = fired(1)
    state = advance(state, ROSTER, now=T0 + 5 * MINUTE).after
    assert state.exhausted
    assert acknowledge(state, ANA.user_id, at=T0 + MINUTE).reason == Reason.ACKNOWLEDGED
