"""`/settings`: what somebody sets for themselves: profile, password, log-ins, API tokens."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from tocsin_access.dependencies import access_of, page_viewer
from tocsin_access.once import show_once, shown_once
from tocsin_access.principal import Principal
from tocsin_access.roles import EVERYTHING, SCOPES
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_chassis.render import page
from tocsin_chassis.requests import RequestReading, RequestUnitOfWork, get_service
from tocsin_chassis.routing import page_router
from tocsin_paging.domain.errors import InvalidChangeError, NotAllowedError, NotFoundError
from tocsin_paging.domain.login import browser_of
from tocsin_paging.domain.person import Person, PersonChange, password_problem, timezones
from tocsin_paging.domain.token import Wish
from tocsin_paging.store.people import PeopleRepository
from tocsin_paging.store.sessions import SessionRepository
from tocsin_paging.store.teams import TeamRepository
from tocsin_paging.store.tokens import TokenFilter, TokenRepository
from tocsin_paging.usecases.passwords import hashed, is_right
from tocsin_paging.usecases.people import change_person, person_to_change, set_password
from tocsin_paging.usecases.sessions import count_attempt, end_all_sessions, end_session, forgive_attempts
from tocsin_paging.usecases.tokens import make_token, maker_of, revoke_token
from tocsin_paging.web.forms import Errors, checked
from tocsin_paging.web.login import TOO_OFTEN, caller_address
from tocsin_runtime.reading import Reading

router = page_router()
SettingsViewer = Annotated[Principal, Depends(page_viewer("paging:read"))]
Text = Annotated[str, Form()]
Words = Annotated[list[str], Form(default_factory=list)]

SAVED = {
    "profile": "Profile saved",
    "password": "Password saved. Your other log-ins have ended",
    "sessions": "Logged out there",
    "token": "Token revoked",
}
LIVES = (("30", "30 days"), ("90", "90 days"), ("365", "1 year"), ("", "Never"))


@router.get("/settings", name="settings_page")
async def settings_page(
    request: Request, viewer: SettingsViewer, reading: RequestReading, saved: str = ""
) -> Response:
    """Everything on one page."""
    flash = {"text": SAVED[saved], "tone": "green"} if saved in SAVED else None
    new_token = shown_once(request, viewer)
    return await _shown(request, viewer, reading, errors=Errors(), flash=flash, new_token=new_token)


@router.post("/settings/profile", name="save_profile")
async def save_profile(
    request: Request, viewer: SettingsViewer, uow: RequestUnitOfWork, name: Text = "", timezone: Text = ""
) -> Response:
    """Name and time zone; the rest of a person is changed by administrators."""
    typed = checked(name=name, timezone=timezone)
    if typed.errors:
        return await _shown(request, viewer, uow, errors=typed.errors)
    person = await person_to_change(uow, _own_id(viewer))
    change = PersonChange(name=typed.values["name"], timezone=typed.values["timezone"])
    await change_person(uow, person, change, by=viewer.scopes)
    return _saved("profile")


@router.post("/settings/password", name="save_password")
async def save_password(
    request: Request, viewer: SettingsViewer, current: Text = "", password: Text = ""
) -> Response:
    """A new password. The one before has to be shown, and tries are counted as at log-in (S20)."""
    service, address = get_service(request), caller_address(request)
    async with service.unit_of_work() as uow:
        person = await _own(uow, viewer)
        decision = await count_attempt(uow, person.email, address=address)
        known = await PeopleRepository(uow.conn).credentials(person.email)
    errors = Errors()
    if not decision.allowed:
        errors["current"] = TOO_OFTEN
    elif known and known.password_hash and not await is_right(current, known.password_hash):
        errors["current"] = "This is not your password."
    elif problem := password_problem(password, person_words=[person.name, person.email]):
        errors["password"] = problem
    password_hash = "" if errors else await hashed(password)
    async with service.unit_of_work() as uow:
        if errors:
            return await _shown(request, viewer, uow, errors=errors)
        await forgive_attempts(uow, person.email, address=address)
        await set_password(uow, person.id, password_hash, keep=viewer.session_id)
    return _saved("password")


@router.post("/settings/sessions/end-others", name="end_other_sessions")
async def end_other_sessions(viewer: SettingsViewer, uow: RequestUnitOfWork) -> Response:
    """Log out everywhere but here."""
    await end_all_sessions(uow, _own_id(viewer), keep=viewer.session_id)
    return _saved("sessions")


@router.post("/settings/sessions/{session_id}/end", name="end_own_session")
async def end_own_session(viewer: SettingsViewer, uow: RequestUnitOfWork, session_id: UUID) -> Response:
    """Log out in one other browser. Somebody else's session is as good as none."""
    await end_session(uow, session_id, user_id=_own_id(viewer))
    return _saved("sessions")


@router.post("/settings/tokens", name="make_own_token")
async def make_own_token(
    request: Request,
    viewer: SettingsViewer,
    uow: RequestUnitOfWork,
    scopes: Words,
    token_name: Text = "",
    days: Text = "90",
) -> Response:
    """Make a token for oneself; the page shows it once."""
    typed = checked(name=token_name)
    errors = Errors(token_name=typed.errors["name"]) if typed.errors else Errors()
    lives = timedelta(days=int(days)) if days in {days for days, _ in LIVES if days} else None
    wanted = frozenset(scopes) & SCOPES
    wish = Wish(wanted, owner_id=_own_id(viewer), expires_at=uow.now + lives if lives else None)
    if errors:
        return await _shown(request, viewer, uow, errors=errors)
    keeper, name = access_of(request).tokens, typed.values["name"]
    try:
        _, plain = await make_token(
            uow, wish, name=name, maker=maker_of(viewer), created_by=viewer.name, keeper=keeper
        )
    except (InvalidChangeError, NotAllowedError) as error:
        return await _shown(request, viewer, uow, errors=Errors(scopes=str(error)))
    return show_once(request, viewer, plain, at="/settings")


@router.post("/settings/tokens/{token_id}/revoke", name="revoke_own_token")
async def revoke_own_token(viewer: SettingsViewer, uow: RequestUnitOfWork, token_id: UUID) -> Response:
    """Revoke a token of one's own."""
    await revoke_token(uow, token_id, maker=maker_of(viewer))
    return _saved("token")


async def _shown(
    request: Request,
    viewer: Principal,
    reading: Reading,
    *,
    errors: Errors,
    flash: dict[str, str] | None = None,
    new_token: str = "",
) -> Response:
    user_id, conn, now = _own_id(viewer), reading.conn, reading.now
    person = await PeopleRepository(conn).get(user_id)
    if person is None:
        raise _nobody()
    sessions = await SessionRepository(conn).running(user_id, now=now)
    tokens = await TokenRepository(conn).listed(TokenFilter(owner_id=user_id), now=now, limit=100)
    offered = sorted(scope for scope in SCOPES - {EVERYTHING} if viewer.may(scope))
    context = {
        "person": person,
        "teams": await TeamRepository(conn).of_person(user_id),
        "sessions": sessions,
        "browsers": {session.id: browser_of(session.user_agent) for session in sessions},
        "here": viewer.session_id,
        "tokens": [token for token in tokens if token.state(now) != "revoked"],
        "token_states": {token.id: token.state(now) for token in tokens},
        "scopes": [*offered, EVERYTHING] if viewer.may(EVERYTHING) else offered,
        "lives": LIVES,
        "zones": [(zone, zone) for zone in timezones()],
    }
    status_code = 422 if errors else 200
    return page(
        request,
        "settings.html",
        viewer,
        status_code=status_code,
        errors=errors,
        flash=flash,
        new_token=new_token,
        **context,
    )


def _saved(what: str) -> Response:
    return RedirectResponse(f"/settings?saved={what}", 303)


def _own_id(viewer: Principal) -> UUID:
    if viewer.user_id is None:
        raise _nobody()
    return viewer.user_id


async def _own(uow: UnitOfWork, viewer: Principal) -> Person:
    return await person_to_change(uow, _own_id(viewer))


def _nobody() -> NotFoundError:
    return NotFoundError("Settings belong to people, and this token acts for nobody. Log in instead.")
