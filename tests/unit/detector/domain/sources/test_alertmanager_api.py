"""Alertmanager's API v2, as a Prometheus server speaks it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tocsin_detector.domain.signal import Defaults, Parsed, Told
from tocsin_detector.domain.sources.alertmanager_api import parse
from tocsin_detector.domain.texts import LABELS

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def posted(**changes: Any) -> dict[str, Any]:
    """An alert as Prometheus posts it."""
    alert = {
        "annotations": {"summary": "Instance web-1 is down"},
        "endsAt": "2026-11-24T09:04:00.000Z",
        "startsAt": "2026-11-24T08:58:15.000Z",
        "generatorURL": "http://prom:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1",
        "labels": {"alertname": "InstanceDown", "instance": "web-1:9100", "job": "node", "severity": "page"},
    }
    return {**alert, **changes}


def read(document: object, defaults: Defaults | None = None) -> Parsed:
    return parse(document, defaults or Defaults(), NOW)


def test_a_firing_alert_holds_until_its_end() -> None:
    (signal,) = read([posted()]).signals

    assert signal.told is Told.FIRING
    assert signal.expires_at == datetime(2026, 11, 24, 9, 4, tzinfo=UTC)
    assert signal.ended_at is None
    assert signal.title == "Instance web-1 is down"
    assert signal.key_rule == "labels:1"


def test_an_end_in_the_past_says_that_it_is_over() -> None:
    (signal,) = read([posted(endsAt="2026-11-24T08:59:59Z")]).signals

    assert signal.told is Told.RESOLVED
    assert signal.ended_at == datetime(2026, 11, 24, 8, 59, 59, tzinfo=UTC)
    assert signal.expires_at is None


def test_an_end_longer_ago_than_anyone_tells_of_ends_is_a_clock_that_is_behind() -> None:
    """B21: it fires, holds for the resolve time-out, and says what is wrong with the sender."""
    (signal,) = read([posted(startsAt="2026-11-24T05:58:15Z", endsAt="2026-11-24T06:00:00Z")]).signals

    assert signal.told is Told.FIRING
    assert signal.expires_at == NOW + timedelta(minutes=5)
    assert "180 minutes ago" in signal.annotations["tocsin_clock"]
    assert signal.ended_at == datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
    assert signal.ends_long_past
    (ended,) = read([posted(endsAt="2026-11-24T08:44:00Z")]).signals
    assert ended.told is Told.RESOLVED
    assert not ended.ends_long_past


def test_what_says_that_the_clock_is_behind_is_kept_however_much_else_is_said() -> None:
    """Else an alert that has always come so would look as if it had come with a believable end, and end."""
    many = {f"note_{number}": "x" for number in range(2 * LABELS)}
    (signal,) = read([posted(annotations=many, endsAt="2026-11-24T06:00:00Z")]).signals

    assert "180 minutes ago" in signal.annotations["tocsin_clock"]


def test_a_sender_cannot_say_itself_that_its_clock_is_behind() -> None:
    (signal,) = read([posted(annotations={"tocsin_clock": "x", "summary": "y"})]).signals

    assert signal.annotations == {"summary": "y"}


@pytest.mark.parametrize("end", [None, "0001-01-01T00:00:00Z", "soon"])
def test_without_an_end_it_holds_for_the_resolve_timeout(end: str | None) -> None:
    (signal,) = read([posted(endsAt=end)], Defaults(resolve_timeout_seconds=120)).signals

    assert signal.told is Told.FIRING
    assert signal.expires_at == NOW + timedelta(minutes=2)


def test_both_ends_of_an_alert_have_one_key() -> None:
    firing, resolved = read([posted(), posted(endsAt="2026-11-24T08:59:59Z")]).signals

    assert firing.dedup_key == resolved.dedup_key


def test_empty_labels_do_not_count_as_in_prometheus() -> None:
    with_empty = posted(labels={**posted()["labels"], "team": ""})

    first, second = read([posted(), with_empty]).signals

    assert first.dedup_key == second.dedup_key


@pytest.mark.parametrize("document", [None, {}, "x", 3, {"alerts": []}])
def test_what_is_no_list_is_a_fault(document: object) -> None:
    assert read(document).nothing_understood()


def test_an_alert_without_labels_is_a_fault() -> None:
    assert read([{}, {"labels": {}}, {"labels": "x"}, 7]).nothing_understood()


def test_an_empty_list_is_ignored() -> None:
    assert read([]).ignored == ("no_alerts",)
