"""`/settings/contact-methods`: how somebody is paged, and a test whether it works."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from tocsin_access.dependencies import page_viewer
from tocsin_access.once import show_once, shown_once
from tocsin_access.principal import Principal
from tocsin_chassis.render import page
from tocsin_chassis.requests import RequestReading, RequestUnitOfWork
from tocsin_chassis.routing import page_router
from tocsin_paging.adapters.addresses import refusal
from tocsin_paging.domain.contact import Channel, Contact, masked
from tocsin_paging.domain.errors import ConflictError, InvalidChangeError, NotFoundError
from tocsin_paging.store.contacts import ContactRepository
from tocsin_paging.store.pages import PageFilter, PageRepository
from tocsin_paging.usecases.contacts import (
    ContactWish,
    add_contact,
    change_contact,
    contact_to_change,
    remove_contact,
)
from tocsin_paging.usecases.context import guard_of, pager_of
from tocsin_paging.usecases.notices import send_test_page
from tocsin_paging.web.views import ICONS
from tocsin_runtime.reading import Reading
from tocsin_runtime.text import clean

router = page_router()
Viewer = Annotated[Principal, Depends(page_viewer("paging:write"))]
Text = Annotated[str, Form()]
PATH = "/settings/contact-methods"
LONGEST_ADDRESS, LONGEST_LABEL = 2000, 120


async def person(viewer: Viewer) -> UUID:
    """The person who is logged in; 404 for a token that acts for nobody."""
    if viewer.user_id is None:
        raise NotFoundError("This log-in acts for nobody, so there is nobody to page.")
    return viewer.user_id


Me = Annotated[UUID, Depends(person)]


class Typed(dict[str, str]):
    """What was typed into the form, or what is wrong with it."""

    def __missing__(self, name: str) -> str:
        return ""


async def typed_address(request: Request, _: Viewer, channel: Text = "", address: Text = "") -> Typed:
    """What is wrong with the address, looked up before any transaction is open."""
    errors, address = Typed(), address.strip()
    if channel not in set(Channel):
        errors["channel"] = "Choose a way."
    elif not 0 < len(address) <= LONGEST_ADDRESS:
        errors["address"] = "Enter an address."
    elif why := await refusal(Channel(channel), address, guard=guard_of(request)):
        errors["address"] = why
    return errors


@router.get(PATH, name="contacts_page")
async def contacts_page(request: Request, viewer: Viewer, me: Me, reading: RequestReading) -> Response:
    """How you are paged."""
    return await _shown(request, viewer, me, reading, secret=shown_once(request, viewer))


@router.post(PATH, name="add_contact_form")
async def add_contact_form(
    request: Request,
    viewer: Viewer,
    me: Me,
    errors: Annotated[Typed, Depends(typed_address)],
    uow: RequestUnitOfWork,
    channel: Text = "",
    address: Text = "",
    label: Text = "",
) -> Response:
    """Add a contact method. The page shows the secret of a webhook once."""
    typed = Typed(channel=channel, address=address, label=label)
    if errors:
        return await _shown(request, viewer, me, uow, typed=typed, errors=errors)
    wish = ContactWish(Channel(channel), address.strip(), label=clean(label)[:LONGEST_LABEL])
    try:
        contact = await add_contact(uow, me, wish)
    except (ConflictError, InvalidChangeError) as error:
        return await _shown(request, viewer, me, uow, typed=typed, errors=Typed(address=str(error)))
    if contact.channel != Channel.WEBHOOK:
        return RedirectResponse(PATH, 303)
    secret = pager_of(request).links.webhook_secret(contact.id)
    return show_once(request, viewer, secret, at=PATH)


@router.post(PATH + "/test", name="test_page_form")
async def test_page_form(request: Request, viewer: Viewer, me: Me, uow: RequestUnitOfWork) -> Response:
    """Page yourself, as a test, through everything that is switched on."""
    await send_test_page(uow, me, by=viewer.name, pager=pager_of(request))
    return RedirectResponse(PATH, 303)


@router.post(PATH + "/{contact_id}/switch", name="switch_contact_form")
async def switch_contact_form(_: Viewer, me: Me, uow: RequestUnitOfWork, contact_id: UUID) -> Response:
    """Switch a contact method on or off."""
    contact = await contact_to_change(uow, me, contact_id)
    await change_contact(uow, contact, enabled=not contact.enabled)
    return RedirectResponse(PATH, 303)


@router.post(PATH + "/{contact_id}/remove", name="remove_contact_form")
async def remove_contact_form(_: Viewer, me: Me, uow: RequestUnitOfWork, contact_id: UUID) -> Response:
    """Remove a contact method."""
    await remove_contact(uow, await contact_to_change(uow, me, contact_id))
    return RedirectResponse(PATH, 303)


async def _shown(
    request: Request,
    viewer: Principal,
    me: UUID,
    reading: Reading,
    *,
    typed: Typed | None = None,
    errors: Typed | None = None,
    secret: str = "",
) -> Response:
    contacts: list[Contact] = (await ContactRepository(reading.conn).of_people([me])).get(me, [])
    return page(
        request,
        "contacts.html",
        viewer,
        status_code=422 if errors else 200,
        contacts=[(contact, masked(contact), ICONS[contact.channel]) for contact in contacts],
        pages=await PageRepository(reading.conn).listed(PageFilter(user_id=me), limit=8),
        typed=typed or Typed(channel="email"),
        errors=errors or Typed(),
        secret=secret,
    )
