"""Logging in and out (S20, S24, S25)."""

from asyncio import gather
from datetime import timedelta
from statistics import median
from time import perf_counter
from uuid import UUID

import pytest

from tests.integration.access.house import ADMIN, House
from tocsin_access.sessions import Session, SessionKeeper
from tocsin_paging.usecases.passwords import NOBODY, hashed, is_right
from tocsin_runtime.clock import ManualClock
from tocsin_testkit.apps import ORIGIN, SECRET_KEY
from tocsin_testkit.waiting import eventually


async def test_the_right_password_logs_in_and_goes_on_where_one_wanted(house: House) -> None:
    await house.person("ana")
    browser = house.browser()
    sent_away = await browser.http.get("/people?x=1")
    assert sent_away.status_code == 303
    assert sent_away.headers["location"] == "/login?next=/people%3Fx%3D1"

    answer = await browser.log_in("ANA@example.org ", next="/people?x=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/people?x=1"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert (await browser.http.get("/people")).status_code == 200
    assert (await browser.http.get("/login?next=/settings")).headers["location"] == "/settings"


async def test_a_good_log_in_is_never_sent_round_in_a_circle(house: House) -> None:
    await house.person("ana")
    browser = house.browser()
    await browser.log_in("ana@example.org")
    first = await browser.http.get("/login?next=/incidents%3Fq%3D%C3%A4")
    assert first.headers["location"] == "/incidents?q=%C3%A4"
    waits = []
    for _ in range(6):
        answer = await browser.http.get("/login?next=/incidents%3Fq%3D%C3%A4")
        assert (answer.status_code, "location" in answer.headers) == (200, False)
        pause, _, target = answer.headers["refresh"].partition("; url=")
        assert target == "/incidents?q=%C3%A4"
        assert 'href="/incidents?q=ä"' in answer.text
        waits.append(int(pause))
    assert waits == [1, 2, 3, 4, 5, 6]
    assert "has not heard of your log-in yet" in answer.text


async def test_a_form_and_a_part_of_a_page_come_back_to_the_page_they_are_on(house: House) -> None:
    stranger = house.browser()
    here = f"{ORIGIN}/incidents/INC-3?before=7"
    form = await stranger.http.post("/settings/profile", headers={"Referer": here})
    assert form.headers["location"] == "/login?next=/incidents/INC-3%3Fbefore%3D7"
    part = await stranger.http.get(
        "/on-call/fragments/me", headers={"HX-Request": "true", "HX-Current-URL": here}
    )
    assert part.headers["hx-redirect"] == "/login?next=/incidents/INC-3%3Fbefore%3D7"
    foreign = await stranger.http.post("/settings/profile", headers={"Referer": "https://evil.example/x"})
    assert foreign.headers["location"] == "/login"


async def test_a_part_of_a_page_does_not_drag_away_whom_it_has_not_heard_of(
    house: House, clock: ManualClock
) -> None:
    new = Session(UUID(int=9), id=UUID(int=9), expires_at=clock.moment + timedelta(hours=12))
    browser = house.browser()
    browser.http.cookies.set("tocsin_session", SessionKeeper(SECRET_KEY, ORIGIN).cookie(new))
    part = await browser.http.get("/on-call/fragments/me", headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["retry-after"]) == (503, "1")
    assert "hx-redirect" not in part.headers
    page = await browser.http.get("/on-call")
    assert page.headers["location"] == "/login?next=/on-call"
    assert "Log in</h1>" in (await browser.http.get(page.headers["location"])).text


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example"]
)
async def test_log_in_never_leads_to_another_site(house: House, target: str) -> None:
    await house.person("ana")
    browser = house.browser()
    assert (await browser.log_in("ana@example.org", next=target)).headers["location"] == "/"
    assert (await browser.http.get("/login", params={"next": target})).headers["location"] == "/"


async def test_a_wrong_password_and_an_unknown_address_look_alike(house: House) -> None:
    await house.person("ana")
    await house.person("bo", password=None)
    browser = house.browser()
    addresses = [f"{name}@example.org" for name in ("ana", "bo", "zo")]
    answers = {address: await browser.log_in(address, "wrong") for address in addresses}
    assert {answer.status_code for answer in answers.values()} == {401}
    bodies = {answer.text.replace(address, "") for address, answer in answers.items()}
    assert len(bodies) == 1
    assert "tocsin_session" not in browser.http.cookies


async def test_an_unknown_account_takes_as_long_as_a_known_one() -> None:
    known = await hashed("something")
    times: dict[str | None, list[float]] = {known: [], None: []}
    for _ in range(7):
        for each, taken in times.items():
            began = perf_counter()
            assert not await is_right("wrong", each)
            taken.append(perf_counter() - began)
    known_time, unknown_time = (median(taken) for taken in times.values())
    assert unknown_time > known_time / 2
    assert known_time > unknown_time / 2
    assert NOBODY.split("$")[:4] == known.split("$")[:4]  # the same algorithm at the same price


async def test_the_eleventh_try_is_not_looked_at(house: House, clock: ManualClock) -> None:
    await house.person("ana")
    await house.person("bo")
    browser = house.browser()
    tries = [(await browser.log_in("ana@example.org", "wrong")).status_code for _ in range(10)]
    assert tries == [401] * 10
    blocked = await browser.log_in("ana@example.org")
    assert blocked.status_code == 429
    assert blocked.headers["retry-after"] == "300"
    assert (await browser.log_in("bo@example.org")).status_code == 303

    clock.forward(timedelta(minutes=5))
    assert (await house.browser().log_in("ana@example.org")).status_code == 303


async def test_unknown_accounts_are_limited_alike(house: House) -> None:
    browser = house.browser()
    tries = [(await browser.log_in("zo@example.org", "wrong")).status_code for _ in range(11)]
    assert tries == [401] * 10 + [429]


async def test_tries_at_the_same_moment_are_counted_too(house: House) -> None:
    await house.person("ana")
    browser = house.browser()
    form = {"csrf": await browser.csrf("/login"), "email": "ana@example.org", "password": "wrong"}
    answers = await gather(*(browser.http.post("/login", data=form) for _ in range(30)))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(401) <= 10
    assert set(statuses) <= {401, 429, 503}  # 503: the pool was full, and nothing was looked at


async def test_the_right_password_forgives_earlier_slips(house: House) -> None:
    await house.person("ana")
    browser = house.browser()
    for _ in range(2):
        for _ in range(9):
            assert (await browser.log_in("ana@example.org", "wrong")).status_code == 401
        assert (await house.browser().log_in("ana@example.org")).status_code == 303


async def test_logging_out_ends_the_session_also_for_a_copied_cookie(house: House) -> None:
    await house.person("ana")
    browser, thief = house.browser(), house.browser()
    await browser.log_in("ana@example.org")
    thief.http.cookies.set("tocsin_session", browser.cookie)
    assert (await thief.http.get("/people")).status_code == 200

    answer = await browser.send("/logout", page="/settings")
    assert answer.status_code == 303
    assert "tocsin_session" not in browser.http.cookies

    async def out() -> bool:
        return (await thief.http.get("/people")).status_code == 303

    await eventually(out, within=5)


async def test_a_session_ends_after_twelve_hours(house: House, clock: ManualClock) -> None:
    await house.person("ana")
    browser = house.browser()
    await browser.log_in("ana@example.org")
    clock.forward(timedelta(hours=11, minutes=59))
    assert (await browser.http.get("/people")).status_code == 200
    clock.forward(timedelta(minutes=1))
    assert (await browser.http.get("/people")).status_code == 303


async def test_a_forged_cookie_is_nobody(house: House, clock: ManualClock) -> None:
    ana = await house.person("ana", "admin")
    forged = Session(ana, id=ana, expires_at=clock.moment + timedelta(hours=1))
    browser = house.browser()
    for secret, status in (("not-the-secret-key-of-this-house", 303), (SECRET_KEY, 200)):
        browser.http.cookies.set("tocsin_session", SessionKeeper(secret, ORIGIN).cookie(forged))
        assert (await browser.http.get("/people")).status_code == status


async def test_a_removed_person_is_out(house: House) -> None:
    ana = await house.person("ana")
    browser = house.browser()
    await browser.log_in("ana@example.org")
    assert (await browser.http.get("/people")).status_code == 200
    await house.http.delete(f"/api/v1/users/{ana}", headers=ADMIN)
    house.access.forget()
    assert (await browser.http.get("/people")).status_code == 303


async def _link(house: House, user_id: UUID) -> str:
    made = await house.http.post(f"/api/v1/users/{user_id}/login-links", headers=ADMIN)
    url: str = made.json()["url"]
    return url.removeprefix(ORIGIN)


async def test_a_link_logs_in_once_and_only_when_its_button_is_pressed(house: House) -> None:
    link = await _link(house, await house.person("ana", password=None))
    scanner = house.browser()
    for _ in range(3):
        assert "Log in as Ana" in (await scanner.http.get(link)).text
        await scanner.http.head(link)

    browser = house.browser()
    answer = await browser.send(link, page=link)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/settings#password"
    assert (await browser.http.get("/settings")).status_code == 200

    assert (await scanner.http.get(link)).status_code == 410
    again = await scanner.http.post(link, data={"csrf": await scanner.csrf("/login")})
    assert again.status_code == 410
    assert "tocsin_session" not in scanner.http.cookies


async def test_a_link_is_over_after_an_hour(house: House, clock: ManualClock) -> None:
    link = await _link(house, await house.person("ana"))
    clock.forward(timedelta(hours=1))
    browser = house.browser()
    assert (await browser.http.get(link)).status_code == 410
    assert (await browser.http.get("/login/link/rubbish")).status_code == 410


async def test_two_presses_at_once_log_in_one(house: House) -> None:
    link = await _link(house, await house.person("ana"))
    browsers = [house.browser() for _ in range(4)]
    forms = [{"csrf": await browser.csrf(link)} for browser in browsers]
    pairs = zip(browsers, forms, strict=True)
    answers = await gather(*(browser.http.post(link, data=form) for browser, form in pairs))
    assert sorted(answer.status_code for answer in answers) == [303, 410, 410, 410]


async def test_a_new_password_ends_the_other_log_ins(house: House) -> None:
    await house.person("ana")
    here, elsewhere = house.browser(), house.browser()
    await here.log_in("ana@example.org")
    await elsewhere.log_in("ana@example.org")

    new = {"password": "another good password"}
    wrong = await here.send("/settings/password", page="/settings", current="wrong", **new)
    assert wrong.status_code == 422
    weak = await here.send(
        "/settings/password", page="/settings", current="correct horse battery staple", password="short"
    )
    assert weak.status_code == 422
    saved = await here.send(
        "/settings/password", page="/settings", current="correct horse battery staple", **new
    )
    assert saved.status_code == 303

    house.access.forget()
    assert (await here.http.get("/people")).status_code == 200
    assert (await elsewhere.http.get("/people")).status_code == 303
    assert (await house.browser().log_in("ana@example.org")).status_code == 401
    assert (await house.browser().log_in("ana@example.org", new["password"])).status_code == 303
