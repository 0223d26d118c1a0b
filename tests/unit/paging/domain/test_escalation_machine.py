"""Random lives of an escalation: it never stops by accident, an answer stops it, and no page comes twice."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.unit.paging.domain.test_escalation import ANA, BO, INCIDENT, MUTE, T0
from tocsin_paging.domain.escalation import (
    Decision,
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

SECONDS = st.integers(1, 900).map(lambda seconds: timedelta(seconds=seconds))
STEPS = st.lists(SECONDS, min_size=1, max_size=3).map(
    lambda delays: tuple(Step((), delay) for delay in delays)
)
ROSTERS = st.dictionaries(st.integers(1, 3), st.sampled_from([(), (ANA,), (ANA, BO), (MUTE,)]))


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        policy = Policy(INCIDENT, "Any", steps=(Step((), timedelta(minutes=5)),), repeats=1)
        self.now = T0
        self.state = started(INCIDENT, policy, at=T0)
        self.paged = set[tuple[int, int, Recipient]]()
        self.generations = [self.state.generation]

    def apply(self, decision: Decision) -> None:
        assert (decision.after == self.state) == (decision.reason in UNCHANGED), decision.reason
        if decision.after != self.state:
            assert decision.after.generation > self.state.generation
        self.state = decision.after
        for recipient in decision.pages:
            page = (self.state.round, self.state.step, recipient)
            assert page not in self.paged
            self.paged.add(page)

    @rule(by=SECONDS)
    def time_passes(self, by: timedelta) -> None:
        self.now += by

    @rule(roster=ROSTERS, late=SECONDS)
    @precondition(lambda self: self.state.next_at is not None)
    def timer_fires(self, roster: dict[int, tuple[Recipient, ...]], late: timedelta) -> None:
        due = self.state.next_at
        assert due is not None
        self.now = max(self.now, due + late)
        before = self.state
        self.apply(advance(before, roster, now=self.now))
        if self.state.next_at is None:
            assert before.round >= before.last_round
            assert before.step == len(before.policy.steps)
            return
        delay = self.state.policy.steps[self.state.step - 1].delay
        assert self.state.next_at == (due + delay if due + delay > self.now else self.now + delay)

    @rule(roster=ROSTERS)
    def older_timer_fires(self, roster: dict[int, tuple[Recipient, ...]]) -> None:
        if self.state.state != State.TRIGGERED:
            decision = advance(self.state, roster, now=self.now)
            assert not decision.pages
            self.apply(decision)

    @rule()
    def somebody_answers(self) -> None:
        self.apply(acknowledge(self.state, ANA.user_id, at=self.now))
        assert self.state.next_at is None or self.state.state == State.RESOLVED

    @rule()
    def there_is_activity(self) -> None:
        self.apply(extend(self.state, at=self.now))

    @rule()
    @precondition(lambda self: self.state.ack_expires_at is not None)
    def the_answer_expires(self) -> None:
        assert self.state.ack_expires_at is not None
        self.now = max(self.now, self.state.ack_expires_at)
        self.apply(expire(self.state, now=self.now))
        assert self.state.state == State.TRIGGERED

    @rule(by_somebody=st.booleans())
    def it_gets_worse(self, by_somebody: bool) -> None:
        self.apply(raised(self.state, at=self.now, by_somebody=by_somebody))

    @rule()
    def channels_fail(self) -> None:
        step, round = self.state.step, self.state.round
        self.apply(all_channels_failed(self.state, step=step, round=round, now=self.now))

    @rule()
    def it_ends(self) -> None:
        self.apply(resolve(self.state))

    @rule(steps=STEPS, repeats=st.integers(0, 2))
    def it_was_not_over(self, steps: tuple[Step, ...], repeats: int) -> None:
        self.apply(reopen(self.state, Policy(INCIDENT, "Any", steps, repeats), at=self.now))

    @invariant()
    def an_open_incident_has_a_timer_an_answer_or_went_through_everything(self) -> None:
        state = self.state
        done = state.round >= state.last_round and state.step == len(state.policy.steps)
        if state.state == State.TRIGGERED:
            assert state.next_at is not None or done
            assert state.ack_expires_at is None
        elif state.state == State.ACKNOWLEDGED:
            assert state.ack_expires_at is not None
            assert state.next_at is None
        else:
            assert state.next_at is None
            assert state.ack_expires_at is None


UNCHANGED = {
    Reason.NOT_DUE,
    Reason.ALREADY_ACKNOWLEDGED,
    Reason.ALREADY_RESOLVED,
    Reason.NOT_TRIGGERED,
    Reason.LAST_STEP,
}
Life.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestLife = Life.TestCase
