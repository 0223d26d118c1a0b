"""The first administrator: no default password, and a door that closes itself."""

from tests.integration.access.house import House
from tocsin_paging.usecases.people import ALL, NewPerson, add_person
from tocsin_paging.usecases.sessions import create_login_link
from tocsin_testkit.apps import ADMIN_TOKEN

ANA = {
    "name": "Ana Ruiz",
    "email": "ana@example.org",
    "password": "a good long password",
    "timezone": "Europe/Berlin",
}


async def test_the_admin_token_opens_set_up_until_somebody_has_a_password(house: House) -> None:
    browser = house.browser()
    assert "Set up Tocsin" in (await browser.http.get("/login")).text
    refused = await browser.send("/setup", page="/setup", admin_token="wrong", **ANA)
    assert refused.status_code == 403
    weak = await browser.send(
        "/setup", page="/setup", admin_token=ADMIN_TOKEN, **{**ANA, "password": "short"}
    )
    assert weak.status_code == 422

    done = await browser.send("/setup", page="/setup", admin_token=ADMIN_TOKEN, **ANA)
    assert done.status_code == 303
    assert "Administrator" in (await browser.http.get("/settings")).text

    closed = await house.browser().http.get("/setup")
    assert closed.headers["location"] == "/login"
    form = {"csrf": await browser.csrf("/settings"), "admin_token": ADMIN_TOKEN, **ANA}
    stranger = house.browser()
    form["csrf"] = await stranger.csrf("/login")
    late = await stranger.http.post("/setup", data={**form, "email": "eve@example.org"})
    assert late.headers["location"] == "/login"
    assert "tocsin_session" not in stranger.http.cookies


async def test_guessing_the_admin_token_is_stopped(house: House) -> None:
    browser = house.browser()
    tries = [
        (await browser.send("/setup", page="/setup", admin_token=f"guess {n}", **ANA)).status_code
        for n in range(11)
    ]
    assert tries == [403] * 10 + [429]


async def test_an_administrator_without_a_password_logs_in_by_link_and_sets_a_password(house: House) -> None:
    async with house.service.unit_of_work() as uow:
        person = await add_person(uow, NewPerson("Admin", email="admin@example.org", role="admin"), by=ALL)
        secret = await create_login_link(uow, person.id)

    browser = house.browser()
    await browser.send(f"/login/link/{secret}", page=f"/login/link/{secret}")
    saved = await browser.send("/settings/password", page="/settings", password="a good long password")
    assert saved.status_code == 303
    assert (await house.browser().log_in("admin@example.org", "a good long password")).status_code == 303
