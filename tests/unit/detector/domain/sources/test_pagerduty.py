"""PagerDuty's Events API v2."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tocsin_detector.domain.severity import Severity
from tocsin_detector.domain.signal import Defaults, Told
from tocsin_detector.domain.sources.pagerduty import lacks_key, parse, read_event

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def event(**changes: Any) -> dict[str, Any]:
    """An event as PagerDuty's documentation shows one."""
    document = {
        "payload": {
            "summary": "DISK at 99% on machine prod-datapipe03.example.com",
            "timestamp": "2026-11-24T08:42:58.315+0000",
            "severity": "critical",
            "source": "prod-datapipe03.example.com",
            "component": "mysql",
            "group": "prod-datapipe",
            "class": "disk",
            "custom_details": {"free space": "1%", "ping time": 1500, "load avg": 0.75, "tags": ["a"]},
        },
        "routing_key": "samplekeyhere",
        "dedup_key": "samplekeyhere",
        "event_action": "trigger",
        "client": "Sample Monitoring Service",
        "client_url": "https://monitoring.example.com",
        "links": [{"href": "http://pagerduty.example.com", "text": "An example link."}],
        "images": [{"src": "https://chart.example.com/x.png"}],
    }
    return {**document, **changes}


def test_a_key_is_given_to_a_trigger_alone() -> None:
    blank: list[object] = [None, "", "  ", "\x00"]
    for key in blank:
        assert lacks_key(event(dedup_key=key))
        for action in ("acknowledge", "resolve"):
            ending = event(dedup_key=key, event_action=action)
            assert not lacks_key(ending)
            assert read_event(ending).errors == ("'dedup_key' is missing or blank",)
    assert not lacks_key(event())


def test_a_trigger_is_a_firing_alert() -> None:
    (signal,) = parse(event(), Defaults(), NOW).signals

    assert (signal.told, signal.severity) == (Told.FIRING, Severity.CRITICAL)
    assert signal.title == "DISK at 99% on machine prod-datapipe03.example.com"
    assert signal.labels == {
        "source": "prod-datapipe03.example.com",
        "component": "mysql",
        "group": "prod-datapipe",
        "class": "disk",
    }
    assert signal.annotations == {
        "free space": "1%",
        "ping time": "1500",
        "load avg": "0.75",
        "tags": '["a"]',
    }
    assert signal.url == "http://pagerduty.example.com"
    assert signal.started_at == datetime(2026, 11, 24, 8, 42, 58, 315000, tzinfo=UTC)


def test_nested_details_are_kept_as_json_with_sorted_names() -> None:
    document = event()
    document["payload"] |= {
        "source": {"region": "eu-1", "host": "db-1"},
        "custom_details": {"a": 1, "nested": {"x": [1, 2], "b": None}, "long": ["é" * 3_000]},
    }

    (signal,) = parse(document, Defaults(), NOW).signals

    assert signal.labels["source"] == '{"host":"db-1","region":"eu-1"}'
    assert signal.annotations["a"] == "1"
    assert signal.annotations["nested"] == '{"b":null,"x":[1,2]}'
    assert len(signal.annotations["long"]) == 2_000
    assert signal.annotations["long"].startswith('["éé')


def test_details_that_are_no_object_are_the_description() -> None:
    document = event()
    for details, said in (
        ("Look at the disk.", "Look at the disk."),
        ([1, {"b": 2}], '[1,{"b":2}]'),
        (7, "7"),
    ):
        document["payload"]["custom_details"] = details

        assert parse(document, Defaults(), NOW).signals[0].description == said


def test_a_long_summary_is_the_title_as_far_as_it_goes_and_whole_in_the_description() -> None:
    document = event()
    summary = " ".join(f"word{number}" for number in range(210))
    document["payload"] |= {"summary": summary, "custom_details": "More."}

    (signal,) = parse(document, Defaults(), NOW).signals
    (ending,) = parse({**event(event_action="resolve"), "payload": None}, Defaults(), NOW).signals

    assert len(summary) > 1_500
    assert signal.title == summary[:499] + "…"
    assert signal.description == f"{summary}\n\nMore."
    assert (ending.title, ending.description) == ("samplekeyhere", "")


@pytest.mark.parametrize(("action", "told"), [("acknowledge", Told.ACKNOWLEDGED), ("resolve", Told.RESOLVED)])
def test_acknowledge_and_resolve_need_a_key_only(action: str, told: Told) -> None:
    bare = {"routing_key": "k", "event_action": action, "dedup_key": "d"}

    (signal,) = parse(bare, Defaults(), NOW).signals

    assert (signal.told, signal.dedup_key) == (told, "d")


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("critical", Severity.CRITICAL),
        ("error", Severity.HIGH),
        ("warning", Severity.MEDIUM),
        ("info", Severity.INFO),
    ],
)
def test_severities(word: str, severity: Severity) -> None:
    document = event()
    document["payload"]["severity"] = word

    assert parse(document, Defaults(), NOW).signals[0].severity is severity


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"routing_key": None}, "'routing_key' is missing or blank"),
        ({"event_action": None}, "'event_action' is missing or blank"),
        (
            {"event_action": "page"},
            "'event_action' is invalid (must be one of: 'trigger', 'acknowledge' or 'resolve')",
        ),
        (
            {"event_action": ["trigger"]},
            "'event_action' is invalid (must be one of: 'trigger', 'acknowledge' or 'resolve')",
        ),
        ({"payload": None}, "'payload' is missing or blank"),
        ({"payload": {"source": "s", "severity": "info"}}, "'payload.summary' is missing or blank"),
        ({"payload": {"summary": "s", "severity": "info"}}, "'payload.source' is missing or blank"),
        ({"event_action": "resolve", "dedup_key": None}, "'dedup_key' is missing or blank"),
        ({"dedup_key": 5}, "'dedup_key' must be a string"),
        ({"dedup_key": "x" * 256}, "Length of 'dedup_key' must be at most 255 characters"),
    ],
)
def test_what_pagerduty_would_object_to(changes: dict[str, Any], error: str) -> None:
    assert error in read_event(event(**changes)).errors


def test_an_unknown_severity_is_an_error() -> None:
    document = event()
    document["payload"]["severity"] = "apocalyptic"

    (error,) = read_event(document).errors

    assert error.startswith("'payload.severity' is invalid")


@pytest.mark.parametrize("document", [None, [], "x", 5])
def test_what_is_no_object_is_an_error(document: object) -> None:
    assert read_event(document).errors == ("The event must be a JSON object",)
    assert parse(document, Defaults(), NOW).nothing_understood()
