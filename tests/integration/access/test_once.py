"""What is shown once is shown to whoever made it, on its page, within a minute, and never again."""

import re
from datetime import timedelta

import pytest

from tests.integration.access.house import Browser, House
from tocsin_runtime.clock import ManualClock

LINK = re.compile(r"http://tocsin\.test/login/link/[\w-]+")


@pytest.fixture
async def ana(house: House) -> Browser:
    """An administrator, logged in."""
    await house.person("ana", "admin")
    browser = house.browser()
    await browser.log_in("ana@example.org")
    return browser


async def made(house: House, by: Browser) -> str:
    """A log-in link is made for somebody new; the path of the page that shows it."""
    path = f"/people/{await house.person('bo')}"
    answer = await by.send(f"{path}/login-link", page=path)
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert LINK.search(answer.text) is None
    return path


async def test_a_log_in_link_is_on_the_next_page_only(house: House, ana: Browser) -> None:
    path = await made(house, ana)
    assert LINK.search((await ana.http.get(path, headers={"HX-Request": "true"})).text) is None
    link = LINK.search((await ana.http.get(path)).text)
    assert link is not None
    assert LINK.search((await ana.http.get(path)).text) is None
    assert "tocsin_once" not in ana.http.cookies
    entered = await house.browser().http.get(link[0])
    assert entered.status_code == 200


async def test_the_cookie_is_sealed_and_kept_from_scripts_and_other_pages(house: House, ana: Browser) -> None:
    path = f"/people/{await house.person('bo')}"
    answer = await ana.send(f"{path}/login-link", page=path)
    (cookie,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith("tocsin_once=")]
    assert {"HttpOnly", f"Path={path}", "SameSite=strict", "Max-Age=60"} <= set(cookie.split("; "))
    sealed = ana.http.cookies["tocsin_once"]
    assert "login" not in sealed
    link = LINK.search((await ana.http.get(path)).text)
    assert link is not None
    await house.person("eve", "admin")
    eve = house.browser()
    await eve.log_in("eve@example.org")
    for browser, page, cookie in (
        (eve, path, sealed),
        (ana, "/settings", sealed),
        (ana, path, sealed[:-2] + "AA"),
    ):
        shown = await browser.http.get(
            page, headers={"Cookie": f"tocsin_session={browser.cookie}; tocsin_once={cookie}"}
        )
        assert shown.status_code == 200
        assert link[0] not in shown.text


async def test_after_a_minute_it_is_gone(house: House, ana: Browser, clock: ManualClock) -> None:
    path = await made(house, ana)
    clock.forward(timedelta(seconds=61))
    assert LINK.search((await ana.http.get(path)).text) is None


async def test_the_secret_of_a_webhook_is_on_the_next_page_only(house: House, ana: Browser) -> None:
    path = "/settings/contact-methods"
    answer = await ana.send(path, page=path, channel="webhook", address="https://93.184.215.14/hook")
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert "whsec_" in (await ana.http.get(path)).text
    assert "whsec_" not in (await ana.http.get(path)).text
