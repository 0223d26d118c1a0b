"""Requests that a foreign page sends with somebody's cookie (S24)."""

import pytest

from tests.integration.access.house import Browser, House
from tocsin_testkit.apps import ORIGIN

EVIL = "https://evil.example"


@pytest.fixture
async def ana(house: House) -> Browser:
    """An administrator, logged in."""
    await house.person("ana", "admin")
    browser = house.browser()
    assert (await browser.log_in("ana@example.org")).status_code == 303
    return browser


async def test_a_form_without_its_token_changes_nothing(house: House, ana: Browser) -> None:
    body = {"name": "Eve", "email": "eve@example.org"}
    assert (await ana.http.post("/people", data=body, headers={"Origin": ORIGIN})).status_code == 403
    assert (await ana.http.post("/people", data={**body, "csrf": "x" * 64})).status_code == 403
    assert body["email"] not in (await ana.http.get("/people")).text
    assert (await ana.send("/people", page="/settings", **body)).status_code == 303


async def test_the_token_of_another_session_is_no_token(house: House, ana: Browser) -> None:
    await house.person("bo")
    bo = house.browser()
    await bo.log_in("bo@example.org")
    form = {"csrf": await bo.csrf("/settings"), "name": "Eve", "email": "eve@example.org"}
    assert (await ana.http.post("/people", data=form)).status_code == 403

    second = house.browser()
    await second.log_in("ana@example.org")
    form["csrf"] = await second.csrf("/settings")
    assert (await ana.http.post("/people", data=form)).status_code == 403


@pytest.mark.parametrize(
    "origin", [EVIL, "null", "", "http://tocsin.test.evil.example", "http://tocsin.test:81"]
)
async def test_a_foreign_origin_is_refused_even_with_the_token(
    house: House, ana: Browser, origin: str
) -> None:
    form = {"csrf": await ana.csrf("/settings"), "name": "Eve", "email": "eve@example.org"}
    answer = await ana.http.post("/people", data=form, headers={"Origin": origin})
    assert answer.status_code == 403


async def test_without_origin_the_browser_still_says_cross_site(house: House, ana: Browser) -> None:
    form = {"csrf": await ana.csrf("/settings"), "name": "Eve", "email": "eve@example.org"}
    answer = await ana.http.post("/people", data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


async def test_the_json_api_asks_a_log_in_for_its_token_too(house: House, ana: Browser) -> None:
    body = {"name": "Eve", "email": "eve@example.org"}
    headers = {"Accept": "application/json"}
    bare = await ana.http.post("/api/v1/users", json=body, headers=headers)
    assert bare.status_code == 403
    assert bare.headers["content-type"] == "application/problem+json"
    headers["X-CSRF-Token"] = await ana.csrf("/settings")
    foreign = await ana.http.post("/api/v1/users", json=body, headers={**headers, "Origin": EVIL})
    assert foreign.status_code == 403
    assert (await ana.http.post("/api/v1/users", json=body, headers=headers)).status_code == 201


@pytest.mark.parametrize("path", ["/login", "/setup", "/login/link/abc"])
async def test_forms_before_log_in_are_guarded_as_well(house: House, path: str) -> None:
    stranger, other = house.browser(), house.browser()
    fields = {"email": "ana@example.org", "password": "x", "admin_token": "x"}
    assert (await stranger.http.post(path, data=fields)).status_code == 403

    token = await stranger.csrf("/login")
    assert (await other.http.post(path, data={**fields, "csrf": token})).status_code == 403
    await other.http.get("/login")
    assert (await other.http.post(path, data={**fields, "csrf": token})).status_code == 403
    foreign = await stranger.http.post(path, data={**fields, "csrf": token}, headers={"Origin": EVIL})
    assert foreign.status_code == 403


async def test_a_fragment_is_told_to_leave_for_the_log_in_page(house: House) -> None:
    answer = await house.browser().http.get("/people", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/login"
