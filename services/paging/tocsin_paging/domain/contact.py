"""A contact method: one way to reach one person."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit
from uuid import UUID


class Fit(StrEnum):
    """How a wanted contact method stands to those that a person has: there, there but different, or not there."""

    KEEP = "keep"
    CHANGE = "change"
    CREATE = "create"


class Channel(StrEnum):
    """The ways to reach a person."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    APPRISE = "apprise"


@dataclass(frozen=True)
class Contact:
    """`address` is an e-mail address, a URL to post to, or an Apprise URL; the last carries secrets."""

    id: UUID
    user_id: UUID
    channel: Channel
    address: str
    label: str = ""
    enabled: bool = True
    version: int = 1


def masked(contact: Contact) -> str:
    """Return the address as others may see it: of an Apprise URL only the scheme, of a webhook no query."""
    if contact.channel == Channel.EMAIL:
        return contact.address
    parts = urlsplit(contact.address)
    if contact.channel == Channel.APPRISE:
        return f"{parts.scheme}://…"
    return f"{parts.scheme}://{parts.netloc}{parts.path}" + ("?…" if parts.query else "")
