"""What routes depend on: `require` for the API, `page_viewer` for pages, `public` where anybody may come.

Each carries `access_rule`, by which the table of routes is made (S21): a route that depends on none of them
fails CI.
"""

from typing import Final

from fastapi import Request

from tocsin_access.access import Access
from tocsin_access.errors import (
    ForgedRequest,
    IngestKeyOnly,
    NotAllowed,
    NotHeardYet,
    Unauthenticated,
    log_in_first,
)
from tocsin_access.origins import own_path, same_origin
from tocsin_access.principal import Principal
from tocsin_access.roles import Scope

INGEST_KEY: Final = "tci_"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER: Final = "x-csrf-token"
CSRF_FIELDS: Final = ("csrf", "csrf_token")
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


class Require:
    """A principal with the scope, by bearer token or session; else 401 or 403 as problem+json."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.access_rule: str = scope

    async def __call__(self, request: Request) -> Principal:
        principal = await authenticated(request)
        if principal is None:
            raise Unauthenticated("Send a token as 'Authorization: Bearer tcs_…', or log in.")
        await check_form(request, principal)
        if not principal.may(self.scope):
            raise NotAllowed(self.scope)
        return principal


class PageViewer:
    """The same for pages: whoever is not logged in is sent to the log-in page and comes back afterwards."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.access_rule: str = scope

    async def __call__(self, request: Request) -> Principal:
        principal = await authenticated(request)
        if principal is None:
            raise await _turned_away(request)
        await check_form(request, principal)
        if not principal.may(self.scope):
            raise NotAllowed(self.scope, role=principal.role)
        return principal


class OptionalViewer:
    """Whoever is logged in, or None, on a page open to all. A stale cookie or token counts as nobody."""

    access_rule = "public: anybody may look"

    async def __call__(self, request: Request) -> Principal | None:
        try:
            principal = await authenticated(request)
        except Unauthenticated:
            return None
        if principal is not None:
            await check_form(request, principal)
        return principal


class Public:
    """Marks a route that anybody may call, and says why it is safe."""

    def __init__(self, reason: str) -> None:
        self.access_rule = f"public: {reason}"

    async def __call__(self) -> None:
        return None


class Internal:
    """The service that calls `/internal`, by its token of 60 seconds (R22); else 401."""

    def __init__(self, audience: str) -> None:
        self.audience = audience
        self.access_rule = f"internal: {audience}"

    async def __call__(self, request: Request) -> str:
        access = access_of(request)
        token = bearer(request) or ""
        issuer = access.internal.issuer(token, audience=self.audience, now=access.now())
        if issuer is None:
            raise Unauthenticated("Internal calls need a fresh token for it.", error="invalid_token")
        return issuer


def require(scope: Scope) -> Require:
    """`Depends(require("incidents:write"))` gives the Principal of an API call."""
    return Require(scope)


def page_viewer(scope: Scope) -> PageViewer:
    """`Depends(page_viewer("incidents:read"))` gives the Principal who looks at a page, or posts its form."""
    return PageViewer(scope)


def public(reason: str) -> Public:
    """`Depends(public("carries its own one-use link"))` in a router's or a route's dependencies."""
    return Public(reason)


def require_internal(audience: str) -> Internal:
    """`Depends(require_internal("paging"))` gives the name of the service that calls."""
    return Internal(audience)


optional_viewer = OptionalViewer()


def access_of(request: Request) -> Access:
    """The gate that the chassis put on the app."""
    access = request.app.state.access
    if not isinstance(access, Access):
        raise TypeError("app.state.access is not an Access")
    return access


async def authenticated(request: Request) -> Principal | None:
    """Who is calling, or None when nothing was shown. Raises for a void token, and for an ingest key."""
    token = bearer(request)
    if token is not None and token.startswith(INGEST_KEY):
        raise IngestKeyOnly
    principal = await recognised(request)
    if token is not None and principal is None:
        raise Unauthenticated("This token is unknown, revoked or expired.", error="invalid_token")
    request.state.principal = principal
    return principal


async def recognised(request: Request) -> Principal | None:
    """Who is calling, or None for nobody that we know; what to make of that is the caller's matter.

    To be asked before a request takes a connection: it may need one itself, and requests that each hold one while
    they wait for another would all wait in vain. The answer is remembered for a moment.
    """
    access = access_of(request)
    token = bearer(request)
    if token is not None:
        return await access.by_token(token)
    cookie = request.cookies.get(access.sessions.rules.name)
    return await access.by_cookie(cookie) if cookie else None


def bearer(request: Request) -> str | None:
    """The token of the Authorization header; None without one, or with another scheme."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


async def check_form(request: Request, principal: Principal) -> None:
    """Raise ForgedRequest when a logged-in browser sends a change that none of our own pages made (S24)."""
    if principal.via != "session" or principal.session_id is None or request.method in SAFE_METHODS:
        return
    access = access_of(request)
    shown = await shown_csrf(request)
    if not same_origin(request.headers, access.public_url):
        raise ForgedRequest
    if not access.sessions.csrf_matches(principal.session_id, shown):
        raise ForgedRequest


async def shown_csrf(request: Request) -> str:
    """The CSRF token of the header X-CSRF-Token, else of the form; empty when there is none."""
    header = request.headers.get(CSRF_HEADER)
    if header is not None:
        return header
    if not request.headers.get("content-type", "").startswith(_FORMS):
        return ""
    form = await request.form()
    fields = (form.get(name) for name in CSRF_FIELDS)
    return next((field for field in fields if isinstance(field, str)), "")


async def _turned_away(request: Request) -> Exception:
    """Log in first. But no part of a page drags the whole page away from somebody who is just coming in."""
    htmx = "hx-request" in request.headers
    access = access_of(request)
    cookie = request.cookies.get(access.sessions.rules.name)
    if htmx and cookie and await access.on_its_way(cookie):
        return NotHeardYet()
    return log_in_first(_way_back(request), htmx=htmx)


def _way_back(request: Request) -> str:
    """Where to go on after log-in: for a form and for a part of a page, the page that they are on."""
    if request.method not in SAFE_METHODS or "hx-request" in request.headers:
        page = request.headers.get("hx-current-url") or request.headers.get("referer")
        return own_path(page, request.headers, access_of(request).public_url)
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
