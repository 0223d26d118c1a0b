"""The worst of the last quarter of a minute is not missed by a scrape, and then forgotten."""

from tocsin_chassis.lag import WINDOW, Worst


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
