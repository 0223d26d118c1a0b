"""The pages of people, teams and settings, as forms without scripts."""

from datetime import timedelta
from uuid import UUID

import pytest

from tests.integration.access.house import Browser, House
from tocsin_runtime.clock import ManualClock


@pytest.fixture
async def ana(house: House) -> Browser:
    """An administrator, logged in."""
    await house.person("ana", "admin")
    browser = house.browser()
    await browser.log_in("ana@example.org")
    return browser


async def test_an_administrator_adds_changes_and_removes_people(house: House, ana: Browser) -> None:
    wrong = await ana.send("/people", page="/people/new", name="", email="bo", timezone="Mars", role="king")
    assert wrong.status_code == 422
    for words in ("Enter a name", "Enter an e-mail address", "Choose a time zone", "Choose a role"):
        assert words in wrong.text

    bo = {"name": "Bo Lind", "email": "bo@example.org", "role": "responder", "timezone": "Europe/Stockholm"}
    added = await ana.send("/people", page="/people/new", **bo)
    assert added.status_code == 303
    path = added.headers["location"]
    twice = await ana.send("/people", page="/people/new", **bo)
    assert twice.status_code == 422
    assert "Somebody else has the address" in twice.text

    changed = await ana.send(path, page=path, **{**bo, "name": "Bo L", "slack_user_id": "U024BE7LH"})
    assert changed.status_code == 303
    assert "U024BE7LH" in (await ana.http.get(path)).text
    assert "Bo L" in (await ana.http.get("/people")).text

    removed = await ana.send(f"{path}/remove", page=path)
    assert removed.status_code == 303
    assert "Bo L" not in (await ana.http.get("/people")).text
    assert (await ana.http.get(path)).status_code == 404


async def test_the_last_administrator_stays_one(house: House, ana: Browser) -> None:
    me = await house.http.get("/api/v1/users", headers={"Authorization": f"Bearer {await _token(house)}"})
    path = f"/people/{me.json()['items'][0]['id']}"
    body = {"name": "Ana", "email": "ana@example.org", "timezone": "UTC", "role": "viewer"}
    refused = await ana.send(path, page=path, **body)
    assert refused.status_code == 422
    assert "last administrator" in refused.text


async def test_teams_come_and_go(house: House, ana: Browser) -> None:
    bo = await house.person("bo")
    added = await ana.send("/people/teams", page="/people/teams/new", name="Payments", member_ids=str(bo))
    path = added.headers["location"]
    assert "Bo" in (await ana.http.get("/people/teams")).text
    again = await ana.send("/people/teams", page="/people/teams/new", name="payments!")
    assert again.status_code == 422
    await ana.send(path, page=path, name="Payments EU")
    assert "Nobody yet" in (await ana.http.get("/people/teams")).text
    assert "Called payments in files" in (await ana.http.get(path)).text
    await ana.send(f"{path}/remove", page=path)
    assert (await ana.http.get(path)).status_code == 404


async def test_a_responder_sees_people_but_changes_nobody(house: House) -> None:
    bo = await house.person("bo")
    browser = house.browser()
    await browser.log_in("bo@example.org")
    page = await browser.http.get(f"/people/{bo}")
    assert "Remove this person" not in page.text
    assert "Add a person" not in (await browser.http.get("/people")).text
    for path in ("/people/new", "/people/teams/new"):
        assert (await browser.http.get(path)).status_code == 403
    form = {"name": "Bo", "email": "bo@example.org", "timezone": "UTC", "role": "admin"}
    assert (await browser.send(f"/people/{bo}", page="/settings", **form)).status_code == 403


async def test_a_profile_is_its_owners(house: House) -> None:
    await house.person("bo")
    browser = house.browser()
    await browser.log_in("bo@example.org")
    wrong = await browser.send("/settings/profile", page="/settings", name="Bo", timezone="Mars")
    assert wrong.status_code == 422
    saved = await browser.send("/settings/profile", page="/settings", name="Bo Lind", timezone="Asia/Tokyo")
    assert saved.headers["location"] == "/settings?saved=profile"
    assert "Profile saved" in (await browser.http.get("/settings?saved=profile")).text
    house.access.forget()
    page = (await browser.http.get("/settings")).text
    assert 'data-timezone="Asia/Tokyo"' in page
    assert "Bo Lind" in page


async def test_a_token_is_shown_on_the_page_once(house: House, clock: ManualClock) -> None:
    await house.person("bo")
    browser = house.browser()
    await browser.log_in("bo@example.org")
    empty = await browser.send("/settings/tokens", page="/settings", token_name="CI")
    assert "Choose at least one" in empty.text
    greedy = await browser.send("/settings/tokens", page="/settings", token_name="CI", scopes="config:write")
    assert "cannot hold more than you do" in greedy.text
    made = await browser.send(
        "/settings/tokens", page="/settings", token_name="CI", scopes="paging:read", days="30"
    )
    assert (made.status_code, made.headers["location"]) == (303, "/settings")
    shown = await browser.http.get("/settings")
    assert shown.headers["cache-control"] == "no-store"
    plain = next(
        word
        for word in shown.text.replace("<", " ").replace(">", " ").split()
        if word.startswith("tcs_") and len(word) == 47
    )
    assert (await house.ask(plain)).status_code == 200
    again = await browser.http.get("/settings")
    assert plain not in again.text
    assert plain[:12] in again.text

    tokens = (await house.ask(plain, "/api/v1/tokens")).json()["items"]
    assert tokens[0]["expires_at"].startswith((clock.moment + timedelta(days=30)).date().isoformat())
    await browser.send(f"/settings/tokens/{tokens[0]['id']}/revoke", page="/settings")
    house.access.forget()
    assert (await house.ask(plain)).status_code == 401


async def test_log_ins_are_listed_and_ended_one_by_one(house: House) -> None:
    await house.person("bo")
    await house.person("eve")
    here, phone, eve = house.browser(), house.browser(), house.browser()
    phone.http.headers["User-Agent"] = "Mozilla/5.0 (iPhone) Version/18.0 Safari/604.1"
    await here.log_in("bo@example.org")
    await phone.log_in("bo@example.org")
    await eve.log_in("eve@example.org")
    page = (await here.http.get("/settings")).text
    assert "Safari on iPhone" in page
    action = page.split('action="/settings/sessions/')[1].split('"')[0]

    await eve.send(f"/settings/sessions/{action}", page="/settings")
    house.access.forget()
    assert (await phone.http.get("/people")).status_code == 200

    await here.send(f"/settings/sessions/{action}", page="/settings")
    house.access.forget()
    assert (await phone.http.get("/people")).status_code == 303
    assert (await here.http.get("/people")).status_code == 200


@pytest.mark.parametrize(
    "path", ["/people/rubbish", f"/people/{UUID(int=7)}", f"/people/teams/{UUID(int=7)}"]
)
async def test_what_is_not_there_is_said_plainly(house: House, ana: Browser, path: str) -> None:
    answer = await ana.http.get(path)
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"].startswith("text/html")


async def test_pages_carry_the_headers_that_keep_them_to_themselves(house: House, ana: Browser) -> None:
    for path in ("/login", "/setup", "/settings", "/people", "/login/link/x"):
        answer = await (house.browser() if path.startswith(("/login", "/setup")) else ana).http.get(path)
        if answer.status_code == 303:
            continue
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in answer.headers


async def _token(house: House) -> str:
    plain, _ = await house.token("paging:read")
    return plain
