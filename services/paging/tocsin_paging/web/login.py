"""`/login`, `/login/link/…` and `/logout`."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from tocsin_access.dependencies import access_of, optional_viewer, page_viewer
from tocsin_access.forms import OpenForm, OpenFormPage
from tocsin_access.origins import local_path
from tocsin_access.principal import Principal
from tocsin_access.sessions import Session
from tocsin_chassis.render import page
from tocsin_chassis.requests import ReadConnection, RequestReading, RequestUnitOfWork, get_service
from tocsin_chassis.routing import page_router
from tocsin_paging.domain.errors import GoneError
from tocsin_paging.domain.login import WINDOW, address_group
from tocsin_paging.domain.person import LONGEST_EMAIL
from tocsin_paging.store.people import PeopleRepository
from tocsin_paging.store.sessions import LoginLinkRepository
from tocsin_paging.usecases.passwords import is_right
from tocsin_paging.usecases.sessions import (
    begin_session,
    count_attempt,
    end_session,
    forgive_attempts,
    link_digest,
    use_login_link,
)

router = page_router()
Open = Annotated[OpenForm, Depends(OpenFormPage("the way in; tries are counted"))]
OpenLink = Annotated[OpenForm, Depends(OpenFormPage("carries its own one-use secret"))]
MaybeViewer = Annotated[Principal | None, Depends(optional_viewer)]
LoggedIn = Annotated[Principal, Depends(page_viewer("paging:read"))]
Text = Annotated[str, Form()]

WRONG = "E-mail or password is wrong."
WAITS = "tocsin_waits"
LONG, LONGEST_PAUSE, TOGETHER = 4, 10, 5
"""In seconds: from when on the page that waits says that something is slow, how rarely it looks at most, and how soon
after it somebody must come back to be in the same circle."""
SAFE_IN_A_URL = ":/%#?=@[]!$&'()*+,;"
TOO_OFTEN = "Too many tries. Wait five minutes, or ask an administrator for a one-use link."


@router.get("/login", name="login_page")
async def login_page(
    request: Request, form: Open, viewer: MaybeViewer, conn: ReadConnection, next: str = "/"
) -> Response:
    """The way in. Whoever is in already goes on; a new installation begins with set-up."""
    if viewer is not None:
        return _sent_back(request, local_path(next))
    new = not await PeopleRepository(conn).anybody_has_password()
    return open_page(request, "login.html", form, next=local_path(next), email="", error="", new=new)


@router.post("/login", name="login")
async def login(
    request: Request, form: Open, email: Text = "", password: Text = "", next: Text = "/"
) -> Response:
    """Look at the password, but only so often. An unknown address and a wrong password look alike (S20)."""
    service, address = get_service(request), caller_address(request)
    async with service.unit_of_work() as uow:
        decision = await count_attempt(uow, email, address=address)
        known = await PeopleRepository(uow.conn).credentials(email) if decision.allowed else None
    if not decision.allowed:
        return _refused(request, form, error=TOO_OFTEN, status=429, email=email, next=next)
    right = await is_right(password, known.password_hash if known else None)
    if known is None or not right:
        return _refused(request, form, error=WRONG, status=401, email=email, next=next)
    async with service.unit_of_work() as uow:
        await forgive_attempts(uow, email, address=address)
        session = await begin_session(uow, known.user_id, address=address, user_agent=caller_agent(request))
    return logged_in(request, session, to=local_path(next))


@router.get("/login/link/{secret}", name="login_link_page")
async def login_link_page(request: Request, form: OpenLink, reading: RequestReading, secret: str) -> Response:
    """Ask for a press on a button, so that no scanner of mails or chats uses the link up (S25)."""
    user_id = await LoginLinkRepository(reading.conn).standing(link_digest(secret), now=reading.now)
    person = await PeopleRepository(reading.conn).get(user_id) if user_id else None
    status = 200 if person else 410
    return open_page(request, "login_link.html", form, status_code=status, person=person, secret=secret)


@router.post("/login/link/{secret}", name="login_link")
async def login_link(request: Request, form: OpenLink, uow: RequestUnitOfWork, secret: str) -> Response:
    """Use the link up and log its person in; whoever has no password yet is asked to set one."""
    try:
        person = await use_login_link(uow, secret)
    except GoneError:
        return open_page(request, "login_link.html", form, status_code=410, person=None, secret="")
    address, agent = caller_address(request), caller_agent(request)
    session = await begin_session(uow, person.id, address=address, user_agent=agent)
    return logged_in(request, session, to="/" if person.has_password else "/settings#password")


@router.post("/logout", name="logout")
async def logout(request: Request, uow: RequestUnitOfWork, viewer: LoggedIn) -> Response:
    """End this log-in in every service."""
    if viewer.session_id is not None and viewer.user_id is not None:
        await end_session(uow, viewer.session_id, user_id=viewer.user_id)
    response = RedirectResponse("/login", 303)
    access_of(request).sessions.clear(response)
    return response


def logged_in(request: Request, session: Session, *, to: str) -> Response:
    """The answer that logs the browser in and sends it on."""
    response = RedirectResponse(to, 303)
    access_of(request).sessions.set(response, session)
    return response


def open_page(
    request: Request, template: str, form: OpenForm, *, status_code: int = 200, **context: object
) -> Response:
    """A page with a form for somebody who is not logged in; nobody may keep it."""
    response = page(request, template, None, status_code=status_code, form=form, **context)
    response.headers["Cache-Control"] = "no-store"
    form.attach(response)
    return response


def caller_address(request: Request) -> str:
    """The address that tries are counted by."""
    return address_group(request.client.host if request.client else None)


def caller_agent(request: Request) -> str:
    """What the browser calls itself, as the list of log-ins shows it."""
    return request.headers.get("user-agent", "")


def _sent_back(request: Request, target: str) -> Response:
    """Let somebody who is logged in go on, but not in a circle.

    Another service sends people here of whom it has not heard yet. It will in a moment: from the second time on a page
    waits for that, longer each time, and the browser goes on by itself.
    """
    before = request.cookies.get(WAITS, "0")
    times = int(before) if before.isdigit() and len(before) < 4 else 0
    pause = min(times, LONGEST_PAUSE)
    response: Response = RedirectResponse(target, 303)
    if pause:
        response = page(request, "one_moment.html", None, target=target, late=pause > LONG)
        response.headers["Refresh"] = f"{pause}; url={quote(target, safe=SAFE_IN_A_URL)}"
    secure = access_of(request).sessions.rules.secure
    age = pause + TOGETHER
    response.set_cookie(WAITS, str(times + 1), max_age=age, path="/login", secure=secure, httponly=True)
    response.headers["Cache-Control"] = "no-store"
    return response


def _refused(request: Request, form: OpenForm, *, error: str, status: int, email: str, next: str) -> Response:
    context = {"error": error, "email": email[:LONGEST_EMAIL], "next": local_path(next), "new": False}
    response = open_page(request, "login.html", form, status_code=status, **context)
    if status == 429:
        response.headers["Retry-After"] = str(int(WINDOW.total_seconds()))
    else:
        response.headers["WWW-Authenticate"] = 'Bearer realm="tocsin"'
    return response
