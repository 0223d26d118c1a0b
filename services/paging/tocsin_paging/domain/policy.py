"""An escalation policy: whom to page, in which order, and how long to wait for an answer."""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from tocsin_paging.domain.errors import InvalidChangeError, at
from tocsin_paging.domain.override import Duty

MOST_STEPS, MOST_TARGETS, MOST_REPEATS = 20, 20, 5
LONGEST_DELAY = timedelta(minutes=9000)
DEFAULT_ACK_TIMEOUT = timedelta(minutes=30)
DEFAULT_REPEATS = 2
"""What a configuration file means, too, where it says nothing."""


class TargetKind(StrEnum):
    """What a step can aim at."""

    USER = "user"
    SCHEDULE = "schedule"
    TEAM = "team"


@dataclass(frozen=True)
class Target:
    """A person, everybody of a team, or whoever has `duty` in a schedule when the step fires."""

    kind: TargetKind
    id: UUID
    duty: Duty | None = None


@dataclass(frozen=True)
class Step:
    """Everybody to page at the same time; `delay` is the wait after it."""

    targets: tuple[Target, ...]
    delay: timedelta


@dataclass(frozen=True)
class Policy:
    """Steps in order. After the last one they run again, `repeats` times (0 to 5).

    Without an answer for `ack_timeout` after an acknowledgement the escalation runs again; None means never.
    """

    id: UUID
    name: str
    steps: tuple[Step, ...]
    repeats: int = 0
    ack_timeout: timedelta | None = DEFAULT_ACK_TIMEOUT


LAST_RESORT = Policy(
    UUID(int=0), "All administrators", steps=(Step((), timedelta(minutes=5)),), repeats=MOST_REPEATS
)
"""What runs where no policy covers an incident; its one step aims at every administrator there is when it fires."""


def checked(policy: Policy) -> Policy:
    """Return the policy, or raise `InvalidChangeError` saying what to change."""
    if not 1 <= len(policy.steps) <= MOST_STEPS:
        raise InvalidChangeError(f"A policy has from 1 to {MOST_STEPS} steps.", pointer="/steps")
    if not 0 <= policy.repeats <= MOST_REPEATS:
        raise InvalidChangeError(f"A policy repeats from 0 to {MOST_REPEATS} times.", pointer="/repeats")
    if policy.ack_timeout is not None and not timedelta(seconds=1) <= policy.ack_timeout <= LONGEST_DELAY:
        detail = "An acknowledgement lasts from 1 second to 9000 minutes, or for ever (null)."
        raise InvalidChangeError(detail, pointer="/ack_timeout_seconds")
    for number, step in enumerate(policy.steps):
        with at(f"/steps/{number}"):
            _check_step(step, number + 1)
    return policy


def _check_step(step: Step, number: int) -> None:
    if not timedelta(seconds=1) <= step.delay <= LONGEST_DELAY:
        detail = f"Step {number}: the delay after a step is from 1 second to 9000 minutes."
        raise InvalidChangeError(detail, pointer="/delay_seconds")
    if len(step.targets) > MOST_TARGETS:
        detail = f"Step {number}: a step has at most {MOST_TARGETS} targets; use a team."
        raise InvalidChangeError(detail, pointer="/targets")


def without(policy: Policy, user_id: UUID) -> Policy:
    """Return the policy that no longer names this person. A step that named nobody else stays, and reaches nobody."""
    gone = Target(TargetKind.USER, user_id)
    steps = tuple(
        replace(step, targets=tuple(target for target in step.targets if target != gone))
        for step in policy.steps
    )
    return replace(policy, steps=steps)
