"""Incidents as the API shows them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from tocsin_access.directory import Directory
from tocsin_incidents.domain.incident import Incident, Origin, Status
from tocsin_incidents.domain.rules import Rules
from tocsin_incidents.domain.severity import ResponseState, Severity
from tocsin_incidents.domain.timeline import Entry, Kind


class IncidentView(BaseModel):
    """One incident. Times are UTC; names are those of the directory as it is now."""

    id: UUID
    number: int
    ref: str
    version: int
    title: str
    summary: str
    severity: Severity
    status: Status
    open: bool
    origin: Origin
    service_id: UUID | None
    service: str | None
    team_id: UUID | None
    team: str | None
    escalation_policy_id: UUID | None
    assignee_id: UUID | None
    assignee: str | None
    declared_by: UUID | None
    runbook_url: str | None
    url: str
    public: bool
    drill: bool
    auto_resolve: bool
    opened_at: datetime
    detected_at: datetime
    impact_started_at: datetime | None
    response_due_at: datetime
    response: ResponseState
    acknowledged_at: datetime | None
    acknowledgement_expired: bool
    identified_at: datetime | None
    mitigated_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    reopened_at: datetime | None
    next_update_due_at: datetime | None
    alert_count: int
    firing_count: int


class OutcomeView(IncidentView):
    """The incident after an action. `changed` is false when it already was so; `reason` and `detail` say why."""

    changed: bool
    reason: str
    detail: str


class ActorView(BaseModel):
    """Who did it; absent where Tocsin acted by rule."""

    user_id: UUID | None
    name: str | None


class EntryView(BaseModel):
    """One line of the timeline. `text` is what a person wrote, in Markdown."""

    id: UUID
    at: datetime
    kind: Kind
    title: str
    text: str
    actor: ActorView | None
    data: dict[str, Any]


async def names_for(conn: Any, incidents: Iterable[Incident]) -> dict[UUID, str]:
    """The names that views of these incidents show."""
    ids = {id_ for incident in incidents for id_ in (incident.assignee_id, incident.team_id) if id_}
    return await Directory(conn).names(ids) if ids else {}


def view_fields(incident: Incident, rules: Rules, *, names: dict[UUID, str], now: datetime) -> dict[str, Any]:
    """What IncidentView holds."""
    stored = {name: getattr(incident, name) for name in IncidentView.model_fields if hasattr(incident, name)}
    return stored | {
        "open": incident.is_open,
        "team": names.get(incident.team_id) if incident.team_id else None,
        "assignee": names.get(incident.assignee_id) if incident.assignee_id else None,
        "url": rules.url(incident.ref),
        "response": incident.response.state(now),
    }


def entry_view(entry: Entry) -> EntryView:
    """An entry as the API shows it."""
    actor = entry.actor
    known = actor.user_id is not None or actor.name is not None
    return EntryView(
        id=entry.id,
        at=entry.at,
        kind=entry.kind,
        title=entry.title,
        text=entry.text,
        actor=ActorView(user_id=actor.user_id, name=actor.name) if known else None,
        data=entry.data,
    )
