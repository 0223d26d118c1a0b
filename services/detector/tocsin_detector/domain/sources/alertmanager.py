"""Alertmanager's webhook, version 4, and the version 3 that older ones still send."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tocsin_detector.domain import fingerprint
from tocsin_detector.domain.severity import severity_of
from tocsin_detector.domain.signal import Defaults, Fault, Parsed, Signal, Told, malformed
from tocsin_detector.domain.texts import (
    DESCRIPTION,
    NAME,
    TITLE,
    VALUE,
    bounded_key,
    kept,
    label_set,
    moment,
    plain,
    web_link,
    with_whole_title,
)

_SERVICE_LABELS = ("service", "service_name", "app")
_TEXTS = ("summary", "title", "message", "description")
_NAMELESS = "Alert without a name"
_STATES = {"firing": Told.FIRING, "resolved": Told.RESOLVED}


def parse(document: object, defaults: Defaults, received_at: datetime) -> Parsed:
    """Signals of a group's notification. Each alert's own status counts; the group's is only its summary."""
    if not isinstance(document, dict):
        return malformed("", "An Alertmanager notification is a JSON object with a list `alerts`.")
    alerts = document.get("alerts")
    if not isinstance(alerts, list):
        return malformed("/alerts", "The list `alerts` is missing.")
    signals, faults = [], []
    group = _group_of(document)
    shared = _Shared(document)
    for index, alert in enumerate(alerts):
        read = _signal(alert, shared=shared, group=group, defaults=defaults, pointer=f"/alerts/{index}")
        if isinstance(read, Signal):
            signals.append(read)
        else:
            faults.append(read)
    return Parsed(tuple(signals), ignored=() if alerts else ("no_alerts",), faults=tuple(faults))


class _Shared:
    """What the notification says about all of its alerts, for those that do not say it themselves."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.status = document.get("status")
        self.labels = label_set(document.get("commonLabels")) or {}
        self.annotations = label_set(document.get("commonAnnotations")) or {}
        self.url = web_link(document.get("externalURL"))


def _group_of(document: Mapping[str, Any]) -> str | None:
    key = document.get("groupKey")
    if isinstance(key, str | int) and not isinstance(key, bool) and key != "":
        return bounded_key(plain(key, 10_000))
    labels = label_set(document.get("groupLabels"))
    if labels is None:
        return None
    return bounded_key("{" + ", ".join(f'{name}="{labels[name]}"' for name in sorted(labels)) + "}")


def _signal(
    alert: object, *, shared: _Shared, group: str | None, defaults: Defaults, pointer: str
) -> Signal | Fault:
    if not isinstance(alert, dict):
        return Fault(pointer, "An alert is a JSON object.")
    labels = label_set(alert.get("labels", {}))
    if labels is None:
        return Fault(f"{pointer}/labels", "`labels` is an object of names and values.")
    status = alert.get("status") or shared.status or "firing"
    told = _STATES.get(status) if isinstance(status, str) else None
    if told is None:
        return Fault(f"{pointer}/status", "`status` is firing or resolved.")
    labels = labels or shared.labels
    key = alert.get("fingerprint")
    if not labels and not key:
        return Fault(pointer, "The alert has neither labels nor a fingerprint.")
    return signal_of(
        alert,
        told=told,
        labels=labels,
        annotations=label_set(alert.get("annotations")) or shared.annotations,
        key=(bounded_key(plain(key, 10_000)), "fingerprint")
        if isinstance(key, str) and key
        else fingerprint.of_labels(labels, alert.get("labels")),
        group_hint=group,
        defaults=defaults,
        url=web_link(alert.get("generatorURL")) or shared.url,
        ended_at=moment(alert.get("endsAt")) if told is Told.RESOLVED else None,
    )


def signal_of(
    alert: Mapping[str, Any],
    *,
    told: Told,
    labels: dict[str, str],
    annotations: dict[str, str],
    key: tuple[str, str],
    defaults: Defaults,
    group_hint: str | None = None,
    url: str | None = None,
    ended_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> Signal:
    """What the webhook and the API of Alertmanager have in common: how labels and annotations are read."""
    severity, severity_rule = severity_of(labels.get("severity"), defaults.severity)
    title, description = _texts(alert, labels, annotations)
    service = next((labels[name] for name in _SERVICE_LABELS if labels.get(name)), None)
    return Signal(
        dedup_key=key[0],
        key_rule=key[1],
        told=told,
        severity=severity,
        severity_rule=severity_rule,
        title=title,
        description=description,
        service=plain(service, NAME) if service else None,
        labels=kept(labels, alert.get("labels")),
        annotations=kept(annotations, alert.get("annotations")),
        url=url,
        started_at=moment(alert.get("startsAt")),
        ended_at=ended_at,
        expires_at=expires_at,
        group_hint=group_hint,
    )


def _texts(
    alert: Mapping[str, Any], labels: Mapping[str, str], annotations: Mapping[str, str]
) -> tuple[str, str]:
    """The title, and the description: annotations are cut as labels are, what they say in a description is not."""
    summary, title, message, description = (_whole(alert, annotations, name) for name in _TEXTS)
    told = summary or title or labels.get("alertname") or message or description or _NAMELESS
    line = " ".join(told.split()) if "\n" in told else told
    described = description or message
    if len(line) <= TITLE:
        return line or _NAMELESS, described
    short = plain(line, TITLE)
    return short, with_whole_title(short, told, described)


def _whole(alert: Mapping[str, Any], annotations: Mapping[str, str], name: str) -> str:
    known = annotations.get(name, "")
    if len(known) < VALUE:  # it was not cut
        return known
    own = alert.get("annotations")
    text = own.get(name) if isinstance(own, dict) else None
    return plain(text, DESCRIPTION) if isinstance(text, str) else known
