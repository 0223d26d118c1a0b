"""What one service shows another on `/internal` (R22): a token of 60 seconds that only its target accepts."""

from datetime import UTC, datetime, timedelta
from typing import Final

from tocsin_access.keys import derived_key, signed, verified

LIFETIME: Final = timedelta(seconds=60)
_SKEW: Final = timedelta(seconds=5)


class InternalKeeper:
    """Makes and checks internal tokens of one installation."""

    def __init__(self, secret_key: str) -> None:
        self._key = derived_key(secret_key, "internal token")

    def issue(self, audience: str, *, issuer: str, now: datetime) -> str:
        """A token with which `issuer` may call `/internal` of the service `audience` for a minute."""
        expiry = int((now + LIFETIME).timestamp())
        return signed(f"{audience} {issuer} {expiry}".encode(), self._key)

    def issuer(self, token: str, *, audience: str, now: datetime) -> str | None:
        """Who made the token, or None when it is forged, stale, or meant for another service."""
        payload = verified(token, self._key)
        if payload is None:
            return None
        target, issuer, expiry = payload.decode().split(" ")
        left = datetime.fromtimestamp(int(expiry), UTC) - now
        fresh = timedelta(0) < left <= LIFETIME + _SKEW
        return issuer if target == audience and fresh else None
