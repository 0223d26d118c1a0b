"""A service's copy of the directory: greater versions win, whatever the order of arrival."""

from asyncio import Event, gather, timeout
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest

from tests.integration.access.house import ADMIN, House, bearer
from tocsin_access.access import Access, Grant, OwnerAwayError
from tocsin_access.directory import Directory, apply_entry, subscriptions_for, tell
from tocsin_access.owner import CHECK_PATH, ask_over_http
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_events.directory import (
    DirectoryEvent,
    EscalationPolicyChanged,
    Role,
    ServiceChanged,
    SessionRevoked,
    TeamChanged,
    TokenChanged,
    UserChanged,
)
from tocsin_runtime.clock import ManualClock, process_now
from tocsin_runtime.database import Database
from tocsin_runtime.ids import new_id
from tocsin_runtime.schemas import role_of
from tocsin_testkit.apps import ORIGIN, SECRET_KEY
from tocsin_testkit.postgres import TestServer
from tocsin_testkit.templates import Templates
from tocsin_testkit.told import told

ANA = UUID(int=1)


def ana(version: int, name: str = "Ana", *, deleted: bool = False) -> UserChanged:
    return UserChanged(
        id=ANA, version=version, deleted=deleted, name=name, email="Ana@Example.org", role=Role.RESPONDER
    )


def service(number: int, slug: str, name: str, *aliases: str) -> ServiceChanged:
    return ServiceChanged(id=UUID(int=number), version=1, name=name, slug=slug, aliases=list(aliases))


async def take(open_uow: OpenUnitOfWork, *events: DirectoryEvent) -> None:
    for event in events:
        async with open_uow() as uow:
            await apply_entry(event, uow)


async def test_the_greater_version_wins_in_any_order(open_uow: OpenUnitOfWork, database: Database) -> None:
    await take(open_uow, ana(3, "Ana Three"), ana(1, "Ana One"), ana(3, "Twice"), ana(2, "Ana Two"))
    async with database.read() as conn:
        user = await Directory(conn).user(ANA)
    assert user is not None
    assert (user.name, user.version) == ("Ana Three", 3)


async def test_what_is_deleted_stays_deleted_but_can_be_named(
    open_uow: OpenUnitOfWork, database: Database
) -> None:
    await take(open_uow, ana(1), ana(3, deleted=True), ana(2, "Late"))
    async with database.read() as conn:
        directory = Directory(conn)
        assert await directory.user(ANA) is None
        assert await directory.users() == []
        assert await directory.user_with_email("ana@example.org") is None
        assert await directory.names([ANA, UUID(int=99)]) == {ANA: "Ana"}


async def test_people_are_found_by_address_without_regard_to_case(
    open_uow: OpenUnitOfWork, database: Database
) -> None:
    await take(open_uow, ana(1))
    async with database.read() as conn:
        found = await Directory(conn).user_with_email(" ANA@example.ORG")
    assert found is not None
    assert found.email == "Ana@Example.org"


async def test_a_service_is_found_by_slug_then_name_then_alias(
    open_uow: OpenUnitOfWork, database: Database
) -> None:
    await take(
        open_uow,
        service(1, "checkout", "Checkout", "cart", "shop"),
        service(2, "shop", "Web shop"),
        service(3, "legacy", "Cart", "web shop"),
    )
    async with database.read() as conn:
        directory = Directory(conn)
        found = {
            name: await directory.service_named(name)
            for name in ("SHOP", "cart", "Web Shop", "checkout", "x")
        }
    slugs = {name: each.slug if each else None for name, each in found.items()}
    assert slugs == {"SHOP": "shop", "cart": "legacy", "Web Shop": "shop", "checkout": "checkout", "x": None}


async def test_everything_can_be_listed_by_name(open_uow: OpenUnitOfWork, database: Database) -> None:
    await take(
        open_uow,
        TeamChanged(id=UUID(int=5), version=1, name="search", slug="search", member_ids=[ANA]),
        TeamChanged(id=UUID(int=6), version=1, name="Payments", slug="payments"),
        EscalationPolicyChanged(id=UUID(int=7), version=1, name="Default", slug="default"),
    )
    async with database.read() as conn:
        directory = Directory(conn)
        assert [team.name for team in await directory.teams()] == ["Payments", "search"]
        assert (await directory.teams())[1].member_ids == (ANA,)
        assert [policy.slug for policy in await directory.policies()] == ["default"]


async def test_ended_sessions_are_forgotten_once_they_would_be_over(
    open_uow: OpenUnitOfWork, database: Database, clock: ManualClock
) -> None:
    ends = clock.moment + timedelta(hours=12)
    old, new = new_id(), new_id()
    await take(open_uow, SessionRevoked(id=old, version=1, user_id=ANA, expires_at=ends))
    async with database.read() as conn:
        assert await Directory(conn).session_revoked(old)
        assert not await Directory(conn).session_revoked(new)
    clock.forward(timedelta(hours=13))
    await take(
        open_uow, SessionRevoked(id=new, version=1, user_id=ANA, expires_at=ends + timedelta(hours=24))
    )
    async with database.read() as conn:
        assert not await Directory(conn).session_revoked(old)
        assert await Directory(conn).session_revoked(new)


async def test_an_owner_knows_at_once_what_it_tells(open_uow: OpenUnitOfWork, database: Database) -> None:
    async with open_uow() as uow:
        await tell(uow, ana(1))
        assert await Directory(uow.conn).user(ANA) is not None
    assert await told(database, UserChanged) == [ana(1)]


def test_every_kind_of_entry_has_its_handler() -> None:
    subscriptions = subscriptions_for("comms")
    assert all(subscriptions.handler_for(event) for event in (ana(1), service(1, "a", "A")))
    assert subscriptions.consumer == "comms.directory"


@pytest.fixture
async def elsewhere(server: TestServer, templates: Templates) -> AsyncIterator[Database]:
    """The database of a service to which the directory has not come yet."""
    url = server.create_database(template=templates.of("comms", "bus"))
    made = Database(url, schema="comms", role=role_of("comms"))
    yield made
    await made.close()
    server.drop_database(url)


async def test_an_unknown_token_is_asked_of_paging_once(house: House, elsewhere: Database) -> None:
    house.access.now = process_now  # internal tokens live a minute of real time
    plain, _ = await house.token("paging:read", owner_id=await house.person("ana"))
    asked: list[str] = []
    ask_paging = ask_over_http(house.http, ORIGIN, issuer="comms", secret_key=SECRET_KEY)

    async def ask(digest: str) -> Grant | None:
        asked.append(digest)
        return await ask_paging(digest)

    gate = Access(SECRET_KEY, "", ORIGIN, elsewhere.read, ask, owner_seconds=30)
    principals = await gather(*(gate.by_token(plain) for _ in range(40)))
    assert {principal.name for principal in principals if principal} == {"Ana"}
    assert all(principal and principal.may("paging:read") for principal in principals)
    assert asked == [house.access.tokens.digest(plain)]
    assert await gate.by_token("tcs_" + "a" * 43) is None


async def test_only_services_of_this_house_may_ask(house: House) -> None:
    house.access.now = process_now
    plain, _ = await house.token("paging:read")
    body = {"digest": house.access.tokens.digest(plain)}
    for headers in (bearer(plain), ADMIN, None):
        refused = await house.http.post(CHECK_PATH, json=body, headers=headers)
        assert refused.status_code == 401
    stranger = ask_over_http(house.http, ORIGIN, issuer="comms", secret_key="another secret key")
    with pytest.raises(OwnerAwayError):
        await stranger(body["digest"])


async def test_when_paging_is_away_an_unknown_token_is_refused(elsewhere: Database) -> None:
    async with httpx2.AsyncClient() as client:
        ask = ask_over_http(client, "http://127.0.0.1:1", issuer="comms", secret_key=SECRET_KEY)
        assert await Access(SECRET_KEY, "", ORIGIN, elsewhere.read, ask).by_token("tcs_" + "a" * 43) is None


async def test_paging_that_hangs_is_not_waited_for(elsewhere: Database) -> None:
    async def hangs(digest: str) -> Grant | None:
        await Event().wait()
        return None

    gate = Access(SECRET_KEY, "", ORIGIN, elsewhere.read, hangs)
    async with timeout(2):
        assert await gate.by_token("tcs_" + "a" * 43) is None


async def test_a_copied_token_works_while_paging_is_away(
    open_uow: OpenUnitOfWork, database: Database, clock: ManualClock
) -> None:
    async def away(digest: str) -> Grant | None:
        raise OwnerAwayError("closed")

    gate = Access(SECRET_KEY, "", ORIGIN, database.read, away, now=lambda: clock.moment)
    issued = gate.tokens.issue()
    ends = clock.moment + timedelta(hours=1)
    token = TokenChanged(
        id=new_id(),
        version=1,
        name="ci",
        prefix=issued.prefix,
        digest=issued.digest,
        scopes=["alerts:write"],
        expires_at=ends,
    )
    await take(open_uow, token)
    principal = await gate.by_token(issued.plain)
    assert principal is not None
    assert (principal.name, principal.user_id) == ("ci", None)
    assert principal.scopes == {"alerts:write"}
    clock.forward(timedelta(hours=1))
    assert await gate.by_token(issued.plain) is None
