"""Which alerts belong together."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.detector.domain.signals import MINUTE, SENDER, T0, signal
from tocsin_detector.domain.alert import Group
from tocsin_detector.domain.grouping import DEFAULT_WINDOW, LONGEST, Grouping, choose, group_key
from tocsin_detector.domain.signal import Signal

TEXT = st.text(max_size=20)


def key_of(said: Signal, *by: str, service: str | None = "web", source: str = "generic") -> tuple[str, str]:
    made = group_key(said, Grouping(by), service=service, source=source)
    return made.key, made.rule


def test_by_labels_a_missing_one_counts_as_empty() -> None:
    assert key_of(signal(), "alertname", "region") == ('{alertname="CpuHigh", region=""}', "group_by")


def test_by_the_senders_own_group() -> None:
    assert key_of(signal(group_hint="{}:{a}")) == ("{}:{a}", "sender_group")


def test_by_service_and_alertname() -> None:
    assert key_of(signal()) == ('{service="web", alertname="CpuHigh"}', "service_and_alertname")
    assert key_of(signal(), service=None) == ('{service="", alertname="CpuHigh"}', "service_and_alertname")


def test_alone_when_nothing_is_known_and_for_pagerduty() -> None:
    assert key_of(signal(labels={})) == ("k", "own_key")
    assert key_of(signal(), source="pagerduty") == ("k", "own_key")


def test_unreadable_bodies_of_one_sender_belong_together() -> None:
    assert key_of(signal(key_rule="unparsed", labels={})) == ("unparsed", "unparsed")


@given(TEXT, TEXT, TEXT, TEXT)
def test_different_labels_never_share_a_key(a1: str, b1: str, a2: str, b2: str) -> None:
    first = key_of(signal(labels={"a": a1, "b": b1}), "a", "b")
    second = key_of(signal(labels={"a": a2, "b": b2}), "a", "b")

    assert (first == second) == ((a1, b1) == (a2, b2))


@given(st.text(min_size=600, max_size=700))
def test_a_key_always_fits_into_an_index(value: str) -> None:
    assert len(key_of(signal(labels={"a": value}), "a")[0]) <= 500


OPEN = Group(UUID(int=1), SENDER, "g", T0, T0)
ENDED = Group(UUID(int=1), SENDER, "g", T0 - 2 * LONGEST, T0 - LONGEST, closed_at=T0)


@pytest.mark.parametrize(
    ("group", "after", "joins", "reason"),
    [
        (None, MINUTE, False, "no_open_group"),
        (OPEN, MINUTE, True, "within_window"),
        (OPEN, DEFAULT_WINDOW, True, "within_window"),
        (OPEN, DEFAULT_WINDOW + MINUTE, False, "window_passed"),
        (ENDED, DEFAULT_WINDOW, True, "ended_lately"),
        (ENDED, DEFAULT_WINDOW + MINUTE, False, "no_open_group"),
        (Group(UUID(int=1), SENDER, "g", T0 - LONGEST, T0), MINUTE, False, "group_is_a_day_old"),
    ],
)
def test_window(group: Group | None, after: timedelta, joins: bool, reason: str) -> None:
    choice = choose(group, Grouping(), T0 + after)

    assert (choice.joins, choice.reason) == (joins, reason)


def test_a_group_that_ended_goes_on_for_as_long_as_its_window_and_an_hour_at_least() -> None:
    """However little an integration groups, an alert that flaps belongs to the incident that it opened."""
    for window, after, joins in (
        (MINUTE, DEFAULT_WINDOW, True),
        (2 * DEFAULT_WINDOW, 2 * DEFAULT_WINDOW, True),
        (2 * DEFAULT_WINDOW, 2 * DEFAULT_WINDOW + MINUTE, False),
    ):
        assert choose(ENDED, Grouping(window=window), T0 + after).joins is joins
