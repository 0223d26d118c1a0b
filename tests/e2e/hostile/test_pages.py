"""Every page that a link leads to, and every form on them with what does not belong there; none fails inside."""

from collections.abc import Iterator
from itertools import cycle, islice

import httpx2
import pytest

from tests.e2e.hostile.crawl import LEFT_ALONE, Form, read
from tests.e2e.hostile.values import TEXT
from tocsin.api import open_api
from tocsin.commands.access import first_admin
from tocsin_testkit.world import ADMIN_TOKEN, OneProcess

MOST_PAGES = 300
VALUES_A_FIELD = 4
FIRST = (
    "/",
    "/incidents",
    "/alerts",
    "/on-call",
    "/services",
    "/comms",
    "/analytics",
    "/settings",
    "/people",
    "/status",
)


@pytest.fixture(scope="module")
def browser(world: OneProcess) -> Iterator[httpx2.Client]:
    """Logged in as the administrator, by a link and its form."""
    api = open_api(world.origin, ADMIN_TOKEN)
    link = api.call("POST", f"/api/v1/users/{first_admin(api)['id']}/login-links")["url"]
    with httpx2.Client(base_url=world.origin, timeout=20) as client:
        (form,) = [form for form in read(client.get(link)).forms if form.is_post]
        assert client.post(form.action, data=form.fields).status_code == 303
        yield client


def test_every_page_that_a_link_leads_to_is_there(browser: httpx2.Client) -> None:
    """Links of our own pages are never broken, and no page fails, whatever its filters say."""
    seen = _walk(browser)
    wrong = {
        (path, answer.status_code): [page for page, other in seen.items() if path in read(other).links]
        for path, answer in seen.items()
        if answer.status_code >= 400
    }
    assert not wrong
    assert len(seen) > 40
    for path in [path for path, answer in seen.items() if "?" in path and answer.is_success]:
        where, _, query = path.partition("?")
        for name in {pair.partition("=")[0] for pair in query.split("&")}:
            for value in TEXT:
                status = browser.get(where, params={name: value}).status_code
                assert status < 500, (where, name, value[:100])


def test_no_form_makes_it_fail_inside(browser: httpx2.Client) -> None:
    forms = {
        (form.action, *form.fields): form for answer in _walk(browser).values() for form in read(answer).forms
    }
    values, wrong, asked = cycle(TEXT), [], 0
    for form in forms.values():
        if any(part in form.action for part in LEFT_ALONE):
            continue
        for fields in _spoilt(form, values):
            answer = _send(browser, form, fields)
            asked += 1
            if answer.status_code >= 500 or answer.status_code == 403:
                wrong.append(
                    (form.action, {name: value[:60] for name, value in fields.items()}, answer.status_code)
                )
    assert not wrong[:20]
    assert asked > 300
    assert browser.get("/incidents").status_code == 200


def _walk(browser: httpx2.Client) -> dict[str, httpx2.Response]:
    waiting, seen = list(FIRST), dict[str, httpx2.Response]()
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.pop(0)
        if path not in seen:
            seen[path] = browser.get(path, follow_redirects=True)
            waiting += sorted(read(seen[path]).links)
    return seen


def _spoilt(form: Form, values: Iterator[str]) -> Iterator[dict[str, str]]:
    """What the form holds, with one of its fields at a time as nobody would fill it in; its token stays."""
    for name in form.fields:
        if name != "csrf":
            for value in islice(values, VALUES_A_FIELD):
                yield {**form.fields, name: value}


def _send(browser: httpx2.Client, form: Form, fields: dict[str, str]) -> httpx2.Response:
    if form.is_post:
        return browser.post(form.action, data=fields)
    return browser.get(form.action, params=fields)
