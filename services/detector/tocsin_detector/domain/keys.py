"""Integration keys: 32 random bytes, shown once, known afterwards only by a keyed hash."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable
from hmac import new
from secrets import token_urlsafe

PREFIX = "tci_"
SHOWN = 8
_FORM = re.compile(r"[A-Za-z0-9_-]{20,128}")


def new_key() -> str:
    """A key that nobody can guess, fit for a path."""
    return PREFIX + token_urlsafe(32)


def is_wellformed(key: str) -> bool:
    """Whether a key given by hand may be used: 20 to 128 letters, digits, - and _."""
    return _FORM.fullmatch(key) is not None


def digester(secret: bytes) -> Callable[[str], bytes]:
    """Makes keyed SHA-256 of keys: what is stored instead of a key, and what a look-up compares.

    The secret is prepared once, for each post of an alert needs a digest.
    """
    prepared = new(secret, digestmod="sha256")

    def digest(key: str) -> bytes:
        one = prepared.copy()
        one.update(key.encode("utf-8", "surrogatepass"))
        return one.digest()

    return digest


def shown_part(key: str) -> str:
    """The beginning of a key, by which its owner recognises it."""
    return key[:SHOWN]


def is_signing_secret(secret: str) -> bool:
    """Whether it is a Standard Webhooks secret: base64 of 16 to 64 bytes, perhaps after `whsec_`."""
    try:
        raw = b64decode(secret.removeprefix("whsec_"), validate=True)
    except (ValueError, NotBase64):
        return False
    return 16 <= len(raw) <= 64
