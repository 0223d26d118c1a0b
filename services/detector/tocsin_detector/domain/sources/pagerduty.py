"""PagerDuty's Events API v2, so that whatever pages through PagerDuty can page through Tocsin unchanged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin_detector.domain.fingerprint import of_sender
from tocsin_detector.domain.severity import severity_of
from tocsin_detector.domain.signal import Defaults, Fault, Parsed, Signal, Told
from tocsin_detector.domain.texts import (
    DESCRIPTION,
    NAME,
    TITLE,
    VALUE,
    kept,
    label_set,
    moment,
    plain,
    web_link,
    with_whole_title,
    written,
)

_ACTIONS = {"trigger": Told.FIRING, "acknowledge": Told.ACKNOWLEDGED, "resolve": Told.RESOLVED}
_SEVERITIES = ("critical", "warning", "error", "info")
_PLACES = ("source", "component", "group", "class")
LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Event:
    """An event as PagerDuty understands it: whom it is for, and what it says. `errors` are in PagerDuty's words."""

    routing_key: str
    errors: tuple[str, ...]


def read_event(document: object) -> Event:
    """The routing key, and what PagerDuty would object to."""
    if not isinstance(document, dict):
        return Event("", ("The event must be a JSON object",))
    key = document.get("routing_key")
    return Event(key if isinstance(key, str) else "", tuple(_errors(document)))


def lacks_key(document: Mapping[str, Any]) -> bool:
    """Whether it triggers without a `dedup_key`, and so is given one. What ends or takes an alert must name it."""
    return document.get("event_action") == "trigger" and not _named(document.get("dedup_key"))


def _named(key: object) -> object:
    return plain(key, LONGEST_KEY + 1).strip() if isinstance(key, str) else key


def _errors(document: Mapping[str, Any]) -> list[str]:
    errors = []
    if not isinstance(document.get("routing_key"), str) or not document["routing_key"]:
        errors.append("'routing_key' is missing or blank")
    action, key = document.get("event_action"), document.get("dedup_key")
    if not action:
        errors.append("'event_action' is missing or blank")
    elif not isinstance(action, str) or action not in _ACTIONS:
        errors.append("'event_action' is invalid (must be one of: 'trigger', 'acknowledge' or 'resolve')")
    if key is not None and not isinstance(key, str):
        errors.append("'dedup_key' must be a string")
    elif key and len(key) > LONGEST_KEY:
        errors.append(f"Length of 'dedup_key' must be at most {LONGEST_KEY} characters")
    if action == "trigger":
        errors += _payload_errors(document.get("payload"))
    elif action in ("acknowledge", "resolve") and not _named(key):
        errors.append("'dedup_key' is missing or blank")
    return errors


def _payload_errors(payload: object) -> list[str]:
    if not isinstance(payload, dict):
        return ["'payload' is missing or blank"]
    errors = [
        f"'payload.{name}' is missing or blank"
        for name in ("summary", "source", "severity")
        if not payload.get(name)
    ]
    if payload.get("severity") and payload["severity"] not in _SEVERITIES:
        errors.append(
            "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')"
        )
    return errors


def parse(document: object, defaults: Defaults, received_at: datetime) -> Parsed:
    """The one signal of an event that carries its `dedup_key`; the road gives one to an event without."""
    event = read_event(document)
    if event.errors or not isinstance(document, dict):
        return Parsed((), faults=tuple(Fault("", error) for error in event.errors))
    payload = document.get("payload")
    return Parsed((_signal(document, payload if isinstance(payload, dict) else {}, defaults),))


def _signal(document: Mapping[str, Any], payload: Mapping[str, Any], defaults: Defaults) -> Signal:
    details = payload.get("custom_details")
    extra = label_set(details) or {}
    key, key_rule = of_sender(plain(document.get("dedup_key"), LONGEST_KEY))
    severity, severity_rule = severity_of(payload.get("severity"), defaults.severity)
    service = extra.get("service") or plain(payload.get("component"), NAME)
    title = plain(payload.get("summary"), TITLE).strip() or key
    said = "" if isinstance(details, dict) else written(details, DESCRIPTION)
    return Signal(
        dedup_key=key,
        key_rule=key_rule,
        told=_ACTIONS[document["event_action"]],
        severity=severity,
        severity_rule=severity_rule,
        title=title,
        description=with_whole_title(title, plain(payload.get("summary"), DESCRIPTION).strip(), said),
        service=service or None,
        labels={name: written(payload[name], VALUE) for name in _PLACES if payload.get(name)},
        annotations=kept(extra, details),
        url=_link(document),
        started_at=moment(payload.get("timestamp")),
    )


def _link(document: Mapping[str, Any]) -> str | None:
    links = document.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and web_link(link.get("href")):
            return web_link(link["href"])
    return web_link(document.get("client_url"))
