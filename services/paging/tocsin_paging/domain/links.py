"""Links in pages, and the secrets that are derived from one key so that none has to be stored."""

import hmac
from base64 import b32encode, b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

TOKEN_BYTES = 20
LINK_LIFE = timedelta(hours=24)


@dataclass(frozen=True)
class Links:
    """Makes links below `public_url`. `key` signs nothing else."""

    public_url: str
    key: bytes = field(repr=False)

    def ack_token(self, page_id: UUID) -> str:
        """Return the 160-bit secret of a page's one-use link; the same for every try of that page."""
        return b32encode(self._mac("acknowledge", page_id)[:TOKEN_BYTES]).decode().lower()

    def ack_url(self, page_id: UUID) -> str:
        """Return the one-use link that acknowledges."""
        return f"{self.public_url.rstrip('/')}/ack/{self.ack_token(page_id)}"

    def incident_url(self, number: int) -> str:
        """Return the page of an incident."""
        return f"{self.public_url.rstrip('/')}/incidents/INC-{number}"

    def policies_url(self) -> str:
        """Return the page on which escalation policies are looked after."""
        return f"{self.public_url.rstrip('/')}/escalation-policies"

    def webhook_secret(self, contact_id: UUID) -> str:
        """Return the secret that signs what goes to this contact, in the form of Standard Webhooks."""
        return "whsec_" + b64encode(self._mac("webhook", contact_id)).decode()

    def _mac(self, purpose: str, subject: UUID) -> bytes:
        return hmac.new(self.key, purpose.encode() + b"\0" + subject.bytes, sha256).digest()


def digest(token: str) -> str:
    """Return what is stored of a token."""
    return sha256(token.encode()).hexdigest()
