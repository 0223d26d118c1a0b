"""The CloudEvents 1.0 envelope in which an event travels."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from pydantic import ValidationError

from tocsin_events.base import REGISTRY, Event, Topic

TYPE_PREFIX = "io.tocsin."
SOURCE_PREFIX = "/tocsin/"


class UnknownEventType(ValueError):
    """The envelope names a type, or a major version, that this release does not know."""


class MalformedEvent(ValueError):
    """The envelope's data is not of the form that its type promises."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event on its way. `data` is the event as UTF-8 JSON.

    `correlation_id` is the delivery, or the request, that began the story; `causation_id` the event that led to
    this one. `traceparent` is a W3C trace context. `occurred_at` is aware UTC.
    """

    id: UUID
    type: str
    source: str
    topic: Topic
    key: UUID
    occurred_at: datetime
    data: bytes = field(repr=False)
    correlation_id: UUID
    causation_id: UUID | None = None
    traceparent: str | None = None

    def event(self) -> Event:
        """The typed event. Raises UnknownEventType or MalformedEvent, both permanent."""
        known = REGISTRY.get(self.type)
        if known is None:
            raise UnknownEventType(f"no reader for event type {self.type!r}")
        try:
            return known.model_validate_json(self.data)
        except ValidationError as error:
            # Reasons are logged and kept, and pydantic's own text quotes what the event says: neither it nor a cause.
            raise MalformedEvent(f"{self.type}: {_reasons(error)}") from None

    def headers(self) -> dict[str, str]:
        """The CloudEvents attributes of binary mode, without the transport's own prefix."""
        attributes = {
            "specversion": "1.0",
            "id": str(self.id),
            "type": TYPE_PREFIX + self.type,
            "source": self.source,
            "subject": str(self.key),
            "time": self.occurred_at.isoformat(),
            "correlationid": str(self.correlation_id),
        }
        if self.causation_id is not None:
            attributes["causationid"] = str(self.causation_id)
        if self.traceparent is not None:
            attributes["traceparent"] = self.traceparent
        return attributes


def _reasons(error: ValidationError) -> str:
    """What is wrong, and where, without what is there."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'event'}: {each['msg']}" for each in found)


def from_headers(attributes: dict[str, str], *, topic: Topic, data: bytes) -> Envelope:
    """The envelope that `headers` described. Raises MalformedEvent when it is not one of ours."""
    try:
        kind = attributes["type"]
        if not kind.startswith(TYPE_PREFIX):
            raise MalformedEvent(f"type {kind!r} does not begin with {TYPE_PREFIX}")
        causation = attributes.get("causationid")
        return Envelope(
            id=UUID(attributes["id"]),
            type=kind.removeprefix(TYPE_PREFIX),
            source=attributes["source"],
            topic=topic,
            key=UUID(attributes["subject"]),
            occurred_at=datetime.fromisoformat(attributes["time"]),
            data=data,
            correlation_id=UUID(attributes["correlationid"]),
            causation_id=UUID(causation) if causation else None,
            traceparent=attributes.get("traceparent"),
        )
    except (KeyError, ValueError) as error:
        raise MalformedEvent(f"not a Tocsin CloudEvent: {error!r}") from error
