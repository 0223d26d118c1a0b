"""What the API takes and gives."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from tocsin_chassis.moments import Moment
from tocsin_comms.domain.checks import web_address_problem, zone_problem
from tocsin_comms.domain.component import Component
from tocsin_comms.domain.maintenance import Maintenance
from tocsin_comms.domain.report import Report
from tocsin_comms.domain.site import StatusPage
from tocsin_comms.domain.states import ComponentState, Impact, PublicStatus, PublishMode, Severity, Visibility
from tocsin_comms.domain.words import problems
from tocsin_runtime.text import clean

MOST_COMPONENTS = 500


def _clean(text: str) -> str:
    return clean(text)


def _web_address(text: str) -> str:
    if problem := web_address_problem(text):
        raise ValueError(problem)
    return text


def _zone(name: str) -> str:
    if problem := zone_problem(name):
        raise ValueError(problem)
    return name


def _templates(own: dict[str, str]) -> dict[str, str]:
    cleaned = {clean(kind): clean(words) for kind, words in own.items()}
    if found := problems(cleaned):
        raise ValueError("; ".join(f"{kind}: {what}" for kind, what in found.items()))
    return cleaned


_short = StringConstraints(strip_whitespace=True, min_length=1, max_length=100)
Name = Annotated[str, AfterValidator(_clean), _short]
Line = Annotated[str, AfterValidator(_clean), StringConstraints(strip_whitespace=True, max_length=300)]
Words = Annotated[str, AfterValidator(_clean), StringConstraints(strip_whitespace=True, max_length=5000)]
WebAddress = Annotated[str, StringConstraints(max_length=500), AfterValidator(_web_address)]
Zone = Annotated[str, AfterValidator(_zone)]
Templates = Annotated[dict[str, str], AfterValidator(_templates)]


class Body(BaseModel):
    """A body that takes only the fields it names, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid")


class ComponentIn(Body):
    """A component as it shall be.

    `services` are ids, slugs or names; without `id` the one of that name is meant.
    """

    id: UUID | None = None
    name: Name
    description: Line = ""
    group: Name | None = None
    services: list[str] = Field(default_factory=list, max_length=200)


class ComponentOut(BaseModel):
    """A component. `services` are slugs where the catalogue knows them, else ids."""

    id: UUID
    name: str
    description: str
    group: str | None
    services: list[str]
    service_ids: list[UUID]
    position: int
    state: ComponentState
    state_since: datetime | None


class StatusPageIn(Body):
    """The whole page. Components are shown in this order, and those not named are removed with their history.

    `severity_states`, `templates` and `components` stay as they are when they are left out.
    """

    name: Name
    description: Line = ""
    url: WebAddress = ""
    support_url: WebAddress = ""
    time_zone: Zone = "UTC"
    publish: PublishMode = PublishMode.AUTOMATIC
    severity_states: dict[Severity, ComponentState] | None = None
    templates: Templates | None = None
    components: list[ComponentIn] | None = Field(default=None, max_length=MOST_COMPONENTS)


class StatusPageOut(BaseModel):
    """The whole page, as PUT takes it, with what follows from it."""

    id: UUID
    name: str
    description: str
    url: str
    support_url: str
    time_zone: str
    publish: PublishMode
    severity_states: dict[Severity, ComponentState]
    templates: dict[str, str]
    components: list[ComponentOut]
    version: int
    updated_at: datetime


class PublishIn(Body):
    """Words to show instead of the drafted ones."""

    title: Annotated[
        str, AfterValidator(_clean), StringConstraints(strip_whitespace=True, max_length=200)
    ] = ""
    body: Words = ""


class UpdateOut(BaseModel):
    """One public statement. `author` is `template` or `person`."""

    id: UUID
    status: PublicStatus
    body: str
    author: str
    at: datetime


class ReportOut(BaseModel):
    """The public report on an incident; `reason` names why it is shown, held or hidden."""

    id: UUID
    incident_id: UUID
    incident: str
    title: str
    visibility: Visibility
    reason: str
    status: PublicStatus
    impact: Impact
    started_at: datetime
    resolved_at: datetime | None
    published_at: datetime | None
    updates: list[UpdateOut]


class MaintenanceIn(Body):
    """Planned work on components."""

    name: Name
    body: Words = ""
    starts_at: Moment
    ends_at: Moment
    component_ids: list[UUID] = Field(min_length=1, max_length=MOST_COMPONENTS)

    @field_validator("ends_at")
    @classmethod
    def _in_order(cls, ends_at: datetime, info: ValidationInfo) -> datetime:
        starts_at = info.data.get("starts_at")
        if starts_at is not None and ends_at <= starts_at:
            raise ValueError("must be after starts_at")
        return ends_at


class MaintenanceOut(BaseModel):
    """Planned work; `status` is scheduled, in_progress or completed at the time of the answer."""

    id: UUID
    name: str
    body: str
    status: str
    starts_at: datetime
    ends_at: datetime
    component_ids: list[UUID]


class MessageOut(BaseModel):
    """One message out. `state`: queued, retrying, sent, failed or dropped; `receipt` is the provider's id of
    it.
    """

    id: UUID
    incident_id: UUID
    incident: str | None
    channel: str
    kind: str
    text: str
    state: str
    reason: str | None
    receipt: str | None
    attempts: int
    queued_at: datetime
    finished_at: datetime | None


def component_out(component: Component, slugs: dict[UUID, str]) -> ComponentOut:
    """As the API gives it."""
    ids = sorted(component.service_ids)
    return ComponentOut(
        id=component.id,
        name=component.name,
        description=component.description,
        group=component.group,
        services=[slugs.get(each, str(each)) for each in ids],
        service_ids=ids,
        position=component.position,
        state=component.state,
        state_since=component.state_since,
    )


def page_out(page: StatusPage, components: list[Component], slugs: dict[UUID, str]) -> StatusPageOut:
    """As the API gives it."""
    return StatusPageOut(
        id=page.id,
        name=page.name,
        description=page.description,
        url=page.url,
        support_url=page.support_url,
        time_zone=page.time_zone,
        publish=page.publish,
        severity_states=dict(page.states),
        templates=dict(page.templates),
        components=[component_out(component, slugs) for component in components],
        version=page.version,
        updated_at=page.updated_at,
    )


def report_out(report: Report) -> ReportOut:
    """As the API gives it."""
    return ReportOut(
        id=report.id,
        incident_id=report.incident_id,
        incident=f"INC-{report.number}",
        title=report.title,
        visibility=report.visibility,
        reason=report.reason,
        status=report.status,
        impact=report.impact,
        started_at=report.started_at,
        resolved_at=report.resolved_at,
        published_at=report.published_at,
        updates=[
            UpdateOut(id=told.id, status=told.status, body=told.body, author=told.author, at=told.at)
            for told in report.updates
        ],
    )


def maintenance_out(work: Maintenance, now: datetime) -> MaintenanceOut:
    """As the API gives it."""
    return MaintenanceOut(
        id=work.id,
        name=work.name,
        body=work.body,
        status=work.status(now).value,
        starts_at=work.starts_at,
        ends_at=work.ends_at,
        component_ids=sorted(work.component_ids),
    )
