"""A secret that the page after a form shows once: reloading that page neither posts the form again nor shows it again.

Nothing is stored here. The browser brings the secret along in a cookie that only this log-in can open, that is for one
page and for a minute, and that the answer which shows it takes back. It is sealed, for browsers keep cookies in files.
"""

from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from hmac import digest as hmac_digest
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tocsin_access.access import Access
from tocsin_access.dependencies import access_of
from tocsin_access.principal import Principal

LIFETIME: Final = timedelta(minutes=1)


def show_once(request: Request, principal: Principal, secret: str, *, at: str) -> Response:
    """Send the browser to the page at this path, where `shown_once` finds the secret."""
    access = access_of(request)
    sealed = _seal(access, principal, at).encrypt_at_time(secret.encode(), int(access.now().timestamp()))
    response = RedirectResponse(at, 303)
    secure = access.sessions.rules.secure
    response.set_cookie(
        _name(access),
        sealed.decode(),
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
    now, ttl = int(access.now().timestamp()), int(LIFETIME.total_seconds())
    try:
        return _seal(access, principal, path).decrypt_at_time(cookie, ttl, now).decode()
    except InvalidToken:
        return ""


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


def _seal(access: Access, principal: Principal, path: str) -> Fernet:
    """Opens only what was sealed for this log-in and this page."""
    bound = f"{principal.session_id or principal.token_id or principal.via} {path}".encode()
    return Fernet(urlsafe_b64encode(hmac_digest(access.once_key, bound, sha256)))
