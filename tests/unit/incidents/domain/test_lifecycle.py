from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.unit.incidents.domain.builders import ANA, BO, MINUTE, T0, incident
from tocsin_incidents.domain.errors import NotAllowed
from tocsin_incidents.domain.incident import Actor, Incident, Status
from tocsin_incidents.domain.lifecycle import (
    TRANSITIONS,
    Decision,
    Fact,
    acknowledge,
    advance,
    assign,
    change_severity,
    close,
    expire_acknowledgement,
    pass_deadline,
    reopen,
    resolve,
    skips_acknowledgement,
)
from tocsin_incidents.domain.rules import Rules
from tocsin_incidents.domain.severity import RESPONSE_LIMITS, Severity

ANA_ACTS, BO_ACTS = Actor(ANA, "Ana"), Actor(BO, "Bo")


def test_the_first_acknowledgement_counts_and_the_second_changes_nothing() -> None:
    first = acknowledge(incident(), ANA_ACTS, now=T0 + MINUTE)
    second = acknowledge(first.after, BO_ACTS, now=T0 + 2 * MINUTE)

    assert (first.fact, first.after.status) == (Fact.ACKNOWLEDGED, Status.ACKNOWLEDGED)
    assert first.after.acknowledged_at == T0 + MINUTE
    assert second == Decision(first.after, "already_acknowledged")
    assert second.after.assignee_id == ANA


def test_an_expired_acknowledgement_may_be_given_again_by_another() -> None:
    taken = acknowledge(incident(), ANA_ACTS, now=T0).after
    again = acknowledge(expire_acknowledgement(taken), BO_ACTS, now=T0 + 30 * MINUTE)

    assert (again.reason, again.fact) == ("acknowledged_again", Fact.ACKNOWLEDGED)
    assert again.after.assignee_id == BO
    assert again.after.acknowledged_at == T0, "the time to acknowledge is that of the first"


def test_an_expired_acknowledgement_is_none_any_more_and_work_goes_on() -> None:
    taken = acknowledge(incident(), ANA_ACTS, now=T0).after
    expired = expire_acknowledgement(taken)
    working = expire_acknowledgement(replace(taken, status=Status.INVESTIGATING))

    assert (expired.status, expired.acknowledged_at) == (Status.DETECTED, T0)
    assert (working.status, working.acknowledgement_expired) == (Status.INVESTIGATING, True)
    assert acknowledge(expired, BO_ACTS, now=T0 + 30 * MINUTE).after.status is Status.ACKNOWLEDGED


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED])
def test_acknowledging_what_is_over_is_a_no_op_that_says_so(status: Status) -> None:
    times = dict.fromkeys(("acknowledged_at", "mitigated_at", "resolved_at", "overdue_at"), T0)
    over = incident(status=Status.RESOLVED, **times)
    again = reopen(over, Rules(), now=T0 + 90 * MINUTE, reason="alert_fired_again").after

    assert (again.status, again.started_at) == (Status.DETECTED, T0 + 90 * MINUTE)
    assert again.response_due_at == T0 + 150 * MINUTE
    assert (again.acknowledged_at, again.mitigated_at, again.resolved_at, again.overdue_at) == (None,) * 4


def test_a_failed_mitigation_goes_back_to_investigating_and_stays_acknowledged() -> None:
    mitigated = incident(status=Status.MITIGATED, acknowledged_at=T0, mitigated_at=T0)
    back = reopen(mitigated, Rules(), now=T0, reason="it came back")

    assert (back.reason, back.fact) == ("mitigation_failed", Fact.STATUS_CHANGED)
    assert (back.after.status, back.after.mitigated_at) == (Status.INVESTIGATING, None)
    assert back.after.acknowledged_at == T0


def test_only_what_is_resolved_can_be_closed() -> None:
    with pytest.raises(NotAllowed):
        close(incident(), now=T0)
    assert close(incident(status=Status.RESOLVED), now=T0).after.closed_at == T0


def test_a_closed_incident_is_left_as_it_is() -> None:
    closed = incident(status=Status.CLOSED)
    with pytest.raises(NotAllowed, match="Reopen"):
        assign(closed, ANA)
    with pytest.raises(NotAllowed, match="Reopen"):
        change_severity(closed, Severity.SEV1, limits=RESPONSE_LIMITS, now=T0, reason="")


def severity_changed(before: Incident, to: Severity, *, minute: int) -> Incident:
    now = T0 + minute * MINUTE
    return change_severity(before, to, limits=RESPONSE_LIMITS, now=now, reason="all users").after


def test_a_graver_severity_brings_the_deadline_nearer_from_now() -> None:
    assert severity_changed(incident(), Severity.SEV1, minute=30).response_due_at == T0 + 35 * MINUTE


def test_a_graver_severity_never_moves_the_deadline_away() -> None:
    assert severity_changed(incident(), Severity.SEV1, minute=58).response_due_at == T0 + 60 * MINUTE


def test_a_milder_severity_counts_from_the_start_and_forgives_a_missed_deadline() -> None:
    missed = incident(overdue_at=T0 + 60 * MINUTE)
    milder = severity_changed(missed, Severity.SEV3, minute=61)
    assert (milder.response_due_at, milder.overdue_at) == (T0 + 240 * MINUTE, None)


def test_the_deadline_stands_still_once_somebody_answered() -> None:
    answered = incident(status=Status.ACKNOWLEDGED, acknowledged_at=T0)
    changed = severity_changed(answered, Severity.SEV1, minute=1)
    assert changed.response_due_at == answered.response_due_at


@pytest.mark.parametrize(
    ("changes", "due_at", "reason"),
    [
        ({}, T0 + 60 * MINUTE, "not_acknowledged_in_time"),
        ({}, T0 + 5 * MINUTE, "deadline_moved"),
        ({"acknowledged_at": T0, "status": Status.ACKNOWLEDGED}, T0 + 60 * MINUTE, "already_acknowledged"),
        ({"status": Status.RESOLVED}, T0 + 60 * MINUTE, "already_resolved"),
        ({"overdue_at": T0}, T0 + 60 * MINUTE, "already_overdue"),
    ],
)
def test_a_deadline_counts_only_while_it_applies(
    changes: dict[str, object], due_at: datetime, reason: str
) -> None:
    assert pass_deadline(incident(**changes), due_at, now=T0 + 61 * MINUTE).reason == reason


class Lifecycle(RuleBasedStateMachine):
    """Whatever people and alerts do, in whatever order, the incident stays one that makes sense."""

    def __init__(self) -> None:
        super().__init__()
        self.now = T0
        self.current = incident()

    def apply(self, decision: Decision) -> None:
        before, self.current = self.current, decision.after
        if not decision.changed:
            assert self.current == before, "what changes nothing changes nothing"
        if decision.fact is Fact.REOPENED:
            assert not before.is_open
        elif decision.reason != "mitigation_failed":
            assert self.current.status.place >= before.status.place, "never backwards but by reopening"

    @rule(minutes=st.integers(0, 300))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(actor=st.sampled_from([ANA_ACTS, BO_ACTS, Actor()]))
    def somebody_acknowledges(self, actor: Actor) -> None:
        self.apply(acknowledge(self.current, actor, now=self.now))

    @rule()
    def the_acknowledgement_expires(self) -> None:
        self.current = expire_acknowledgement(self.current)

    @rule(to=st.sampled_from(Status))
    def somebody_moves_it(self, to: Status) -> None:
        if to is not self.current.status and to not in TRANSITIONS[self.current.status]:
            with pytest.raises(NotAllowed):
                advance(self.current, to, by=ANA_ACTS, now=self.now)
            return
        if skips_acknowledgement(self.current, to):
            self.apply(acknowledge(self.current, ANA_ACTS, now=self.now))
        self.apply(advance(self.current, to, by=ANA_ACTS, now=self.now))
        assert self.current.status is to

    @rule(to=st.sampled_from(Severity))
    def the_severity_changes(self, to: Severity) -> None:
        if self.current.status is Status.CLOSED:
            return
        self.apply(change_severity(self.current, to, limits=RESPONSE_LIMITS, now=self.now, reason="by_hand"))

    @rule()
    def the_alerts_clear(self) -> None:
        self.apply(resolve(self.current, now=self.now, reason="alerts_cleared"))

    @rule()
    def it_is_reopened(self) -> None:
        self.apply(reopen(self.current, Rules(), now=self.now, reason="again"))

    @rule()
    def the_deadline_passes(self) -> None:
        self.apply(pass_deadline(self.current, self.current.response_due_at, now=self.now))

    @invariant()
    def times_agree_with_the_state(self) -> None:
        now = self.current
        assert (now.resolved_at is None) == now.is_open
        assert (now.closed_at is None) == (now.status is not Status.CLOSED)
        if now.status is Status.DETECTED:
            assert now.acknowledged_at is None or now.acknowledgement_expired
        if now.is_open and now.status is not Status.DETECTED:
            assert now.acknowledged_at is not None
        if now.status in (Status.MITIGATED, Status.RECOVERING):
            assert now.mitigated_at is not None

    @invariant()
    def the_deadline_is_never_before_the_start(self) -> None:
        assert self.current.response_due_at >= self.current.started_at + RESPONSE_LIMITS[Severity.SEV1]


TestLifecycle = Lifecycle.TestCase
