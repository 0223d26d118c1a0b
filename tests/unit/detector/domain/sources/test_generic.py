"""Tocsin's own form."""

from datetime import UTC, datetime

import pytest

from tocsin_detector.domain.severity import Severity
from tocsin_detector.domain.signal import Defaults, Parsed, Told
from tocsin_detector.domain.sources.generic import parse

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
FULL = {
    "title": "CPU is high on web-1",
    "status": "firing",
    "severity": "critical",
    "dedup_key": "cpu-web-1",
    "description": "Load is 14.",
    "service": "checkout",
    "labels": {"alertname": "CpuHigh", "region": "eu-1"},
    "url": "https://grafana.example/d/1",
    "started_at": "2026-11-24T08:59:00+01:00",
}


def read(document: object) -> Parsed:
    return parse(document, Defaults(), NOW)


def test_a_full_alert_is_taken_as_it_is() -> None:
    (signal,) = read(FULL).signals

    assert (signal.title, signal.description, signal.service) == (
        "CPU is high on web-1",
        "Load is 14.",
        "checkout",
    )
    assert (signal.dedup_key, signal.key_rule) == ("cpu-web-1", "sender")
    assert (signal.severity, signal.severity_rule) == (Severity.CRITICAL, "severity=critical")
    assert signal.labels == {"alertname": "CpuHigh", "region": "eu-1"}
    assert signal.started_at == datetime(2026, 11, 24, 7, 59, tzinfo=UTC)


def test_a_title_is_enough() -> None:
    (signal,) = read({"title": "It burns"}).signals

    assert signal.told is Told.FIRING
    assert (signal.severity, signal.severity_rule) == (Severity.MEDIUM, "default")
    assert signal.dedup_key.startswith("content:1:")
    assert signal.started_at is None


def test_a_list_is_many_alerts_and_a_bad_one_is_left_out() -> None:
    parsed = read(
        [FULL, {"title": ""}, {"title": "b", "labels": ["x"]}, {"title": "c", "status": "paused"}, 5]
    )

    assert len(parsed.signals) == 1
    assert [fault.pointer for fault in parsed.faults] == ["/1/title", "/2/labels", "/3/status", "/4"]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("firing", Told.FIRING),
        ("Triggered", Told.FIRING),
        ("resolved", Told.RESOLVED),
        (" OK ", Told.RESOLVED),
        ("ack", Told.ACKNOWLEDGED),
        (None, Told.FIRING),
        ("", Told.FIRING),
    ],
)
def test_status_words(word: str | None, told: Told) -> None:
    assert read({**FULL, "status": word}).signals[0].told is told


def test_a_resolve_with_a_key_needs_no_title() -> None:
    (signal,) = read({"status": "resolved", "dedup_key": "cpu-web-1"}).signals

    assert (signal.told, signal.dedup_key) == (Told.RESOLVED, "cpu-web-1")


def test_without_a_key_title_service_and_labels_make_it() -> None:
    base = {"title": "a", "service": "s", "labels": {"x": "1", "y": "2"}}
    (same,) = read(
        {**base, "labels": {"y": "2", "x": "1"}, "description": "other", "severity": "low"}
    ).signals
    (key,) = {signal.dedup_key for signal in read([base, base]).signals}

    assert same.dedup_key == key
    for other in ({"title": "b"}, {"service": "t"}, {"labels": {"x": "1"}}, {"labels": {"x": "1", "y": "3"}}):
        assert read({**base, **other}).signals[0].dedup_key != key


def test_keys_may_be_numbers_and_long_ones_stay_distinct() -> None:
    assert read({"title": "a", "dedup_key": 42}).signals[0].dedup_key == "42"
    first, second = (read({"title": "a", "dedup_key": "k" * 300 + end}).signals[0].dedup_key for end in "ab")
    assert first != second
    assert len(first) <= 255


@pytest.mark.parametrize(
    "document", [None, "x", 1, {}, {"title": None}, {"title": {}}, {"status": "resolved"}, [[]]]
)
def test_what_is_no_alert_is_a_fault(document: object) -> None:
    assert read(document).nothing_understood()


def test_nul_and_overlong_text_are_cut_and_the_rest_stays() -> None:
    (signal,) = read(
        {"title": "a\x00b" + "c" * 1000, "labels": {"k\x00": "v\x00"}, "description": "d\x00"}
    ).signals

    assert signal.title.startswith("abccc")
    assert len(signal.title) == 500
    assert signal.labels == {"k": "v"}
    assert signal.description == "ab" + "c" * 1000 + "\n\nd"


def test_a_long_title_is_whole_in_the_description() -> None:
    whole = "It burns. " * 150

    bare, with_text = read([{"title": whole}, {"title": whole, "description": "Call 112."}]).signals

    assert bare.title == with_text.title == whole[:499] + "…"
    assert bare.description == whole.strip()
    assert with_text.description == f"{whole.strip()}\n\nCall 112."
    assert len(read({"title": "x" * 30_000}).signals[0].description) == 20_000
    assert read({"title": "short", "description": "d"}).signals[0].description == "d"


def test_nested_labels_are_kept_as_json() -> None:
    (signal,) = read(
        {"title": "a", "labels": {"a": {"c": 2, "b": 1}, "c": [1]}, "annotations": {"d": {}}}
    ).signals

    assert signal.labels == {"a": '{"b":1,"c":2}', "c": "[1]"}
    assert signal.annotations == {"d": "{}"}


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil", "ftp://x", "", 5, None, "x" * 3000]
)
def test_only_web_links_are_kept(url: object) -> None:
    assert read({"title": "a", "url": url}).signals[0].url is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (1795510740, datetime(2026, 11, 24, 8, 59, tzinfo=UTC)),
        (1795510740000, datetime(2026, 11, 24, 8, 59, tzinfo=UTC)),
        ("2026-11-24T08:59:00", datetime(2026, 11, 24, 8, 59, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("yesterday", None),
        (10**400, None),
        (True, None),
        (-(10**17), None),
        ([], None),
    ],
)
def test_times_are_read_or_left_out(text: object, moment: datetime | None) -> None:
    assert read({"title": "a", "started_at": text}).signals[0].started_at == moment


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"labels": {"a": "x" * 3_000 + "1"}}, {"labels": {"a": "x" * 3_000 + "2"}}),
        ({"labels": {"n" * 300 + "1": "x"}}, {"labels": {"n" * 300 + "2": "x"}}),
        ({"labels": {"where": {"host": "a"}}}, {"labels": {"where": {"host": "b"}}}),
        ({"labels": {"hosts": ["a"]}}, {"labels": {}}),
        ({"title": "t" * 600 + "1"}, {"title": "t" * 600 + "2"}),
    ],
)
def test_what_is_cut_off_still_tells_two_alerts_apart(
    one: dict[str, object], other: dict[str, object]
) -> None:
    """Else the second would be a repeat of the first, and page nobody (B13)."""
    signals = read([{"title": "It burns", **one}, {"title": "It burns", **other}]).signals

    assert signals[0].dedup_key != signals[1].dedup_key


def test_the_order_of_nested_names_makes_no_other_alert() -> None:
    orders: list[dict[str, int]] = [{"a": 1, "b": 2}, {"b": 2, "a": 1}]
    signals = read([{"title": "It burns", "labels": {"where": order}} for order in orders]).signals

    assert signals[0].dedup_key == signals[1].dedup_key
