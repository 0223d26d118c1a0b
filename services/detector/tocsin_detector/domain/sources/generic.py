"""Tocsin's own form, for whatever can send JSON: one object, or a list of them."""

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
    kept,
    label_set,
    moment,
    plain,
    web_link,
    with_whole_title,
    written,
)

_WORDS = {
    Told.FIRING: "firing fire fired trigger triggered open opened active alert alerting problem down critical",
    Told.RESOLVED: "resolved resolve ok closed close recovered recovery inactive up cleared",
    Told.ACKNOWLEDGED: "acknowledged acknowledge ack",
}
_STATES = {word: told for told, words in _WORDS.items() for word in words.split()}
_NO_LABELS: dict[str, str] = {}


def parse(document: object, defaults: Defaults, received_at: datetime) -> Parsed:
    """Signals of `{"title", "status"?, "severity"?, "dedup_key"?, "description"?, "service"?, "labels"?, …}`."""
    if isinstance(document, dict):
        return _of([_signal(document, defaults=defaults, pointer="")])
    if not isinstance(document, list):
        return malformed("", "Send one JSON object, or a list of them.")
    if not document:
        return Parsed((), ignored=("no_alerts",))
    return _of([_signal(item, defaults=defaults, pointer=f"/{index}") for index, item in enumerate(document)])


def _of(read: list[Signal | Fault]) -> Parsed:
    signals = tuple([item for item in read if isinstance(item, Signal)])
    faults = tuple([item for item in read if isinstance(item, Fault)])
    return Parsed(signals, faults=faults)


def _signal(item: object, *, defaults: Defaults, pointer: str) -> Signal | Fault:
    if not isinstance(item, dict):
        return Fault(pointer, "An alert is a JSON object.")
    told = _told(item.get("status"))
    if told is None:
        return Fault(f"{pointer}/status", "`status` is firing or resolved.")
    given = plain(item.get("dedup_key"), 10_000)
    title = plain(item.get("title"), TITLE).strip()
    if not title:
        if told is Told.FIRING or not given:
            return Fault(f"{pointer}/title", "`title` is missing: say in a few words what is wrong.")
        title = given[:TITLE]
    labels = label_set(item["labels"]) if item.get("labels") is not None else _NO_LABELS
    if labels is None:
        return Fault(f"{pointer}/labels", "`labels` is an object of names and values.")
    service = plain(item.get("service"), NAME).strip() or labels.get("service") or None
    key = (
        fingerprint.of_sender(given)
        if given
        else fingerprint.of_content(
            plain(item["title"], DESCRIPTION).strip(), service=service, labels=labels, sent=item.get("labels")
        )
    )
    return _built(item, told=told, title=title, labels=labels, service=service, key=key, defaults=defaults)


def _built(
    item: Mapping[str, Any],
    *,
    told: Told,
    title: str,
    labels: dict[str, str],
    service: str | None,
    key: tuple[str, str],
    defaults: Defaults,
) -> Signal:
    word = item.get("severity")
    severity, severity_rule = severity_of(labels.get("severity") if word is None else word, defaults.severity)
    return Signal(
        dedup_key=key[0],
        key_rule=key[1],
        told=told,
        severity=severity,
        severity_rule=severity_rule,
        title=title,
        description=_description(item, title),
        service=service,
        labels=kept(labels, item.get("labels")),
        annotations=kept(label_set(item.get("annotations")) or _NO_LABELS, item.get("annotations")),
        url=web_link(item.get("url")),
        started_at=moment(item.get("started_at")),
        ended_at=moment(item.get("ended_at")),
    )


def _description(item: Mapping[str, Any], title: str) -> str:
    said, whole = written(item.get("description"), DESCRIPTION), item.get("title")
    if not isinstance(whole, str) or len(whole) <= TITLE:
        return said
    return with_whole_title(title, plain(whole, DESCRIPTION).strip(), said)


def _told(status: object) -> Told | None:
    if status is None or status == "":
        return Told.FIRING
    if not isinstance(status, str):
        return None
    return _STATES.get(status) or _STATES.get(status.strip().lower())
