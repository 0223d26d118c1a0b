"""Alertmanager's webhook, on the bodies that real versions send."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tocsin_detector.domain.severity import Severity
from tocsin_detector.domain.signal import Defaults, Parsed, Told
from tocsin_detector.domain.sources.alertmanager import parse

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def v4(**changes: Any) -> dict[str, Any]:
    """A notification as Alertmanager 0.25 sends it, for two alerts of one group."""
    document = {
        "receiver": "tocsin",
        "status": "firing",
        "alerts": [
            {
                "status": "firing",
                "labels": {
                    "alertname": "HighLatency",
                    "instance": "web-1:9100",
                    "job": "web",
                    "service": "checkout",
                    "severity": "critical",
                },
                "annotations": {"summary": "p99 is 2.1 s on web-1", "description": "For ten minutes now."},
                "startsAt": "2026-11-24T08:50:11.123456789Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "http://prometheus:9090/graph?g0.expr=latency",
                "fingerprint": "c9d2f1a1b2c3d4e5",
            },
            {
                "status": "resolved",
                "labels": {"alertname": "HighLatency", "instance": "web-2:9100", "severity": "warning"},
                "annotations": {},
                "startsAt": "2026-11-24T08:40:00Z",
                "endsAt": "2026-11-24T08:55:00Z",
                "generatorURL": "",
                "fingerprint": "0011223344556677",
            },
        ],
        "groupLabels": {"alertname": "HighLatency"},
        "commonLabels": {"alertname": "HighLatency"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "version": "4",
        "groupKey": '{}:{alertname="HighLatency"}',
        "truncatedAlerts": 0,
    }
    return {**document, **changes}


def read(document: object) -> Parsed:
    return parse(document, Defaults(), NOW)


def test_each_alert_of_a_notification_is_a_signal_of_its_own() -> None:
    first, second = read(v4()).signals

    assert (first.told, first.dedup_key, first.key_rule) == (Told.FIRING, "c9d2f1a1b2c3d4e5", "fingerprint")
    assert (first.title, first.description) == ("p99 is 2.1 s on web-1", "For ten minutes now.")
    assert (first.service, first.severity) == ("checkout", Severity.CRITICAL)
    assert first.started_at == datetime(2026, 11, 24, 8, 50, 11, 123456, tzinfo=UTC)
    assert first.ended_at is None
    assert first.expires_at is None
    assert first.url == "http://prometheus:9090/graph?g0.expr=latency"
    assert first.group_hint == '{}:{alertname="HighLatency"}'
    assert (second.told, second.severity) == (Told.RESOLVED, Severity.MEDIUM)
    assert second.ended_at == datetime(2026, 11, 24, 8, 55, tzinfo=UTC)
    assert second.url == "http://alertmanager:9093"


def test_an_alerts_own_status_counts_and_not_its_groups() -> None:
    signals = read(v4(status="firing")).signals

    assert [signal.told for signal in signals] == [Told.FIRING, Told.RESOLVED]


def test_a_firing_alert_whose_end_lies_behind_is_firing() -> None:
    """The sender's clock may be hours behind (prometheus#10342)."""
    document = v4()
    document["alerts"][0]["endsAt"] = "2026-11-24T06:00:00Z"

    (signal, _) = read(document).signals

    assert signal.told is Told.FIRING
    assert signal.ended_at is None


def test_version_3_has_a_number_for_a_group_key_and_no_fingerprints() -> None:
    document = v4(version="3", groupKey=8113312563435454)
    for alert in document["alerts"]:
        del alert["fingerprint"]

    first, second = read(document).signals

    assert first.group_hint == "8113312563435454"
    assert first.key_rule == "labels:1"
    assert first.dedup_key.startswith("labels:1:")
    assert first.dedup_key != second.dedup_key


@pytest.mark.parametrize(
    "missing", ["status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint"]
)
def test_an_alert_may_lack_any_one_field(missing: str) -> None:
    document = v4()
    del document["alerts"][0][missing]

    parsed = read(document)

    assert len(parsed.signals) == 2
    assert parsed.faults == ()


@pytest.mark.parametrize(
    "missing",
    [
        "receiver",
        "status",
        "groupLabels",
        "commonLabels",
        "commonAnnotations",
        "externalURL",
        "version",
        "groupKey",
    ],
)
def test_the_notification_may_lack_all_but_its_alerts(missing: str) -> None:
    document = v4()
    del document[missing]

    assert len(read(document).signals) == 2


def test_without_a_group_key_the_groups_labels_are_the_key() -> None:
    document = v4(groupLabels={"b": "2", "a": "1"})
    del document["groupKey"]

    assert read(document).signals[0].group_hint == '{a="1", b="2"}'


def test_a_title_is_found_somewhere() -> None:
    bare = {"status": "firing", "labels": {"alertname": "DiskFull"}}

    assert read({"alerts": [bare]}).signals[0].title == "DiskFull"
    assert read({"alerts": [{"labels": {"job": "x"}}]}).signals[0].title == "Alert without a name"
    many_lines = {"labels": {"a": "b"}, "annotations": {"description": "first\nsecond"}}
    assert read({"alerts": [many_lines]}).signals[0].title == "first second"


def test_labels_that_are_no_text_are_written_as_text() -> None:
    alert = {"labels": {"alertname": "A", "port": 9100, "up": False, "gone": None, "deep": {"x": 1}}}
    flat = {"labels": {"alertname": "A", "port": 9100, "up": False}}

    signal, other = read({"alerts": [alert, flat]}).signals

    assert signal.labels == {"alertname": "A", "port": "9100", "up": "false", "deep": '{"x":1}'}
    assert signal.dedup_key != other.dedup_key, "all labels count, also those that are no text"


def test_long_annotations_are_whole_in_the_description() -> None:
    summary, description = "s " * 1_200, "d" * 5_000
    alert = {"labels": {"alertname": "A"}, "annotations": {"summary": summary, "description": description}}

    (signal,) = read({"alerts": [alert]}).signals

    assert signal.title == summary[:499] + "…"
    assert signal.description == f"{summary}\n\n{description}"
    assert len(signal.annotations["description"]) == 2_000


def test_a_title_that_is_the_description_is_not_said_twice() -> None:
    text = "first\n" + "second " * 200
    alert = {"labels": {"job": "x"}, "annotations": {"description": text}}

    (signal,) = read({"alerts": [alert]}).signals

    assert signal.title.startswith("first second")
    assert signal.description == text


def test_links_lead_to_the_web_only() -> None:
    alert = {"labels": {"alertname": "A"}, "generatorURL": "javascript:alert(1)"}

    assert read({"alerts": [alert]}).signals[0].url is None


@pytest.mark.parametrize("document", [None, [], "x", 1, {}, {"alerts": None}, {"alerts": {}}])
def test_what_is_no_notification_is_a_fault(document: object) -> None:
    assert read(document).nothing_understood()


def test_one_bad_alert_does_not_take_the_others_along() -> None:
    document = v4()
    document["alerts"] += ["nonsense", {"status": "paused", "labels": {"a": "b"}}, {"labels": []}]

    parsed = read(document)

    assert len(parsed.signals) == 2
    assert [fault.pointer for fault in parsed.faults] == ["/alerts/2", "/alerts/3/status", "/alerts/4/labels"]
    assert not parsed.nothing_understood()


def test_a_notification_without_alerts_is_ignored() -> None:
    assert read({"alerts": []}) == Parsed((), ignored=("no_alerts",))


def test_a_fingerprint_is_text_that_can_be_stored() -> None:
    """The receipt names the key under which the alert is kept, so that its end finds it."""
    document = {"alerts": [{"status": "firing", "labels": {"a": "b"}, "fingerprint": "fp\0nul"}]}
    (signal,) = parse(document, Defaults(), NOW).signals

    assert signal.dedup_key == "fpnul"
