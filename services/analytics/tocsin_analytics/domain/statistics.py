"""Median, 90th percentile and mean with their uncertainty, and whether two samples differ at all.

Incident durations are few and lopsided, so no figure comes alone: n stands beside it, the median before the
mean, and a difference is only called one when it stands out of the noise. Nothing here is random: the same
incidents give the same figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import comb, floor, hypot, sqrt
from statistics import NormalDist, fmean

LEVEL = 0.95
_Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
_EXACT_UP_TO = 60


class Verdict(StrEnum):
    """What may honestly be said of a change."""

    FELL = "fell"
    ROSE = "rose"
    NO_DETECTABLE_CHANGE = "no_detectable_change"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Sample:
    """Durations in seconds, summed up.

    All but `n` are None for an empty sample; the interval needs 6 values.
    """

    n: int
    median: float | None = None
    p90: float | None = None
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    """`low` and `high` hold the median of such incidents with 95 % confidence."""


@dataclass(frozen=True, slots=True)
class Change:
    """The difference of two medians (now less before), and whether it stands out of the noise."""

    verdict: Verdict
    difference: float | None = None


def sample(seconds: Sequence[float]) -> Sample:
    """Sum up durations."""
    if not seconds:
        return Sample(0)
    ordered = sorted(seconds)
    low, high = median_interval(ordered)
    return Sample(len(ordered), quantile(ordered, 0.5), quantile(ordered, 0.9), fmean(ordered), low, high)


def quantile(ordered: Sequence[float], share: float) -> float:
    """The quantile of sorted values, interpolated between neighbours like PostgreSQL's `percentile_cont`."""
    place = share * (len(ordered) - 1)
    below = floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def median_interval(ordered: Sequence[float]) -> tuple[float | None, float | None]:
    """The 95 % interval of the median by order statistics: no assumption on the shape.

    None below 6 values.
    """
    rank = _lower_rank(len(ordered))
    return (ordered[rank - 1], ordered[-rank]) if rank else (None, None)


def compare(now: Sample, before: Sample) -> Change:
    """Whether the median moved: Bonett and Price's interval for a difference of medians, 95 %."""
    if now.median is None or before.median is None:
        return Change(Verdict.TOO_FEW)
    difference = now.median - before.median
    if now.low is None or now.high is None or before.low is None or before.high is None:
        return Change(Verdict.TOO_FEW, difference)
    noise = hypot(now.high - now.low, before.high - before.low) / 2
    return Change(_verdict(difference, noise), difference)


def compare_counts(now: int, before: int) -> Change:
    """Whether something became more or less frequent, taking counts as Poisson, 95 %."""
    if now + before < 6:
        return Change(Verdict.TOO_FEW, now - before)
    return Change(_verdict(now - before, _Z * sqrt(now + before)), now - before)


def _verdict(difference: float, noise: float) -> Verdict:
    if difference == 0 or abs(difference) <= noise:
        return Verdict.NO_DETECTABLE_CHANGE
    return Verdict.ROSE if difference > 0 else Verdict.FELL


def _lower_rank(n: int) -> int:
    """The rank r, from 1, such that values r and n+1-r hold the median with 95 %; 0 when none does."""
    if n > _EXACT_UP_TO:
        return floor((n - _Z * sqrt(n)) / 2)
    tail, rank = 0, 0
    while 2 * (tail + comb(n, rank)) <= (1 - LEVEL) * 2**n:
        tail += comb(n, rank)
        rank += 1
    return rank
