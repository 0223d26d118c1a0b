"""`/setup`: the first administrator of a new installation. It closes itself once anybody has a password."""

from typing import Annotated

from fastapi import Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from tocsin_access.dependencies import access_of
from tocsin_access.forms import OpenForm, OpenFormPage
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_chassis.requests import ReadConnection, get_service
from tocsin_chassis.routing import page_router
from tocsin_paging.domain.person import password_problem, timezones
from tocsin_paging.store.people import PeopleRepository
from tocsin_paging.usecases.passwords import hashed
from tocsin_paging.usecases.people import ALL, NewPerson, put_person, set_password
from tocsin_paging.usecases.sessions import begin_session, count_attempt
from tocsin_paging.web.forms import Checked, checked
from tocsin_paging.web.login import TOO_OFTEN, caller_address, caller_agent, logged_in, open_page

router = page_router()
Open = Annotated[OpenForm, Depends(OpenFormPage("asks for the admin token, until anybody has a password"))]
Text = Annotated[str, Form()]
ACCOUNT = "set-up"
WRONG = "This is not the admin token: TOCSIN_ADMIN_TOKEN, or what tocsin up printed at its first start."


@router.get("/setup", name="setup_page")
async def setup_page(request: Request, form: Open, conn: ReadConnection) -> Response:
    """The form, or the log-in page when set-up is over."""
    if await PeopleRepository(conn).anybody_has_password():
        return RedirectResponse("/login", 303)
    return _page(request, form, Checked({"name": "", "email": "", "timezone": "UTC"}))


@router.post("/setup", name="set_up")
async def set_up(
    request: Request,
    form: Open,
    admin_token: Text = "",
    name: Text = "",
    email: Text = "",
    password: Text = "",
    timezone: Text = "UTC",
) -> Response:
    """Make the first administrator, or give the one that `tocsin up` made a password."""
    service, access = get_service(request), access_of(request)
    async with service.unit_of_work() as uow:
        decision = await count_attempt(uow, ACCOUNT, address=caller_address(request))
    typed = checked(name=name, email=email, timezone=timezone)
    if not decision.allowed:
        typed.errors["admin_token"] = TOO_OFTEN
        return _page(request, form, typed, status_code=429)
    if not access.is_admin_token(admin_token.strip()):
        typed.errors["admin_token"] = WRONG
        return _page(request, form, typed, status_code=403)
    if problem := password_problem(password, person_words=[name, email]):
        typed.errors["password"] = problem
    if typed.errors:
        return _page(request, form, typed, status_code=422)
    password_hash = await hashed(password)
    async with service.unit_of_work() as uow:
        return await _finish(request, uow, typed, password_hash=password_hash)


async def _finish(request: Request, uow: UnitOfWork, typed: Checked, *, password_hash: str) -> Response:
    people = PeopleRepository(uow.conn)
    await people.hold()
    if await people.anybody_has_password():
        return RedirectResponse("/login", 303)
    values = typed.values
    wanted = NewPerson(values["name"], email=values["email"], role="admin", timezone=values["timezone"])
    person, _ = await put_person(uow, wanted, by=ALL)
    await set_password(uow, person.id, password_hash, keep=None)
    address, agent = caller_address(request), caller_agent(request)
    return logged_in(request, await begin_session(uow, person.id, address=address, user_agent=agent), to="/")


def _page(request: Request, form: OpenForm, typed: Checked, *, status_code: int = 200) -> Response:
    zones = [(zone, zone) for zone in timezones()]
    context = {"values": typed.values, "errors": typed.errors, "zones": zones}
    return open_page(request, "setup.html", form, status_code=status_code, **context)
