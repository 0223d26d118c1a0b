"""Policies that cannot work are refused with what to change."""

from datetime import timedelta
from uuid import UUID

import pytest

from tocsin_paging.domain.errors import InvalidChangeError
from tocsin_paging.domain.policy import Policy, Step, Target, TargetKind, checked, without

MINUTE = timedelta(minutes=1)
STEP = Step((), 5 * MINUTE)
MANY = tuple(Target(TargetKind.USER, UUID(int=n)) for n in range(21))


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        (Policy(UUID(int=1), "P", ()), "from 1 to 20 steps"),
        (Policy(UUID(int=1), "P", (STEP,) * 21), "from 1 to 20 steps"),
        (Policy(UUID(int=1), "P", (STEP,), repeats=6), "0 to 5 times"),
        (Policy(UUID(int=1), "P", (STEP, Step((), timedelta(0)))), "Step 2: the delay"),
        (Policy(UUID(int=1), "P", (Step(MANY, MINUTE),)), "use a team"),
        (Policy(UUID(int=1), "P", (STEP,), ack_timeout=timedelta(0)), "or for ever"),
    ],
)
def test_refused(policy: Policy, says: str) -> None:
    with pytest.raises(InvalidChangeError, match=says):
        checked(policy)


def test_accepted() -> None:
    policy = Policy(UUID(int=1), "P", (STEP,), repeats=5, ack_timeout=None)
    assert checked(policy) is policy


def test_whoever_is_removed_is_no_target_any_more_and_their_step_stays() -> None:
    ana, bo = (Target(TargetKind.USER, UUID(int=n)) for n in (1, 2))
    team = Target(TargetKind.TEAM, ana.id)
    policy = Policy(UUID(int=9), "P", (Step((ana, bo, team), MINUTE), Step((ana,), MINUTE)))
    assert without(policy, ana.id).steps == (Step((bo, team), MINUTE), Step((), MINUTE))
