"""An escalation: the steps of a policy, taken for one incident until somebody answers.

Every function here takes the state as it is and returns what it becomes, with the reason by its name; the
caller holds the row's lock, stores the state, makes the pages and arms the timer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tocsin_paging.domain.policy import Policy, Step


class State(StrEnum):
    """Where an escalation stands. One that is exhausted stays triggered, with nothing due."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Reason(StrEnum):
    """Why a decision came out as it did."""

    PAGED = "paged"
    NOBODY = "nobody_reached"
    ADMINISTRATORS = "nobody_reached_but_administrators"
    EXHAUSTED = "exhausted"
    NOT_DUE = "not_due"
    ACKNOWLEDGED = "acknowledged"
    ALREADY_ACKNOWLEDGED = "already_acknowledged"
    RESOLVED = "resolved"
    ALREADY_RESOLVED = "already_resolved"
    EXPIRED = "acknowledgement_expired"
    EXTENDED = "acknowledgement_extended"
    REOPENED = "reopened"
    RAISED = "severity_raised"
    ALL_CHANNELS_FAILED = "all_channels_failed"
    LAST_STEP = "last_step_of_the_round"
    NOT_TRIGGERED = "not_triggered"


@dataclass(frozen=True)
class Recipient:
    """A person to page and why it is this person. Without contact methods nothing can reach them."""

    user_id: UUID
    name: str
    why: str
    contacts: tuple[UUID, ...] = ()
    timezone: str = "UTC"


@dataclass(frozen=True)
class Unreached:
    """A step (counted from 1) that reached nobody, and why."""

    step: int
    reason: str


@dataclass(frozen=True)
class Escalation:
    """The state of one incident's escalation.

    `step` is the last step that fired (0: none yet) of `round`, both counted from 1; rounds are never counted
    anew, and `last_round` is the one after which nothing more happens. `next_at` is when it acts next (UTC,
    None: not at all); `generation` grows with every change of that, so that an older timer is known as such.
    """

    incident_id: UUID
    policy: Policy
    next_at: datetime | None
    state: State = State.TRIGGERED
    step: int = 0
    round: int = 1
    last_round: int = 1
    generation: int = 1
    acknowledged_by: UUID | None = None
    ack_expires_at: datetime | None = None

    @property
    def exhausted(self) -> bool:
        """Say whether every step of every round went unanswered."""
        return self.state == State.TRIGGERED and self.next_at is None

    @property
    def ended_by(self) -> Reason | None:
        """Say why nothing is due, None while something is. An answer ends it until that expires."""
        if self.exhausted:
            return Reason.EXHAUSTED
        ends = {State.ACKNOWLEDGED: Reason.ACKNOWLEDGED, State.RESOLVED: Reason.RESOLVED}
        return ends.get(self.state)


@dataclass(frozen=True)
class Decision:
    """What an escalation becomes, whom to page now, which steps reached nobody, and the reason."""

    after: Escalation
    reason: Reason
    pages: tuple[Recipient, ...] = ()
    unreached: tuple[Unreached, ...] = ()


Roster = Mapping[int, tuple[Recipient, ...]]
"""For each step number (from 1), the people it aims at now."""


def started(incident_id: UUID, policy: Policy, *, at: datetime) -> Escalation:
    """Return a fresh escalation whose first step is due at once."""
    return Escalation(incident_id, policy=policy, next_at=at, last_round=1 + policy.repeats)


def advance(
    current: Escalation, roster: Roster, *, now: datetime, administrators: tuple[Recipient, ...] = ()
) -> Decision:
    """Decide what an unanswered incident does next.

    A step that reaches nobody gives way to the next at once, and where none of a round reaches anybody,
    administrators are paged, for an incident must reach somebody; only a delay ends a round, so that the repeats
    are spread over time even then. The next step is due one delay after the time this
    one was due (R25), or one delay from now when we are later than that: people get their time to answer.
    """
    if current.state != State.TRIGGERED or current.next_at is None or now < current.next_at:
        return Decision(current, reason=Reason.NOT_DUE)
    if current.step == len(current.policy.steps):
        if current.round >= current.last_round:
            return Decision(_armed(current, next_at=None), reason=Reason.EXHAUSTED)
        current = replace(current, step=0, round=current.round + 1)
    decision = _fire(current, roster, now=now)
    if decision.pages or current.step:
        return decision
    found = tuple(recipient for recipient in administrators if recipient.contacts)
    return replace(decision, reason=Reason.ADMINISTRATORS, pages=found) if found else decision


def _fire(current: Escalation, roster: Roster, *, now: datetime) -> Decision:
    steps, unreached, pages = current.policy.steps, list[Unreached](), tuple[Recipient, ...]()
    number = current.step
    while number < len(steps) and not pages:
        number += 1
        aimed_at = roster.get(number, ())
        pages = tuple(recipient for recipient in aimed_at if recipient.contacts)
        if not pages:
            unreached.append(Unreached(number, reason="no_contact_method" if aimed_at else "nobody_on_call"))
    next_at = _next_due(current.next_at or now, steps[number - 1], now=now)
    after = _armed(replace(current, step=number), next_at=next_at)
    reason = Reason.PAGED if pages else Reason.NOBODY
    return Decision(after, reason=reason, pages=pages, unreached=tuple(unreached))


def _next_due(due: datetime, step: Step, *, now: datetime) -> datetime:
    planned = due + step.delay
    return planned if planned > now else now + step.delay


def all_channels_failed(current: Escalation, *, step: int, round: int, now: datetime) -> Decision:
    """Decide what it means that no channel reached anybody of a step: the round goes on now (R30)."""
    if (
        current.state != State.TRIGGERED
        or current.next_at is None
        or (current.step, current.round) != (step, round)
    ):
        return Decision(current, reason=Reason.NOT_DUE)
    if current.step == len(current.policy.steps):
        return Decision(current, reason=Reason.LAST_STEP)
    return Decision(_armed(current, next_at=min(now, current.next_at)), reason=Reason.ALL_CHANNELS_FAILED)


def acknowledge(current: Escalation, by: UUID | None, *, at: datetime) -> Decision:
    """Decide what an answer does: nothing more is due but its expiry. Resolve beats it (R27)."""
    if current.state == State.RESOLVED:
        return Decision(current, reason=Reason.ALREADY_RESOLVED)
    if current.state == State.ACKNOWLEDGED:
        return Decision(current, reason=Reason.ALREADY_ACKNOWLEDGED)
    timeout = current.policy.ack_timeout
    after = replace(
        _armed(current, next_at=None),
        state=State.ACKNOWLEDGED,
        acknowledged_by=by,
        ack_expires_at=at + timeout if timeout else None,
    )
    return Decision(after, reason=Reason.ACKNOWLEDGED)


def extend(current: Escalation, *, at: datetime) -> Decision:
    """Decide what activity on an acknowledged incident does: the acknowledgement counts from now."""
    timeout = current.policy.ack_timeout
    if current.state != State.ACKNOWLEDGED or timeout is None:
        return Decision(current, reason=Reason.NOT_DUE)
    expires_at = max(at + timeout, current.ack_expires_at or at)
    after = replace(_armed(current, next_at=None), ack_expires_at=expires_at)
    return Decision(after, reason=Reason.EXTENDED)


def expire(current: Escalation, *, now: datetime) -> Decision:
    """Decide what silence after an answer does: the policy runs again from step 1, due when it expired."""
    if current.state != State.ACKNOWLEDGED or current.ack_expires_at is None or now < current.ack_expires_at:
        return Decision(current, reason=Reason.NOT_DUE)
    return Decision(_again(current, at=current.ack_expires_at), reason=Reason.EXPIRED)


def resolve(current: Escalation) -> Decision:
    """Decide what the end of the incident does: nothing is due any more."""
    if current.state == State.RESOLVED:
        return Decision(current, reason=Reason.ALREADY_RESOLVED)
    after = replace(_armed(current, next_at=None), state=State.RESOLVED, ack_expires_at=None)
    return Decision(after, reason=Reason.RESOLVED)


def reopen(current: Escalation, policy: Policy, *, at: datetime) -> Decision:
    """Decide what a reopened incident does: the policy as it is now runs from step 1, at once."""
    if current.state != State.RESOLVED:
        return Decision(current, reason=Reason.NOT_DUE)
    return Decision(_again(replace(current, policy=policy), at=at), reason=Reason.REOPENED)


def raised(current: Escalation, *, at: datetime, by_somebody: bool) -> Decision:
    """Decide what a graver severity does: everybody is paged again from step 1.

    An acknowledgement was given for something milder, so it no longer holds, unless somebody raised the
    severity: then they are at it.
    """
    if current.state == State.RESOLVED or (current.state == State.ACKNOWLEDGED and by_somebody):
        return Decision(current, reason=Reason.NOT_TRIGGERED)
    return Decision(_again(current, at=at), reason=Reason.RAISED)


def _again(current: Escalation, *, at: datetime) -> Escalation:
    """Start over in a new round; a round in which nothing fired yet is used."""
    round = current.round + 1 if current.step else current.round
    return replace(
        _armed(current, next_at=at),
        state=State.TRIGGERED,
        step=0,
        round=round,
        last_round=round + current.policy.repeats,
        acknowledged_by=None,
        ack_expires_at=None,
    )


def _armed(current: Escalation, *, next_at: datetime | None) -> Escalation:
    return replace(current, next_at=next_at, generation=current.generation + 1)
