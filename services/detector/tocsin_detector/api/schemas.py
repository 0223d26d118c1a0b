"""The JSON shapes of this service. Times are RFC 3339 in UTC."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tocsin_detector.domain.addresses import url_for
from tocsin_detector.domain.alert import Alert, Status
from tocsin_detector.domain.explain import details_in_words, reason_in_words
from tocsin_detector.domain.health import Condition, Health, Verdict
from tocsin_detector.domain.integration import Integration, Source
from tocsin_detector.domain.severity import Severity
from tocsin_detector.store.decisions import Decided
from tocsin_detector.store.integrations import settings_of
from tocsin_detector.store.queries import KeptDelivery

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
Action = Literal["create", "change", "keep"]
Key = Annotated[str, Field(min_length=20, max_length=128)]


class AlertOut(BaseModel):
    """An alert as it now is."""

    id: UUID
    integration_id: UUID
    dedup_key: str
    status: Status
    severity: Severity
    title: str
    description: str
    source: str
    service: str | None
    service_id: UUID | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    url: str | None
    started_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    last_received_at: datetime
    expires_at: datetime | None
    count: int
    group_id: UUID
    group_key: str
    incident_id: UUID | None


def alert_out(alert: Alert) -> AlertOut:
    """The alert as JSON shows it."""
    return AlertOut.model_validate(alert, from_attributes=True)


class DecisionOut(BaseModel):
    """One decision. `because` says the reason in words, `details` hold the values that it was made from."""

    at: datetime
    verb: str
    reason: str
    because: str
    notes: dict[str, str]
    delivery_id: UUID | None
    item: int | None
    details: Mapping[str, Any]


def decision_out(decided: Decided) -> DecisionOut:
    """The decision as JSON shows it."""
    return DecisionOut(
        at=decided.decided_at,
        verb=decided.verb,
        reason=decided.reason,
        because=reason_in_words(decided.reason),
        notes={topic.lower(): sentence for topic, sentence in details_in_words(decided.details)},
        delivery_id=decided.delivery_id,
        item=decided.item,
        details=decided.details,
    )


class ExplanationOut(BaseModel):
    """Why an alert is what it is: its decisions, oldest first."""

    alert_id: UUID
    dedup_key: str
    group_key: str
    decisions: list[DecisionOut]


class ResolveIn(BaseModel):
    """Why it is over, if there is something to say."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field(default="", max_length=2_000)


class SettingsIn(BaseModel):
    """How an integration's alerts are read and grouped.

    `group_by` names labels (and `service`); empty leaves it to the sender's own group, else to service and alertname;
    an alert without an alertname stands alone.
    `resolve_timeout_seconds` is for alerts by Alertmanager's API that say no end.
    """

    model_config = ConfigDict(extra="forbid")

    default_severity: Severity = Severity.MEDIUM
    group_by: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        default_factory=list, max_length=20
    )
    group_window_seconds: int = Field(default=3600, ge=0, le=86_400)
    resolve_timeout_seconds: int = Field(default=300, ge=10, le=86_400)
    body_limit_bytes: int | None = Field(default=None, ge=1024, le=64 * 1024 * 1024)


class IntegrationIn(BaseModel):
    """An integration to make. `key` is made when it is left out; `secret` turns checking of signatures on."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    source: Source
    service: str | None = Field(default=None, max_length=200)
    secret: str | None = Field(default=None, max_length=200)
    settings: SettingsIn = SettingsIn()
    key: Key | None = None


class IntegrationByName(BaseModel):
    """An integration as it shall be, for configuration as code. The name is the path's when it is left out."""

    model_config = ConfigDict(extra="forbid")

    source: Source
    name: Name | None = None
    service: str | None = Field(default=None, max_length=200)
    secret: str | None = Field(default=None, max_length=200)
    settings: SettingsIn = SettingsIn()
    key: Key | None = None


class ComparisonOut(BaseModel):
    """What PUT would do: create, change or keep; and the fields that it would change."""

    action: Action
    fields: list[str]


class IntegrationPatch(BaseModel):
    """What to change; what is left out stays, each of the settings too. `secret: null` ends the checking of signatures.
    `revoked: true` makes the key worthless until it is rotated.
    """

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    service: str | None = Field(default=None, max_length=200)
    secret: str | None = Field(default=None, min_length=1, max_length=200)
    settings: SettingsIn | None = None
    revoked: bool | None = None

    @field_validator("name", mode="before")
    @classmethod
    def _has_a_name(cls, name: object) -> object:
        if name is None:
            raise ValueError("an integration has a name; leave it out to keep the one it has")
        return name


class HealthOut(BaseModel):
    """How it is doing, told from its last deliveries."""

    condition: Condition
    detail: str


class IntegrationOut(BaseModel):
    """An integration. `key` is there once, when it is made or rotated; afterwards `key_prefix` is all that is known.

    `url` is where to send to; without the key it ends in `{key}`. `warnings` are about what will hardly be meant, such
    as a service that the catalogue does not know; they are found out anew each time.
    """

    id: UUID
    slug: str
    name: str
    source: Source
    service: str | None
    settings: dict[str, Any]
    signed: bool
    revoked: bool
    key_prefix: str
    key: str | None = None
    url: str
    version: int
    created_at: datetime
    updated_at: datetime
    health: HealthOut | None = None
    warnings: list[str]


def integration_out(
    integration: Integration,
    *,
    public_url: str,
    key: str | None = None,
    health: Health | None = None,
    warnings: Sequence[str] = (),
) -> IntegrationOut:
    """The integration as JSON shows it."""
    return IntegrationOut(
        id=integration.id,
        slug=integration.slug,
        name=integration.name,
        source=integration.source,
        service=integration.service,
        settings=settings_of(integration),
        signed=integration.secret is not None,
        revoked=integration.revoked_at is not None,
        key_prefix=integration.key_prefix,
        key=key,
        url=url_for(integration.source, public_url=public_url, key=key),
        version=integration.version,
        created_at=integration.created_at,
        updated_at=integration.updated_at,
        health=HealthOut(condition=health.condition, detail=health.detail) if health else None,
        warnings=list(warnings),
    )


class DeliveryOut(BaseModel):
    """One post of one sender. Its bytes are at /api/v1/deliveries/{id}/body, unpacked where they came as gzip, unless
    `body_missing` says why not.

    Of refusals of one kind, one in ten seconds has a line of its own; then one more stands for so many as `times` says.
    """

    id: UUID
    integration_id: UUID
    received_at: datetime
    verdict: Verdict
    reason: str | None
    accepted: int
    ignored: int
    alert_ids: list[UUID]
    road: str
    replay_of: UUID | None
    content_type: str | None
    size: int
    body_missing: str | None
    times: int
    traceparent: str | None


def delivery_out(delivery: KeptDelivery, alert_ids: list[UUID]) -> DeliveryOut:
    """The delivery as JSON shows it."""
    return DeliveryOut(
        id=delivery.id,
        integration_id=delivery.integration_id,
        received_at=delivery.received_at,
        verdict=delivery.verdict,
        reason=delivery.reason,
        accepted=delivery.accepted,
        ignored=delivery.ignored,
        alert_ids=alert_ids,
        road=delivery.road,
        replay_of=delivery.replay_of,
        content_type=delivery.content_type,
        size=delivery.size,
        body_missing=delivery.body_missing,
        times=delivery.times,
        traceparent=delivery.traceparent,
    )


class FaultOut(BaseModel):
    """What was left out of a delivery: a JSON pointer into its body, and why."""

    pointer: str
    detail: str


class ReceiptOut(BaseModel):
    """What became of a replay, as the sender of a delivery is told it."""

    delivery_id: UUID
    accepted: int
    ignored: int
    duplicate: bool
    dedup_keys: list[str]
    errors: list[FaultOut]
