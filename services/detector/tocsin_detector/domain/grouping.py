"""Which alerts belong together: a key from labels, and a window within which alerts with that key join."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin_detector.domain.alert import Group
from tocsin_detector.domain.signal import Signal
from tocsin_detector.domain.texts import bounded_key
from tocsin_detector.domain.unparsed import KEY_RULE

DEFAULT_WINDOW = timedelta(hours=1)
LONGEST = timedelta(hours=24)
"""No group takes alerts in for longer than a day, however often one joins."""
_KEY_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Grouping:
    """How an integration groups. Empty `by` leaves it to the sender's own group, else to service and alertname.

    An alert with neither stands alone: that two of a service belong together is for the incident to decide, which
    is quick to say so in a storm, and does not hide one that comes an hour later.
    """

    by: tuple[str, ...] = ()
    window: timedelta = DEFAULT_WINDOW


@dataclass(frozen=True, slots=True)
class GroupKey:
    """The key, and the name of the rule that made it."""

    key: str
    rule: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether the alert joins the group or begins one, and why."""

    joins: bool
    reason: str


def group_key(signal: Signal, grouping: Grouping, *, service: str | None, source: str) -> GroupKey:
    """The key of the group that a signal belongs to. A label that is missing counts as empty, as in Alertmanager."""
    if grouping.by:
        return GroupKey(_labelled(grouping.by, signal.labels, service), "group_by")
    if signal.group_hint:
        return GroupKey(bounded_key(signal.group_hint, _KEY_LIMIT), "sender_group")
    if signal.key_rule == KEY_RULE:
        return GroupKey(KEY_RULE, KEY_RULE)
    name = signal.labels.get("alertname")
    if source != "pagerduty" and name:
        return GroupKey(_labelled(("service", "alertname"), signal.labels, service), "service_and_alertname")
    return GroupKey(bounded_key(signal.dedup_key, _KEY_LIMIT), "own_key")


def choose(group: Group | None, grouping: Grouping, now: datetime) -> Choice:
    """Whether an alert that opens at `now` joins the last group of its key.

    One that has ended goes on where an alert fires again within the window, an hour at least: it is one story, and
    `incidents` reopens what that group opened.
    """
    if group is None:
        return Choice(joins=False, reason="no_open_group")
    if group.closed_at is not None:
        lately = now - group.closed_at <= max(grouping.window, DEFAULT_WINDOW)
        return Choice(joins=lately, reason="ended_lately" if lately else "no_open_group")
    if now - group.opened_at > LONGEST:
        return Choice(joins=False, reason="group_is_a_day_old")
    if now - group.last_joined_at > grouping.window:
        return Choice(joins=False, reason="window_passed")
    return Choice(joins=True, reason="within_window")


def _labelled(names: Sequence[str], labels: Mapping[str, str], service: str | None) -> str:
    values = {**labels, "service": service or labels.get("service", "")}
    pairs = ", ".join(f'{name}="{_quoted(values.get(name, ""))}"' for name in names)
    return bounded_key("{" + pairs + "}", _KEY_LIMIT)


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"') if '"' in value or "\\" in value else value
