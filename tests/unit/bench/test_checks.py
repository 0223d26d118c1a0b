"""A figure meets the goal, the first aim, or neither; nothing is claimed without something to compare with."""

import pytest

from bench.book import Book, Entry
from bench.checks import Bound, Check, Result, Verdict, results
from bench.generator import Measured, Shot, Target
from bench.report import number

CHECK = Check("row", "p50 ms", "p50_ms", "system", Bound(25), Bound(5, relative=True), beside=True)


@pytest.mark.parametrize(
    ("measured", "beside", "verdict"),
    [
        (9.0, 2.0, Verdict.GOAL),
        (20.0, 2.0, Verdict.FIRST),
        (20.0, None, Verdict.FIRST),
        (26.0, 2.0, Verdict.MISSED),
        (26.0, None, Verdict.MISSED),
    ],
)
def test_the_better_aim_that_is_met_is_the_verdict(
    measured: float, beside: float | None, verdict: Verdict
) -> None:
    assert Result(CHECK, measured, beside).verdict is verdict


def test_a_goal_without_a_first_aim_is_not_yet_met_or_met() -> None:
    check = Check("row", "s", "s", "system", goal=Bound(1))
    assert Result(check, 2.0, None).verdict is Verdict.NOT_YET
    assert Result(check, 1.0, None).verdict is Verdict.GOAL
    assert Result(Check("row", "s", "s", "system"), 1.0, None).verdict is Verdict.TOLD


def test_what_should_be_large_is_compared_the_other_way_round() -> None:
    bound = Bound(0.6, at_least=True, relative=True)
    assert bound.holds(6.0, 10.0)
    assert not bound.holds(5.9, 10.0)
    assert bound.holds(5.9, None) is None
    assert str(bound) == "≥ 0.6 x AM"


def test_the_median_over_the_rounds_counts() -> None:
    figures = (30.0, 10.0, 20.0)
    book = Book([Entry("row", "system", n, {"p50_ms": value}, 0.1) for n, value in enumerate(figures)])
    assert book.figure("row", "system", "p50_ms") == 20.0
    assert book.figure("row", "other", "p50_ms") is None
    assert results(book) == []


def test_latency_is_from_when_each_alert_was_due() -> None:
    zeroes = dict.fromkeys(("seconds", "rate", "p50_ms", "p90_ms", "p99_ms", "max_ms"), 0.0)
    found = Measured(
        run="r", sent=3, accepted=3, errors={}, own_share=0, foreign_share=0, cpu_ms_per_alert={}, pss_mib={},
        start_ns=0, end_ns=0, offset=10, stamps=[1_000_000, 2_000_000, 3_000_000], **zeroes,
    )  # fmt: skip
    assert found.to_arrival({"10": 9_000_000, "12": 4_000_000, "9": 0}) == [1.0, 8.0]


def test_one_alert_stands_alone_and_several_in_a_list() -> None:
    target = Target("http://127.0.0.1:1/", "{}")
    assert "-prefix=" in Shot(target, connections=1, count=1).arguments()
    assert "-prefix=[" in Shot(target, connections=1, count=9, batch=3).arguments()


def test_numbers_have_three_digits_that_count() -> None:
    assert [number(value) for value in (None, 0.0123, 3.0, 16_378.4)] == ["", "0.0123", "3", "16,378"]
