"""`/api/v1/users/{id}/contact-methods`: how to reach a person, and a test whether it works."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from tocsin_access.dependencies import require
from tocsin_access.errors import NotAllowed
from tocsin_access.principal import Principal
from tocsin_chassis.listing import Listing, ListQueryParams, link_next
from tocsin_chassis.preconditions import IfMatch, etag
from tocsin_chassis.requests import ReadConnection, RequestUnitOfWork
from tocsin_chassis.routing import api_router
from tocsin_paging.adapters.addresses import refusal
from tocsin_paging.api.pages import PageOut, page_out
from tocsin_paging.domain.contact import Channel, Contact, Fit, masked
from tocsin_paging.store.contacts import ContactRepository
from tocsin_paging.usecases.contacts import (
    ContactWish,
    add_contact,
    change_contact,
    compare_contacts,
    contact_to_change,
    no_contact,
    put_contacts,
    remove_contact,
)
from tocsin_paging.usecases.context import guard_of, pager_of
from tocsin_paging.usecases.notices import send_test_page
from tocsin_runtime.errors import Code, FieldError, Problem
from tocsin_runtime.text import clean

router = api_router(prefix="/api/v1/users/{user_id}", tags=["contact methods"])
Reader = Annotated[Principal, Depends(require("paging:read"))]
Writer = Annotated[Principal, Depends(require("paging:write"))]
Label = Annotated[str, Field(max_length=120)]


async def their_own(by: Writer, user_id: UUID) -> Principal:
    """Everybody keeps their own contact methods; administrators keep everybody's."""
    if by.user_id != user_id and not by.may("paging:admin"):
        raise NotAllowed("paging:admin")
    return by


Owner = Annotated[Principal, Depends(their_own)]


class ContactBody(BaseModel):
    """A contact method: an e-mail address, an https URL that takes signed webhooks, or an Apprise URL."""

    model_config = ConfigDict(extra="forbid")
    channel: Channel
    address: str = Field(min_length=1, max_length=2000)
    label: Label = ""
    enabled: bool = True

    def wish(self) -> ContactWish:
        """The same without its transport."""
        return ContactWish(self.channel, self.address, label=clean(self.label), enabled=self.enabled)


class ContactsBody(BaseModel):
    """Contact methods that a person shall have; others that they have stay."""

    model_config = ConfigDict(extra="forbid")
    items: list[ContactBody] = Field(max_length=20)


class ContactPatch(BaseModel):
    """What shall be different. For another address add another contact method."""

    model_config = ConfigDict(extra="forbid")
    label: Label | None = None
    enabled: bool | None = None


class ContactOut(BaseModel):
    """A contact method. Of an address that carries secrets only the harmless part is shown."""

    id: UUID
    user_id: UUID
    channel: Channel
    address: str
    label: str
    enabled: bool
    version: int


class FitOut(BaseModel):
    """How one wanted contact method stands to what the person has."""

    action: Fit


class ComparisonOut(BaseModel):
    """What PUT would do about each of the items, in their order."""

    items: list[FitOut]


class NewContactOut(ContactOut):
    """A contact method that was just added. `signing_secret` checks webhooks, and is shown only here."""

    signing_secret: str | None = None


class TestPageOut(BaseModel):
    """The pages that are on their way; `/api/v1/pages/{id}` tells how each went."""

    pages: list[PageOut]


async def checked(request: Request, _: Owner, body: ContactBody) -> ContactBody:
    """The body with an address that can be paged: 422 otherwise (S11). No transaction is open yet."""
    await _check(request, [(body, "/address")])
    return body


async def all_checked(request: Request, _: Owner, body: ContactsBody) -> ContactsBody:
    """The same for several."""
    await _check(request, [(item, f"/items/{n}/address") for n, item in enumerate(body.items)])
    return body


@router.get("/contact-methods", name="list_contact_methods")
async def list_contacts(
    request: Request,
    response: Response,
    conn: ReadConnection,
    page: ListQueryParams,
    _: Reader,
    user_id: UUID,
    channel: Channel | None = None,
    enabled: bool | None = None,
) -> Listing[ContactOut]:
    """How the person can be reached, oldest first."""
    found = await ContactRepository(conn).of_people([user_id])
    wanted = [
        contact
        for contact in found.get(user_id, [])
        if channel in (None, contact.channel) and enabled in (None, contact.enabled)
    ]
    shown, cursor = page.cut_whole(wanted, lambda contact: [str(contact.id)])
    link_next(request, response, cursor)
    return Listing(items=[contact_out(contact) for contact in shown], next=cursor)


@router.post("/contact-methods", name="create_contact_method", status_code=201)
async def create_contact(
    request: Request,
    response: Response,
    _: Owner,
    body: Annotated[ContactBody, Depends(checked)],
    uow: RequestUnitOfWork,
    user_id: UUID,
) -> NewContactOut:
    """Add a contact method. 422 when the address cannot be paged."""
    contact = await add_contact(uow, user_id, body.wish())
    response.headers["Location"] = f"/api/v1/users/{user_id}/contact-methods/{contact.id}"
    response.headers["ETag"] = etag(contact.version)
    secret = pager_of(request).links.webhook_secret(contact.id)
    signing = secret if contact.channel == Channel.WEBHOOK else None
    if signing:
        response.headers["Cache-Control"] = "no-store"
    return NewContactOut(**contact_out(contact).model_dump(), signing_secret=signing)


@router.put("/contact-methods", name="put_contact_methods")
async def replace_contacts(
    _: Owner, body: Annotated[ContactsBody, Depends(all_checked)], uow: RequestUnitOfWork, user_id: UUID
) -> Listing[ContactOut]:
    """Make sure that the person has these. Doing it again changes nothing."""
    made = await put_contacts(uow, user_id, [item.wish() for item in body.items])
    return Listing(items=[contact_out(contact) for contact in made])


@router.post("/contact-methods/compare", name="compare_contact_methods")
async def compare(conn: ReadConnection, _: Owner, body: ContactsBody, user_id: UUID) -> ComparisonOut:
    """What PUT of the same body would do, without doing it: addresses that no answer shows whole are compared here."""
    found = await compare_contacts(ContactRepository(conn), user_id, [item.wish() for item in body.items])
    return ComparisonOut(items=[FitOut(action=fit) for fit in found])


@router.get("/contact-methods/{contact_id}", name="get_contact_method")
async def get_contact(
    response: Response, conn: ReadConnection, _: Reader, user_id: UUID, contact_id: UUID
) -> ContactOut:
    """One contact method."""
    contact = await ContactRepository(conn).get(contact_id)
    if contact is None or contact.user_id != user_id:
        raise no_contact(contact_id)
    response.headers["ETag"] = etag(contact.version)
    return contact_out(contact)


@router.patch("/contact-methods/{contact_id}", name="update_contact_method")
async def update_contact(
    check: IfMatch,
    response: Response,
    uow: RequestUnitOfWork,
    _: Owner,
    user_id: UUID,
    contact_id: UUID,
    body: ContactPatch,
) -> ContactOut:
    """Change the label, or switch it on or off."""
    contact = await contact_to_change(uow, user_id, contact_id)
    check(contact.version)
    label = clean(body.label) if body.label is not None else None
    contact = await change_contact(uow, contact, label=label, enabled=body.enabled)
    response.headers["ETag"] = etag(contact.version)
    return contact_out(contact)


@router.delete("/contact-methods/{contact_id}", name="delete_contact_method", status_code=204)
async def delete_contact(
    check: IfMatch, uow: RequestUnitOfWork, _: Owner, user_id: UUID, contact_id: UUID
) -> None:
    """Remove a contact method."""
    contact = await contact_to_change(uow, user_id, contact_id)
    check(contact.version)
    await remove_contact(uow, contact)


@router.post("/test-page", name="send_test_page", status_code=202)
async def test_page(request: Request, uow: RequestUnitOfWork, by: Owner, user_id: UUID) -> TestPageOut:
    """Page the person, as a test, through every contact method that is switched on."""
    made = await send_test_page(uow, user_id, by=by.name, pager=pager_of(request))
    return TestPageOut(pages=[page_out(page) for page in made])


def contact_out(contact: Contact) -> ContactOut:
    """A contact method as the API shows it."""
    shown = {name: value for name, value in vars(contact).items() if name != "address"}
    return ContactOut(**shown, address=masked(contact))


async def _check(request: Request, bodies: list[tuple[ContactBody, str]]) -> None:
    errors = []
    for body, pointer in bodies:
        if why := await refusal(body.channel, body.address, guard=guard_of(request)):
            errors.append(FieldError(pointer, why))
    if errors:
        detail = " ".join(error.detail for error in errors)
        raise Problem(422, Code.INVALID_REQUEST, detail, errors=errors)
