"""`/api/v1/users`: people."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from tocsin_access.dependencies import access_of, require
from tocsin_access.principal import Principal
from tocsin_chassis.listing import Listing, ListQueryParams, link_next
from tocsin_chassis.preconditions import IfMatch, etag
from tocsin_chassis.requests import ReadConnection, RequestUnitOfWork
from tocsin_chassis.routing import api_router
from tocsin_paging.api.fields import Email, Name, SlackUser, Text, TimeZone
from tocsin_paging.domain.errors import NotFoundError
from tocsin_paging.domain.person import Person, PersonChange, RoleName
from tocsin_paging.store.people import PeopleRepository, PersonFilter
from tocsin_paging.usecases.people import (
    NewPerson,
    add_person,
    change_person,
    check_grant,
    person_to_change,
    put_person,
    remove_person,
)
from tocsin_paging.usecases.sessions import create_login_link

router = api_router(prefix="/api/v1/users", tags=["users"])
Reader = Annotated[Principal, Depends(require("paging:read"))]
Administrator = Annotated[Principal, Depends(require("paging:admin"))]


class UserBody(BaseModel):
    """Somebody to be added."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    email: Email
    role: RoleName = "responder"
    timezone: TimeZone = "UTC"
    slack_user_id: SlackUser | None = None

    def person(self) -> NewPerson:
        """The same without its transport."""
        return NewPerson(
            self.name,
            email=self.email,
            role=self.role,
            timezone=self.timezone,
            slack_user_id=self.slack_user_id or None,
        )


class UserPut(BaseModel):
    """Somebody as they shall be; the address is in the path."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    role: RoleName = "responder"
    timezone: TimeZone = "UTC"
    slack_user_id: SlackUser | None = Field(default=None, description="Left out: it stays as it is.")


class UserPatch(BaseModel):
    """What shall be different. What is left out stays; an empty `slack_user_id` is taken away."""

    model_config = ConfigDict(extra="forbid")
    name: Name | None = None
    email: Email | None = None
    role: RoleName | None = None
    timezone: TimeZone | None = None
    slack_user_id: SlackUser | None = None


class UserOut(BaseModel):
    """A person."""

    id: UUID
    name: str
    email: str
    role: RoleName
    timezone: str
    slack_user_id: str | None
    version: int


class Filters(BaseModel):
    """Filters of the list."""

    email: Text | None = None
    name: Text | None = None
    role: RoleName | None = None
    timezone: Text | None = None
    slack_user_id: Text | None = None
    team_id: UUID | None = None


class LoginLinkOut(BaseModel):
    """A link that logs its person in once. It is shown only here."""

    url: str


@router.get("", name="list_users")
async def list_users(
    request: Request,
    response: Response,
    conn: ReadConnection,
    page: ListQueryParams,
    _: Reader,
    filters: Annotated[Filters, Query()],
) -> Listing[UserOut]:
    """People in the order in which they were added."""
    wanted = PersonFilter(**filters.model_dump())
    after = UUID(page.after[0]) if page.after else None
    found = await PeopleRepository(conn).listed(wanted, after=after, limit=page.limit + 1)
    shown, cursor = page.cut(found, lambda person: [str(person.id)])
    link_next(request, response, cursor)
    return Listing(items=[user_out(person) for person in shown], next=cursor)


@router.post("", name="create_user", status_code=201)
async def create_user(
    response: Response, uow: RequestUnitOfWork, by: Administrator, body: UserBody
) -> UserOut:
    """Add a person. 409 when the address is taken."""
    person = await add_person(uow, body.person(), by=by.scopes)
    response.headers["Location"] = f"/api/v1/users/{person.id}"
    return _tagged(response, person)


@router.get("/me", name="get_me", responses={404: {}})
async def get_me(response: Response, conn: ReadConnection, by: Reader) -> UserOut:
    """The person behind the token or log-in. 404 for a token that acts for nobody."""
    if by.user_id is None:
        raise NotFoundError("This token acts for nobody.")
    return await _shown(response, conn, by.user_id)


@router.put("/by-email/{email}", name="put_user", status_code=200)
async def put_user(
    check: IfMatch,
    response: Response,
    uow: RequestUnitOfWork,
    by: Administrator,
    email: Email,
    body: UserPut,
) -> UserOut:
    """Make the person with this address be so: 201 when added, else 200. Doing it again changes nothing."""
    wanted = NewPerson(
        body.name, email=email, role=body.role, timezone=body.timezone, slack_user_id=body.slack_user_id
    )
    person, added = await put_person(uow, wanted, by=by.scopes, check=check)
    response.status_code = 201 if added else 200
    return _tagged(response, person)


@router.get("/{user_id}", name="get_user")
async def get_user(response: Response, conn: ReadConnection, _: Reader, user_id: UUID) -> UserOut:
    """One person."""
    return await _shown(response, conn, user_id)


@router.patch("/{user_id}", name="update_user")
async def update_user(
    check: IfMatch,
    response: Response,
    uow: RequestUnitOfWork,
    by: Administrator,
    user_id: UUID,
    body: UserPatch,
) -> UserOut:
    """Change a person. 409 when the address is taken, or when no administrator would remain."""
    person = await person_to_change(uow, user_id)
    check(person.version)
    after = await change_person(uow, person, PersonChange(**body.model_dump()), by=by.scopes)
    return _tagged(response, after)


@router.delete("/{user_id}", name="delete_user", status_code=204, responses={409: {}})
async def delete_user(check: IfMatch, uow: RequestUnitOfWork, by: Administrator, user_id: UUID) -> None:
    """Remove a person: out of teams, rotations and policies, their tokens and log-ins ended.

    Where they are on call, whoever is next in the rotation is from now on. A step of a policy that named nobody else
    stays and reaches nobody: name somebody.
    """
    person = await person_to_change(uow, user_id)
    check(person.version)
    await remove_person(uow, person, by=by.scopes)


@router.post("/{user_id}/login-links", name="create_login_link", status_code=201)
async def make_login_link(
    request: Request, response: Response, uow: RequestUnitOfWork, by: Administrator, user_id: UUID
) -> LoginLinkOut:
    """A link that logs this person in once, within the hour."""
    person = await person_to_change(uow, user_id)
    check_grant(person.role, by.scopes)
    secret = await create_login_link(uow, person.id)
    response.headers["Cache-Control"] = "no-store"
    return LoginLinkOut(url=f"{access_of(request).public_url.rstrip('/')}/login/link/{secret}")


async def _shown(response: Response, conn: ReadConnection, user_id: UUID) -> UserOut:
    person = await PeopleRepository(conn).get(user_id)
    if person is None:
        raise NotFoundError(f"There is no person {user_id}.")
    return _tagged(response, person)


def _tagged(response: Response, person: Person) -> UserOut:
    response.headers["ETag"] = etag(person.version)
    return user_out(person)


def user_out(person: Person) -> UserOut:
    """A person as the API shows them."""
    return UserOut(
        id=person.id,
        name=person.name,
        email=person.email,
        role=person.role,
        timezone=person.timezone,
        slack_user_id=person.slack_user_id,
        version=person.version,
    )
