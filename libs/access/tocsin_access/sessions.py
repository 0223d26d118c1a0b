"""The log-in cookie and the CSRF token bound to it. A signature proves a cookie; no table is asked."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest
from struct import Struct
from typing import Final, Literal
from urllib.parse import urlsplit
from uuid import UUID

from starlette.responses import Response

from tocsin_access.keys import derived_key, signed, verified

LIFETIME: Final = timedelta(hours=12)
_FORMAT: Final = Struct("!B16s16sQ")  # form 1, user, session, expiry in whole seconds
_FORM: Final = 1


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody's log-in, over at `expires_at` (aware UTC) or when a SessionRevoked with its id arrives."""

    user_id: UUID
    id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CookieRules:
    """How the cookie is set. Over https it begins with `__Host-`: no other host, no plain page can set it."""

    name: str
    secure: bool
    samesite: Literal["lax"] = "lax"


class SessionKeeper:
    """Signs and reads the cookies of one installation."""

    def __init__(self, secret_key: str, public_url: str) -> None:
        self._key = derived_key(secret_key, "session cookie")
        self._csrf_key = derived_key(secret_key, "csrf token")
        https = urlsplit(public_url).scheme == "https"
        self.rules = CookieRules("__Host-tocsin_session" if https else "tocsin_session", secure=https)

    def cookie(self, session: Session) -> str:
        """The cookie's value."""
        expiry = int(session.expires_at.timestamp())
        return signed(_FORMAT.pack(_FORM, session.user_id.bytes, session.id.bytes, expiry), self._key)

    def read(self, value: str, now: datetime) -> Session | None:
        """The session in a cookie, or None when it is forged, of another form, or over."""
        payload = verified(value, self._key)
        if payload is None or len(payload) != _FORMAT.size:
            return None
        form, user, session, expiry = _FORMAT.unpack(payload)
        expires_at = datetime.fromtimestamp(expiry, UTC)
        if form != _FORM or expires_at <= now:
            return None
        return Session(UUID(bytes=user), id=UUID(bytes=session), expires_at=expires_at)

    def csrf(self, session_id: UUID) -> str:
        """The token that every form of this session carries; worthless in any other session."""
        return hmac_digest(self._csrf_key, session_id.bytes, sha256).hex()

    def csrf_matches(self, session_id: UUID, token: str) -> bool:
        """Whether the token belongs to the session, in constant time."""
        return compare_digest(self.csrf(session_id).encode(), token.encode("utf-8", "surrogatepass"))

    def set(self, response: Response, session: Session) -> None:
        """Log the browser in."""
        rules = self.rules
        age = int(LIFETIME.total_seconds())
        response.set_cookie(
            rules.name,
            self.cookie(session),
            max_age=age,
            path="/",
            secure=rules.secure,
            httponly=True,
            samesite=rules.samesite,
        )

    def clear(self, response: Response) -> None:
        """Log the browser out. The session itself ends with SessionRevoked."""
        rules = self.rules
        response.delete_cookie(
            rules.name, path="/", secure=rules.secure, httponly=True, samesite=rules.samesite
        )
