"""A secret that the page after a form shows once: reloading that page neither posts the form again nor shows it again.

Nothing is stored here. The browser brings the secret along in a cookie that only this log-in can open, that is for one
page and for a minute, and that the answer which shows it takes back. It is sealed, for browsers keep cookies in files.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import digest as hmac_digest
from secrets import token_bytes
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tocsin_access.access import Access
from tocsin_access.dependencies import access_of
from tocsin_access.keys import signed, verified
from tocsin_access.principal import Principal

LIFETIME: Final = timedelta(minutes=1)
_NONCE_BYTES: Final = 16
_EXPIRY_BYTES: Final = 8


def show_once(request: Request, principal: Principal, secret: str, *, at: str) -> Response:
    """Send the browser to the page at this path, where `shown_once` finds the secret."""
    access = access_of(request)
    expires_at = int((access.now() + LIFETIME).timestamp())
    body = expires_at.to_bytes(_EXPIRY_BYTES) + secret.encode()
    response = RedirectResponse(at, 303)
    secure = access.sessions.rules.secure
    response.set_cookie(
        _name(access),
        _sealed(body, _keys(access, principal, at)),
        max_age=int(LIFETIME.total_seconds()),
        path=at,
        secure=secure,
        httponly=True,
        samesite="strict",
    )
    return response


def shown_once(request: Request, principal: Principal) -> str:
    """The secret that was made for this page and this log-in; empty when there is none, or not any more.

    A live refresh never takes it: only the page itself can show it.
    """
    access, path = access_of(request), request.url.path
    cookie = request.cookies.get(_name(access))
    if cookie is None or "hx-request" in request.headers:
        return ""
    request.state.shown_once = True
    body = _opened(cookie, _keys(access, principal, path))
    if body is None or datetime.fromtimestamp(int.from_bytes(body[:_EXPIRY_BYTES]), UTC) <= access.now():
        return ""
    return body[_EXPIRY_BYTES:].decode()


def take_back(request: Request, response: Response) -> None:
    """Remove what this request has shown from the browser."""
    if getattr(request.state, "shown_once", False):
        access = access_of(request)
        secure = access.sessions.rules.secure
        response.delete_cookie(
            _name(access), path=request.url.path, secure=secure, httponly=True, samesite="strict"
        )


def _name(access: Access) -> str:
    return "__Secure-tocsin_once" if access.sessions.rules.secure else "tocsin_once"


def _keys(access: Access, principal: Principal, path: str) -> tuple[bytes, bytes]:
    """One for the words and one for the seal, of this log-in and this page only."""
    bound = f"{principal.session_id or principal.token_id or principal.via} {path}".encode()
    return hmac_digest(access.once_key, b"words " + bound, sha256), hmac_digest(
        access.once_key, b"seal " + bound, sha256
    )


def _sealed(body: bytes, keys: tuple[bytes, bytes]) -> str:
    """Encrypt, then sign: HMAC-SHA256 over a fresh nonce and a counter makes the stream."""
    nonce = token_bytes(_NONCE_BYTES)
    return signed(nonce + _crossed(body, keys[0], nonce), keys[1])


def _opened(value: str, keys: tuple[bytes, bytes]) -> bytes | None:
    payload = verified(value, keys[1])
    if payload is None or len(payload) < _NONCE_BYTES + _EXPIRY_BYTES:
        return None
    return _crossed(payload[_NONCE_BYTES:], keys[0], payload[:_NONCE_BYTES])


def _crossed(body: bytes, key: bytes, nonce: bytes) -> bytes:
    blocks = range(len(body) // sha256().digest_size + 1)
    stream = b"".join(hmac_digest(key, nonce + block.to_bytes(4), sha256) for block in blocks)
    return bytes(byte ^ mask for byte, mask in zip(body, stream, strict=False))
