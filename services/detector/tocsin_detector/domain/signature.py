"""Signatures of Standard Webhooks, over bytes: a packed body is no text, and the library for them takes text only."""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac_of

TOLERANCE = timedelta(minutes=5)
"""So far a sender's clock may be off, and so old may a signed body be."""
PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Signed:
    """What a sender says of its body: an id, when it signed (seconds since 1970), and one signature for each secret."""

    message_id: str
    timestamp: str
    signatures: str

    def fits(self, body: bytes, secret: str, now: datetime) -> bool:
        """Whether the body is signed with the secret, at most five minutes ago or ahead."""
        if not self.message_id or not _is_near(self.timestamp, now):
            return False
        expected = signature_of(body, self.message_id, self.timestamp, secret)
        return any(_is_same(given, expected) for given in self.signatures.split(" "))


def signature_of(body: bytes, message_id: str, timestamp: str, secret: str) -> str:
    """The signature of the body, as the header has it."""
    key = b64decode(secret.removeprefix(PREFIX))
    content = b"%b.%b.%b" % (message_id.encode(), timestamp.encode(), body)
    return "v1," + b64encode(hmac_of(key, content, sha256).digest()).decode()


def _is_near(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit()):
        return False
    return abs(int(timestamp[:15]) - now.timestamp()) <= TOLERANCE.total_seconds()


def _is_same(given: str, expected: str) -> bool:
    return compare_digest(given.encode(), expected.encode())
