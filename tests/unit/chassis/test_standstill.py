"""A consumer that has stopped is noticed within half a minute; one that works through a backlog is left alone (R21)."""

from tocsin_bus.protocol import Partition
from tocsin_chassis.watch import Standstill
from tocsin_events.base import Topic

ONE, TWO = Partition(Topic.ALERTS, 0), Partition(Topic.ALERTS, 1)


def verdicts(*looks: tuple[float, dict[Partition, tuple[int, int]]]) -> list[bool]:
    standstill = Standstill()
    return [standstill.seen(lag, now=now) for now, lag in looks]


def test_who_has_nothing_to_do_stands_still_rightly() -> None:
    assert verdicts((0, {ONE: (5, 5)}), (100, {ONE: (5, 5)})) == [False, False]


def test_who_leaves_work_lying_has_stopped() -> None:
    lag = {ONE: (5, 9), TWO: (3, 3)}
    assert verdicts((0, lag), (30, lag), (40, lag)) == [False, False, True]


def test_new_work_is_given_time() -> None:
    assert verdicts((0, {ONE: (5, 5)}), (100, {ONE: (5, 6)}), (120, {ONE: (5, 6)})) == [False, False, False]


def test_a_partition_that_waits_its_turn_is_no_standstill() -> None:
    looks = [(10.0 * n, {ONE: (0, 900), TWO: (100 * n, 9000)}) for n in range(30)]
    assert not any(verdicts(*looks))


def test_but_not_for_ever() -> None:
    looks = [(10.0 * n, {ONE: (0, 900), TWO: (100 * n, 9000)}) for n in range(40)]
    assert verdicts(*looks)[-1]


def test_a_partition_that_went_to_another_member_is_forgotten() -> None:
    lag = {ONE: (5, 9)}
    assert verdicts((0, lag), (20, {TWO: (1, 1)}), (40, lag), (60, lag)) == [False, False, False, False]
