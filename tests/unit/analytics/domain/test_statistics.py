"""The arithmetic against figures computed by hand, by the standard library, and by brute force."""

from math import comb
from statistics import quantiles

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin_analytics.domain.statistics import (
    Change,
    Sample,
    Verdict,
    compare,
    compare_counts,
    median_interval,
    quantile,
    sample,
)

durations = st.lists(st.floats(0, 1e6), min_size=2, max_size=60).map(sorted)


def test_a_sample_by_hand() -> None:
    summed = sample([600.0, 60.0, 300.0, 120.0, 1320.0])

    assert summed == Sample(5, median=300.0, p90=1032.0, mean=480.0)  # 600 + 0.6 * (1320 - 600)


def test_nothing_is_not_zero() -> None:
    assert sample([]) == Sample(0, median=None, p90=None, mean=None)


def test_one_value_is_its_own_median() -> None:
    assert sample([90.0]) == Sample(1, 90.0, 90.0, 90.0)


@settings(max_examples=50, deadline=None)
@given(durations)
def test_quantiles_agree_with_the_standard_library(values: list[float]) -> None:
    deciles = quantiles(values, n=10, method="inclusive")

    assert quantile(values, 0.9) == pytest.approx(deciles[8])
    assert quantile(values, 0.5) == pytest.approx(deciles[4])


@pytest.mark.parametrize(
    ("n", "low", "high"),
    [(6, 1, 6), (8, 1, 8), (9, 2, 8), (10, 2, 9), (15, 4, 12), (20, 6, 15), (50, 18, 33)],
)
def test_the_interval_of_the_median_has_the_ranks_of_the_tables(n: int, low: int, high: int) -> None:
    assert median_interval([float(rank) for rank in range(1, n + 1)]) == (low, high)


def test_five_values_have_no_interval() -> None:
    assert median_interval([1.0, 2.0, 3.0, 4.0, 5.0]) == (None, None)


@pytest.mark.parametrize("n", [61, 80, 100, 400])
def test_the_interval_of_a_large_sample_holds_the_median_with_95_percent(n: int) -> None:
    low, high = median_interval([float(rank) for rank in range(1, n + 1)])
    assert low is not None
    assert high is not None

    covered = sum(comb(n, below) for below in range(int(low), int(high))) / 2**n

    assert 0.945 <= covered <= 0.98


def test_a_clear_fall_is_called_one() -> None:
    before, now = sample([float(v) for v in range(70, 90)]), sample([float(v) for v in range(40, 60)])

    assert compare(now, before) == Change(Verdict.FELL, -30.0)
    assert compare(before, now) == Change(Verdict.ROSE, 30.0)


def test_a_difference_within_the_noise_is_no_detectable_change() -> None:
    before, now = sample([float(v) for v in range(0, 100, 10)]), sample([float(v) for v in range(5, 105, 10)])

    assert compare(now, before).verdict is Verdict.NO_DETECTABLE_CHANGE


def test_few_incidents_prove_nothing() -> None:
    assert compare(sample([10.0, 20.0]), sample([900.0, 1000.0])).verdict is Verdict.TOO_FEW
    assert compare(sample([]), sample([1.0])) == Change(Verdict.TOO_FEW, None)


@pytest.mark.parametrize(
    ("now", "before", "verdict"),
    [
        (5, 0, Verdict.TOO_FEW),
        (8, 6, Verdict.NO_DETECTABLE_CHANGE),
        (30, 8, Verdict.ROSE),
        (8, 30, Verdict.FELL),
        (7, 7, Verdict.NO_DETECTABLE_CHANGE),
    ],
)
def test_counts_are_compared_as_poisson(now: int, before: int, verdict: Verdict) -> None:
    assert compare_counts(now, before).verdict is verdict
