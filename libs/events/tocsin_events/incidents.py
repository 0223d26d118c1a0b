"""Topic `incidents`; the key is the incident, and each event carries the incident as it now is."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from tocsin_events.base import Event, Topic, Value


class Severity(StrEnum):
    """SEV-1 is the worst. Response deadlines: 5 minutes, 1, 4 and 24 hours."""

    SEV1 = "SEV-1"
    SEV2 = "SEV-2"
    SEV3 = "SEV-3"
    SEV4 = "SEV-4"


class IncidentStatus(StrEnum):
    """Where an incident stands, in the order in which it usually goes on."""

    DETECTED = "detected"
    ACKNOWLEDGED = "acknowledged"
    INVESTIGATING = "investigating"
    MITIGATED = "mitigated"
    RECOVERING = "recovering"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Incident(Value):
    """The whole incident, so that no reader has to ask. `version` grows by one with every change.

    `number` is the 42 of INC-42. `detected_at` is when the first alert, or the person, told Tocsin;
    `impact_started_at` is unknown until somebody says it. Times are UTC.
    """

    incident_id: UUID
    number: int
    version: int
    title: str
    summary: str = ""
    severity: Severity
    status: IncidentStatus
    origin: str = "alert"
    service_id: UUID | None = None
    service: str | None = None
    team_id: UUID | None = None
    escalation_policy_id: UUID | None = None
    assignee_id: UUID | None = None
    declared_by: UUID | None = None
    url: str | None = None
    runbook_url: str | None = None
    public: bool = True
    drill: bool = False
    opened_at: AwareDatetime
    detected_at: AwareDatetime
    impact_started_at: AwareDatetime | None = None
    response_due_at: AwareDatetime
    acknowledged_at: AwareDatetime | None = None
    identified_at: AwareDatetime | None = None
    mitigated_at: AwareDatetime | None = None
    resolved_at: AwareDatetime | None = None
    reopened_at: AwareDatetime | None = None
    next_update_due_at: AwareDatetime | None = None
    alert_count: int = 0
    firing_count: int = 0


class IncidentEvent(Event):
    """What all events of this topic share.

    `actor_id` is the person who did it, null for a token that acts for nobody and for a monitoring tool: these go by
    their `actor_name`. Both are null when Tocsin did it by rule.
    """

    TOPIC: ClassVar = Topic.INCIDENTS
    incident: Incident
    actor_id: UUID | None = None
    actor_name: str | None = None

    @property
    def key(self) -> UUID:
        return self.incident.incident_id

    @property
    def by_rule(self) -> bool:
        """Whether Tocsin did it of its own accord, so that nobody is at work."""
        return self.actor_id is None and self.actor_name is None


class IncidentOpened(IncidentEvent):
    """An incident began. It carries all a consumer needs, so that none has to call back."""

    TYPE: ClassVar = "incident.opened.v1"
    alert_ids: list[UUID] = Field(default_factory=list)


class IncidentAlertJoined(IncidentEvent):
    """More alerts belong to this incident. In a storm one event tells many: `alert_ids` all, `alert_id` the first.

    Each alert is told once; `incident.alert_count` counts them all. `reason` names the rule, such as `same_group`.
    """

    TYPE: ClassVar = "incident.alert_joined.v1"
    alert_id: UUID
    title: str
    alert_ids: list[UUID] = Field(default_factory=list)
    reason: str = ""


class IncidentAcknowledged(IncidentEvent):
    """Somebody took it. Sent once for each occurrence; a second one is no event, unless the first expired.

    `from_paging`: somebody answered a page, and paging told of it. What paging has begun anew since stands.
    """

    TYPE: ClassVar = "incident.acknowledged.v1"
    from_paging: bool = False


class IncidentSeverityChanged(IncidentEvent):
    """Graver or milder than before; the response deadline moved with it."""

    TYPE: ClassVar = "incident.severity_changed.v1"
    previous: Severity
    reason: str = ""


class IncidentStatusChanged(IncidentEvent):
    """The lifecycle moved on by hand. Acknowledge, resolve and reopen have events of their own.

    It moves backwards only from mitigated or recovering to investigating, when the mitigation failed, and by rule
    from acknowledged to detected, when the acknowledgement expired; `incident.acknowledged_at` stays that of the first.
    """

    TYPE: ClassVar = "incident.status_changed.v1"
    previous: IncidentStatus


class IncidentDetailsChanged(IncidentEvent):
    """Title, summary, visibility or a corrected time. `fields` names what is different; figures are made anew."""

    TYPE: ClassVar = "incident.details_changed.v1"
    fields: list[str]


class IncidentAssigned(IncidentEvent):
    """`incident.assignee_id` is the one who has it now."""

    TYPE: ClassVar = "incident.assigned.v1"
    previous_assignee_id: UUID | None = None


class IncidentUpdatePosted(IncidentEvent):
    """An update was written. `public` ones belong on the status page. `next_due_at` says when the next is promised."""

    TYPE: ClassVar = "incident.update_posted.v1"
    update_id: UUID
    body: str
    public: bool
    posted_at: AwareDatetime
    next_due_at: AwareDatetime | None = None


class IncidentNoteAdded(IncidentEvent):
    """A note for the team only."""

    TYPE: ClassVar = "incident.note_added.v1"
    note_id: UUID
    body: str


class IncidentResponseOverdue(IncidentEvent):
    """The response deadline passed and nobody had acknowledged."""

    TYPE: ClassVar = "incident.response_overdue.v1"


class IncidentResolved(IncidentEvent):
    """The incident is over. `reason` is `by_hand` or `alerts_cleared`; `resolution` says how it was fixed, if said."""

    TYPE: ClassVar = "incident.resolved.v1"
    reason: str
    resolution: str = ""


class IncidentReopened(IncidentEvent):
    """It was not over after all: a new occurrence, unacknowledged, with a new response deadline.

    `reason` is `alert_fired_again`, `alert_still_firing`, or what a person wrote.
    """

    TYPE: ClassVar = "incident.reopened.v1"
    reason: str


class IncidentClosed(IncidentEvent):
    """Nothing more is to be done."""

    TYPE: ClassVar = "incident.closed.v1"
