"""A page's content as JSON, from the transaction that makes it to the provider that sends it."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tocsin_paging.domain.contact import Contact
from tocsin_paging.domain.message import About, Content


@dataclass(frozen=True)
class Payload:
    """What a provider needs. The acknowledge link is not in it: it is a secret and is made when the page leaves."""

    page_id: UUID
    contact_id: UUID
    address: str
    content: Content
    incident_id: UUID | None = None

    def with_link(self, ack_url: str | None) -> "Payload":
        """Return the payload with the one-use link in its content."""
        return replace(self, content=replace(self.content, ack_url=ack_url))


def payload_to_json(payload: Payload) -> dict[str, Any]:
    """Write the payload as JSON values."""
    content = asdict(replace(payload.content, ack_url=None))
    content["requested_at"] = payload.content.requested_at.isoformat()
    timezone = content.pop(
        "timezone"
    )  # beside, where a sender of the release before this one does not trip over it
    return {
        "page_id": str(payload.page_id),
        "contact_id": str(payload.contact_id),
        "address": payload.address,
        "incident_id": str(payload.incident_id) if payload.incident_id else None,
        "content": content,
        "timezone": timezone,
    }


def payload_from_json(value: dict[str, Any]) -> Payload:
    """Read what `payload_to_json` wrote."""
    content = {**value["content"], "requested_at": datetime.fromisoformat(value["content"]["requested_at"])}
    about = content.pop("about")
    return Payload(
        page_id=UUID(value["page_id"]),
        contact_id=UUID(value["contact_id"]),
        address=value["address"],
        content=Content(
            **content, about=About(**about) if about else None, timezone=value.get("timezone", "UTC")
        ),
        incident_id=UUID(value["incident_id"]) if value["incident_id"] else None,
    )


def payload_for(page_id: UUID, contact: Contact, content: Content, *, incident_id: UUID | None) -> Payload:
    """Return what goes to this contact."""
    return Payload(
        page_id, contact_id=contact.id, address=contact.address, content=content, incident_id=incident_id
    )
