"""Keys of one purpose each, derived from the one secret; and values signed with them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest

_SALT = b"tocsin.v1"
_MAC_BYTES = 32


def derived_key(secret_key: str, purpose: str) -> bytes:
    """32 bytes by HKDF-SHA256 (RFC 5869). What was made for one purpose is worthless for another."""
    extracted = hmac_digest(_SALT, secret_key.encode(), sha256)
    return hmac_digest(extracted, purpose.encode() + b"\x01", sha256)


def signed(payload: bytes, key: bytes) -> str:
    """The payload and its HMAC as one URL-safe word. Anybody can read the payload, nobody can change it."""
    return _text(payload + hmac_digest(key, payload, sha256))


def verified(value: str, key: bytes) -> bytes | None:
    """The payload that `signed` packed, or None when the value was not made with this key."""
    try:
        raw = urlsafe_b64decode(value.encode("ascii") + b"=" * (-len(value) % 4))
    except (ValueError, NotBase64):
        return None
    payload, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    return payload if compare_digest(mac, hmac_digest(key, payload, sha256)) else None


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
