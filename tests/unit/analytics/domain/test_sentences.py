"""Titles say what the data allow, and no more."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.analytics.domain.test_figures import HISTORY, WEEKS
from tocsin_analytics.domain.definitions import DEFINITIONS
from tocsin_analytics.domain.durations import Metric
from tocsin_analytics.domain.figures import Figure, summarise
from tocsin_analytics.domain.periods import Period
from tocsin_analytics.domain.sentences import (
    duration_words,
    figure_sentence,
    frequency_sentence,
    severity_sentence,
)
from tocsin_analytics.domain.statistics import compare, sample

EMPTY = Period(datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 8, tzinfo=UTC))


def figure(now: list[float], before: list[float]) -> Figure:
    current, previous = sample(now), sample(before)
    return Figure(Metric.RECOVER, current, previous, compare(current, previous), {})


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (35.4, "35 s"),
        (59.7, "1 min"),
        (48 * 60, "48 min"),
        (3599, "59 min"),
        (3840, "1 h 04 min"),
        (86399, "23 h 59 min"),
        (timedelta(days=2, hours=3).total_seconds(), "2 d 3 h"),
    ],
)
def test_durations_as_people_say_them(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words


@pytest.mark.parametrize(
    ("now", "before", "sentence"),
    [
        ([], [60.0], "Time to recover: not recorded for any incident"),
        ([120.0], [], "Time to recover: 2 min, nothing before to compare with"),
        ([120.0], [60.0], "Time to recover: 2 min, was 1 min, too few to call it a change"),
        ([2880.0] * 9, [4260.0] * 9, "Time to recover is falling: 48 min, was 1 h 11 min"),
        ([4260.0] * 9, [2880.0] * 9, "Time to recover is rising: 1 h 11 min, was 48 min"),
        ([60.0] * 9, [60.0] * 9, "Time to recover: 1 min, no detectable change from 1 min"),
    ],
)
def test_titles_answer_their_question(now: list[float], before: list[float], sentence: str) -> None:
    assert figure_sentence(figure(now, before)) == sentence


def test_titles_of_counts() -> None:
    frequency = summarise(HISTORY, WEEKS).frequency

    assert frequency_sentence(frequency) == "7 incidents, no detectable change from 2"
    assert severity_sentence(frequency) == "6 of 7 incidents were SEV-1 or SEV-2"
    assert severity_sentence(summarise(HISTORY, EMPTY).frequency) == "No incident, so no severity"


def test_every_metric_is_defined() -> None:
    assert set(DEFINITIONS) == set(Metric)
    assert DEFINITIONS[Metric.DETECT].text.startswith(
        "Time to detect: from the start of the impact to detection. "
    )
