"""People at the console, logged in: their own contact methods, their shifts, and what a viewer may not do."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from tests.integration.access.house import ADMIN, House
from tocsin_runtime.clock import ManualClock
from tocsin_testkit.apps import ORIGIN, running

PATH = "/settings/contact-methods"


@pytest.fixture
async def house(app: FastAPI, clock: ManualClock) -> AsyncIterator[House]:
    app.state.access.now = lambda: clock.moment
    async with running(app) as client:
        yield House(app, client)


async def test_somebody_keeps_their_own_contact_methods(house: House) -> None:
    ana = await house.person("ana")
    browser = house.browser()
    await browser.log_in("ana@example.org")
    assert "No contact method yet" in (await browser.http.get(PATH)).text
    added = await browser.send(
        PATH, page=PATH, channel="email", address="ana@phone.example.org", label="Phone"
    )
    assert (added.status_code, added.headers["Location"]) == (303, PATH)
    hook = await browser.send(PATH, page=PATH, channel="webhook", address="https://8.8.8.8/hook")
    assert "whsec_" in (await browser.http.get(hook.headers["Location"])).text
    refused = await browser.send(PATH, page=PATH, channel="webhook", address="http://127.0.0.1/")
    assert refused.status_code == 422
    assert "this machine itself" in refused.text
    api = f"/api/v1/users/{ana}/contact-methods"
    mail, webhook = (await house.http.get(api, headers=ADMIN)).json()["items"]
    await browser.send(f"{PATH}/{mail['id']}/switch", page=PATH)
    await browser.send(f"{PATH}/{webhook['id']}/remove", page=PATH)
    [left] = (await house.http.get(api, headers=ADMIN)).json()["items"]
    assert (left["id"], left["enabled"]) == (mail["id"], False)
    none = await browser.send(f"{PATH}/test", page=PATH)
    assert none.status_code == 409
    await browser.send(f"{PATH}/{mail['id']}/switch", page=PATH)
    assert (await browser.send(f"{PATH}/test", page=PATH)).status_code == 303
    assert "Test page" in (await browser.http.get(PATH)).text


async def test_nobody_touches_the_contact_methods_of_others(house: House) -> None:
    ana = await house.person("ana")
    bo = await house.person("bo")
    token, _ = await house.token("paging:write", owner_id=bo)
    body = {"channel": "email", "address": "bo@example.org"}
    theirs = await house.http.post(
        f"/api/v1/users/{ana}/contact-methods", json=body, headers={"Authorization": f"Bearer {token}"}
    )
    own = await house.http.post(
        f"/api/v1/users/{bo}/contact-methods", json=body, headers={"Authorization": f"Bearer {token}"}
    )
    assert (theirs.status_code, own.status_code) == (403, 201)


async def test_the_top_bar_says_until_when_somebody_is_on_call(house: House) -> None:
    await house.person("ana")
    schedule = {"name": "Core", "rotations": {"primary": {"participants": ["ana@example.org"]}}}
    await house.http.post("/api/v1/schedules", json=schedule, headers=ADMIN)
    browser = house.browser()
    await browser.log_in("ana@example.org")
    assert "You are on call" in (await browser.http.get("/on-call/fragments/me")).text


async def test_a_form_from_elsewhere_takes_nothing_over(house: House) -> None:
    await house.person("ana")
    await house.http.post("/api/v1/schedules", json={"name": "Core"}, headers=ADMIN)
    browser = house.browser()
    await browser.log_in("ana@example.org")
    assert (
        await browser.http.post("/on-call/overrides", data={}, headers={"Origin": ORIGIN})
    ).status_code == 403
    form = {"csrf": await browser.csrf("/on-call")}
    foreign = await browser.http.post(
        "/on-call/overrides", data=form, headers={"Origin": "https://evil.example"}
    )
    assert foreign.status_code == 403


async def test_a_viewer_sees_and_changes_nothing(house: House) -> None:
    await house.person("vera", "viewer")
    await house.http.post("/api/v1/schedules", json={"name": "Core"}, headers=ADMIN)
    browser = house.browser()
    await browser.log_in("vera@example.org")
    shown = (await browser.http.get("/on-call")).text
    assert "Core" in shown
    assert "Take over" not in shown
    assert (await browser.http.get(PATH)).status_code == 403
