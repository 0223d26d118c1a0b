"""One turn of a lane: signals are played, in order, on the alerts and groups they concern."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from tocsin_detector.domain.alert import Alert, Group, Status
from tocsin_detector.domain.catalogue import ServiceMatch
from tocsin_detector.domain.dedup import Decision, Verb, decide
from tocsin_detector.domain.grouping import Choice, Grouping, GroupKey, choose
from tocsin_detector.domain.severity import Severity
from tocsin_detector.domain.signal import CLOCK_BEHIND, Signal

TELL_AGAIN = timedelta(minutes=1)
"""A repeat that changes nothing is passed on at most so often; one that changes severity or title always."""


class News(StrEnum):
    """What the other services are told."""

    OPENED = "opened"
    REPEATED = "repeated"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Heard:
    """A signal, where it came from, and what was found out about it beforehand."""

    signal: Signal
    delivery_id: UUID
    integration_id: UUID
    received_at: datetime
    source: str
    service: ServiceMatch
    group_key: GroupKey
    grouping: Grouping
    traceparent: str | None = None

    @property
    def key(self) -> tuple[UUID, str]:
        """Dedup keys are scoped to the integration."""
        return self.integration_id, self.signal.dedup_key


@dataclass(frozen=True, slots=True)
class Step:
    """What one signal did: the decision, the alert afterwards (None when it touched none), and the news.

    `group_alerts` is how many alerts its group has had, when it opened one.
    """

    heard: Heard
    decision: Decision
    alert: Alert | None
    group: Choice | None = None
    news: News | None = None
    previous_severity: Severity | None = None
    group_alerts: int = 0


class Turn:
    """Holds the newest alert of each key and the groups, and changes them signal by signal. Does no I/O."""

    def __init__(self, alerts: Iterable[Alert], groups: Iterable[Group], new_id: Callable[[], UUID]) -> None:
        self._alerts = {(a.integration_id, a.dedup_key): a for a in alerts}
        self._by_id = {g.id: g for g in groups}
        self._open: dict[tuple[UUID, str], Group] = {}
        self._ended: dict[tuple[UUID, str], Group] = {}
        for group in self._by_id.values():
            self._place(group)
        self._new_id = new_id
        self.opened: dict[UUID, Alert] = {}
        self.changed: dict[UUID, Alert] = {}
        self.new_groups: dict[UUID, Group] = {}
        self.changed_groups: dict[UUID, Group] = {}

    def hear(self, heard: Heard) -> Step:
        """Decide what the signal does, and do it."""
        latest = self._alerts.get(heard.key)
        decision = decide(heard.signal, latest, at=heard.received_at)
        if decision.verb is Verb.OPEN:
            return self._open_alert(heard, decision)
        if latest is None or decision.verb is Verb.NOTHING:
            return Step(heard, decision, latest)
        if decision.verb is Verb.RESOLVE:
            ended_at = _within(heard.signal.ended_at, latest.started_at, heard.received_at)
            ended = self.end(latest, ended_at, decision.reason, received_at=heard.received_at)
            return Step(heard, decision, ended, news=News.RESOLVED)
        if decision.verb is Verb.ACKNOWLEDGE:
            return self._acknowledge(heard, decision, latest)
        return self._repeat(heard, decision, latest)

    def end(self, alert: Alert, at: datetime, reason: str, *, received_at: datetime | None = None) -> Alert:
        """Resolve an open alert; its group closes with its last one, until one fires again soon."""
        ended = replace(
            alert,
            status=Status.RESOLVED,
            ended_at=at,
            end_reason=reason,
            expires_at=None,
            last_received_at=received_at or alert.last_received_at,
        )
        self._keep(ended)
        group = self._by_id.get(alert.group_id)
        if group is not None:
            left = max(0, group.open_alerts - 1)
            closed_at = group.closed_at or (None if left else received_at or at)
            self._keep_group(replace(group, open_alerts=left, closed_at=closed_at))
        return ended

    def _open_alert(self, heard: Heard, decision: Decision) -> Step:
        group, choice = self._group_for(heard)
        signal, at = heard.signal, heard.received_at
        alert = Alert(
            id=self._new_id(),
            integration_id=heard.integration_id,
            dedup_key=signal.dedup_key,
            group_id=group.id,
            group_key=group.key,
            status=Status.FIRING,
            severity=signal.severity,
            title=signal.title,
            source=heard.source,
            opened_at=at,
            started_at=min(signal.started_at or at, at),
            last_received_at=at,
            told_at=at,
            description=signal.description,
            service=heard.service.name,
            service_id=heard.service.service_id,
            labels=signal.labels,
            annotations=signal.annotations,
            url=signal.url,
            sender_started_at=signal.started_at,
            expires_at=signal.expires_at,
        )
        self._alerts[heard.key] = self.opened[alert.id] = alert
        return Step(heard, decision, alert, group=choice, news=News.OPENED, group_alerts=group.alerts)

    def _group_for(self, heard: Heard) -> tuple[Group, Choice]:
        place = (heard.integration_id, heard.group_key.key)
        known, at = self._open.get(place) or self._ended.get(place), heard.received_at
        choice = choose(known, heard.grouping, at)
        if known is not None and choice.joins:
            joined = replace(
                known,
                opened_at=known.opened_at if known.closed_at is None else at,
                closed_at=None,
                last_joined_at=max(known.last_joined_at, at),
                open_alerts=known.open_alerts + 1,
                alerts=known.alerts + 1,
            )
            return self._keep_group(joined), choice
        if known is not None and known.closed_at is None:
            self._keep_group(replace(known, closed_at=at))
        group = Group(
            self._new_id(), heard.integration_id, heard.group_key.key, at, at, open_alerts=1, alerts=1
        )
        self.new_groups[group.id] = self._by_id[group.id] = self._open[place] = group
        return group, choice

    def _repeat(self, heard: Heard, decision: Decision, latest: Alert) -> Step:
        signal, at = heard.signal, heard.received_at
        regraded = decision.reason == "severity_changed"
        tells = regraded or decision.reason == "title_changed" or at - latest.told_at >= TELL_AGAIN
        repeated = replace(
            latest,
            severity=signal.severity,
            title=signal.title,
            description=signal.description or latest.description,
            labels=signal.labels or latest.labels,
            annotations=signal.annotations or _told_right(latest.annotations),
            url=signal.url or latest.url,
            last_received_at=max(latest.last_received_at, at),
            told_at=at if tells else latest.told_at,
            expires_at=signal.expires_at,
            count=latest.count + 1,
        )
        self._keep(repeated)
        previous = latest.severity if regraded else None
        news = News.REPEATED if tells else None
        return Step(heard, decision, repeated, news=news, previous_severity=previous)

    def _acknowledge(self, heard: Heard, decision: Decision, latest: Alert) -> Step:
        acknowledged = replace(latest, status=Status.ACKNOWLEDGED, last_received_at=heard.received_at)
        self._keep(acknowledged)
        return Step(heard, decision, acknowledged, news=News.ACKNOWLEDGED)

    def _keep(self, alert: Alert) -> None:
        self._alerts[alert.integration_id, alert.dedup_key] = alert
        if alert.id in self.opened:
            self.opened[alert.id] = alert
        else:
            self.changed[alert.id] = alert

    def _keep_group(self, group: Group) -> Group:
        self._by_id[group.id] = group
        self._place(group)
        kept = self.new_groups if group.id in self.new_groups else self.changed_groups
        kept[group.id] = group
        return group

    def _place(self, group: Group) -> None:
        """Of its key there is one open group at most; of those that have ended, the one that did so last counts."""
        place = (group.integration_id, group.key)
        if group.closed_at is None:
            self._open[place] = group
            return
        if place in self._open and self._open[place].id == group.id:
            del self._open[place]
        last = self._ended.get(place)
        if last is None or last.closed_at is None or last.closed_at <= group.closed_at:
            self._ended[place] = group


def _told_right(annotations: Mapping[str, str]) -> Mapping[str, str]:
    """Those that stay when the sender gives none: not that its clock was behind, for that is said each time."""
    return {name: text for name, text in annotations.items() if name != CLOCK_BEHIND}


def _within(moment: datetime | None, earliest: datetime, latest: datetime) -> datetime:
    """The sender's time if it is believable, else when its message came."""
    return moment if moment is not None and earliest <= moment <= latest else latest
