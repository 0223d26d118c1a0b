"""`/people`: everybody, and each of them."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from tocsin_access.dependencies import access_of, page_viewer
from tocsin_access.once import show_once, shown_once
from tocsin_access.principal import Principal
from tocsin_chassis.render import page
from tocsin_chassis.requests import ReadConnection, RequestUnitOfWork
from tocsin_chassis.routing import page_router
from tocsin_paging.domain.errors import ConflictError, NotFoundError
from tocsin_paging.domain.person import Person, PersonChange, timezones
from tocsin_paging.store.people import PeopleRepository, PersonFilter
from tocsin_paging.store.teams import TeamRepository
from tocsin_paging.usecases.people import (
    NewPerson,
    add_person,
    change_person,
    check_grant,
    person_to_change,
    remove_person,
)
from tocsin_paging.usecases.sessions import create_login_link
from tocsin_paging.web.forms import Checked, checked, role_of

router = page_router()
Reader = Annotated[Principal, Depends(page_viewer("paging:read"))]
Administrator = Annotated[Principal, Depends(page_viewer("paging:admin"))]

ROLES = (
    ("responder", "Responder", "Is paged, works on incidents, writes updates."),
    ("viewer", "Viewer", "Sees everything, changes nothing."),
    ("admin", "Administrator", "Also people, tokens, services, policies and integrations."),
)
MOST_SHOWN = 1000


class PersonForm(BaseModel):
    """A person as typed; whatever it is, it is checked later, and comes back with words beside it."""

    name: str = ""
    email: str = ""
    role: str = "responder"
    timezone: str = "UTC"
    slack_user_id: str = ""
    csrf: str = ""

    def checked(self) -> Checked:
        """The fields, and what is wrong with them."""
        return checked(**self.model_dump(exclude={"csrf"}))


Typed = Annotated[PersonForm, Form()]


@router.get("/people", name="people_page")
async def people_page(request: Request, viewer: Reader, conn: ReadConnection) -> Response:
    """Everybody by name, with their teams."""
    people = await PeopleRepository(conn).listed(PersonFilter(), limit=MOST_SHOWN)
    teams = await TeamRepository(conn).listed(limit=MOST_SHOWN)
    by_name = sorted(people, key=lambda person: person.name.lower())
    may_change = viewer.may("paging:admin")
    return page(request, "people.html", viewer, may_change=may_change, people=by_name, teams=teams)


@router.post("/people", name="add_person_form")
async def add_person_form(
    request: Request, viewer: Administrator, uow: RequestUnitOfWork, form: Typed
) -> Response:
    """Add somebody and show them."""
    typed = form.checked()
    if not typed.errors:
        try:
            person = await add_person(uow, _new_person(typed.values), by=viewer.scopes)
            return RedirectResponse(f"/people/{person.id}", 303)
        except ConflictError as error:
            typed.errors["email"] = str(error)
    return page(request, "person_new.html", viewer, status_code=422, **_choices(typed))


@router.get("/people/new", name="new_person_page")
async def new_person_page(request: Request, viewer: Administrator) -> Response:
    """The form for somebody new."""
    empty = PersonForm(timezone=viewer.timezone or "UTC").model_dump(exclude={"csrf"})
    return page(request, "person_new.html", viewer, **_choices(Checked(empty)))


@router.get("/people/{user_id}", name="person_page")
async def person_page(request: Request, viewer: Reader, conn: ReadConnection, user_id: UUID) -> Response:
    """One person: how to reach them, their teams, and for administrators the form to change them."""
    person = await PeopleRepository(conn).get(user_id)
    if person is None:
        raise NotFoundError("There is no such person. They may have been removed.")
    return await _shown(request, viewer, conn, person=person, link=shown_once(request, viewer))


@router.post("/people/{user_id}", name="change_person_form")
async def change_person_form(
    request: Request, viewer: Administrator, uow: RequestUnitOfWork, user_id: UUID, form: Typed
) -> Response:
    """Change somebody."""
    person = await person_to_change(uow, user_id)
    typed = form.checked()
    if not typed.errors:
        try:
            await change_person(uow, person, _change(typed.values), by=viewer.scopes)
            return RedirectResponse(f"/people/{user_id}", 303)
        except ConflictError as error:
            typed.errors["email" if "address" in str(error) else "role"] = str(error)
    return await _shown(request, viewer, uow.conn, person=person, typed=typed)


@router.post("/people/{user_id}/login-link", name="login_link_form")
async def login_link_form(
    request: Request, viewer: Administrator, uow: RequestUnitOfWork, user_id: UUID
) -> Response:
    """Make a link that logs this person in once; their page shows it once."""
    person = await person_to_change(uow, user_id)
    check_grant(person.role, viewer.scopes)
    secret = await create_login_link(uow, person.id)
    link = f"{access_of(request).public_url.rstrip('/')}/login/link/{secret}"
    return show_once(request, viewer, link, at=f"/people/{user_id}")


@router.post("/people/{user_id}/remove", name="remove_person_form")
async def remove_person_form(viewer: Administrator, uow: RequestUnitOfWork, user_id: UUID) -> Response:
    """Remove somebody."""
    await remove_person(uow, await person_to_change(uow, user_id), by=viewer.scopes)
    return RedirectResponse("/people", 303)


async def _shown(
    request: Request,
    viewer: Principal,
    conn: ReadConnection,
    *,
    person: Person,
    typed: Checked | None = None,
    link: str = "",
) -> Response:
    teams = await TeamRepository(conn).of_person(person.id)
    context = {"person": person, "teams": teams, "may_change": viewer.may("paging:admin"), "link": link}
    choices = _choices(typed or _as_typed(person))
    status_code = 422 if typed else 200
    return page(request, "person.html", viewer, status_code=status_code, **context, **choices)


def _choices(typed: Checked) -> dict[str, Any]:
    zones = [(zone, zone) for zone in timezones()]
    return {"values": typed.values, "errors": typed.errors, "roles": ROLES, "zones": zones}


def _as_typed(person: Person) -> Checked:
    values = {"name": person.name, "email": person.email, "role": person.role, "timezone": person.timezone}
    return Checked({**values, "slack_user_id": person.slack_user_id or ""})


def _new_person(values: dict[str, str]) -> NewPerson:
    return NewPerson(
        values["name"],
        email=values["email"],
        role=role_of(values["role"]),
        timezone=values["timezone"],
        slack_user_id=values["slack_user_id"] or None,
    )


def _change(values: dict[str, str]) -> PersonChange:
    return PersonChange(
        name=values["name"],
        email=values["email"],
        role=role_of(values["role"]),
        timezone=values["timezone"],
        slack_user_id=values["slack_user_id"],
    )
