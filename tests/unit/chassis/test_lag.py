"""The worst of the last quarter of a minute is not missed by a scrape, and then forgotten."""

import pytest

from tocsin_chassis.lag import AT_REST, SAMPLE_EVERY, WINDOW, Worst, pace


def test_a_hiccup_is_remembered_for_a_window_and_forgotten_after_two() -> None:
    worst = Worst()
    assert worst.of(0.01, now=100.0) == 0.01
    assert worst.of(3.0, now=101.0) == 3.0
    seen = [worst.of(0.0, now=101.0 + step / 2) for step in range(1, int(6 * WINDOW))]
    assert all(value == 3.0 for value in seen[: int(2 * WINDOW)])
    assert seen[-1] == 0.0


def test_after_a_long_silence_nothing_old_counts() -> None:
    worst = Worst()
    worst.of(3.0, now=100.0)
    assert worst.of(0.2, now=100.0 + 10 * WINDOW) == 0.2


@pytest.mark.parametrize(("used", "every"), [(0.01, AT_REST), (0.2, SAMPLE_EVERY), (1.5, SAMPLE_EVERY)])
def test_a_process_that_works_is_sampled_more_often(used: float, every: float) -> None:
    assert pace(used, seconds=1.0) == every
