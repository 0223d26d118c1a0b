"""Alertmanager's own API v2, as a Prometheus server speaks it: every firing alert is told again about every minute.

`endsAt` says until when the alert holds if it is not told again; one in the past says that it has ended. Without one it
holds for the integration's resolve time-out, as in Alertmanager.

Prometheus, vmalert and Grafana stop telling of an end after 15 minutes. So one that lies further back than RETOLD says
little by itself: the sender's clock may be behind, and the alert fire. It is read as firing, with that end; the lane
decides by the alert that it concerns (`domain/dedup.py`, decision 26).
"""

from datetime import datetime, timedelta

from tocsin_detector.domain import fingerprint
from tocsin_detector.domain.signal import CLOCK_BEHIND, Defaults, Fault, Parsed, Signal, Told, malformed
from tocsin_detector.domain.sources.alertmanager import signal_of
from tocsin_detector.domain.texts import label_set, moment, web_link

RETOLD = timedelta(minutes=20)


def parse(document: object, defaults: Defaults, received_at: datetime) -> Parsed:
    """Signals of `POST /api/v2/alerts`: a list of objects with labels, annotations, startsAt, endsAt, generatorURL."""
    if not isinstance(document, list):
        return malformed("", "Alertmanager's API takes a JSON list of alerts.")
    signals, faults = [], []
    for index, alert in enumerate(document):
        read = _signal(alert, defaults=defaults, received_at=received_at, pointer=f"/{index}")
        if isinstance(read, Signal):
            signals.append(read)
        else:
            faults.append(read)
    return Parsed(tuple(signals), ignored=() if document else ("no_alerts",), faults=tuple(faults))


def _signal(alert: object, *, defaults: Defaults, received_at: datetime, pointer: str) -> Signal | Fault:
    if not isinstance(alert, dict):
        return Fault(pointer, "An alert is a JSON object.")
    labels = {name: value for name, value in (label_set(alert.get("labels")) or {}).items() if value}
    if not labels:
        return Fault(f"{pointer}/labels", "`labels` names at least one label, and a value.")
    ends_at = moment(alert.get("endsAt"))
    annotations = label_set(alert.get("annotations")) or {}
    annotations.pop(CLOCK_BEHIND, None)
    is_past = ends_at is not None and ends_at <= received_at
    is_long_past = ends_at is not None and ends_at < received_at - RETOLD
    if ends_at is not None and is_long_past:
        annotations = {
            CLOCK_BEHIND: _behind(received_at - ends_at),
            **annotations,
        }  # first: the rest may be cut
    ended = is_past and not is_long_past
    holds = timedelta(seconds=defaults.resolve_timeout_seconds)
    until = ends_at if ends_at is not None and not is_past else received_at + holds
    return signal_of(
        alert,
        told=Told.RESOLVED if ended else Told.FIRING,
        labels=labels,
        annotations=annotations,
        key=fingerprint.of_labels(labels, alert.get("labels")),
        defaults=defaults,
        url=web_link(alert.get("generatorURL")),
        ended_at=ends_at if is_past else None,
        expires_at=None if ended else until,
    )


def _behind(late: timedelta) -> str:
    minutes = late // timedelta(minutes=1)
    return (
        f"It came with an end {minutes} minutes ago, so the sender's clock seems to be behind. Set it right:"
        " until then, alerts from this sender end late."
    )
