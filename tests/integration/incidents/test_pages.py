import re
from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI

from tests.integration.incidents.room import ANA
from tocsin_access.directory import tell
from tocsin_access.sessions import Session
from tocsin_chassis.service import Service
from tocsin_events.directory import Role, UserChanged
from tocsin_incidents.domain.alert import Firing
from tocsin_incidents.domain.severity import AlertSeverity
from tocsin_incidents.domain.timeline import Entry, Kind
from tocsin_incidents.store.incidents import IncidentRepository
from tocsin_incidents.store.timeline import TimelineRepository
from tocsin_incidents.usecases.hear_paging import lapse_acknowledgement
from tocsin_incidents.usecases.place_alert import place_alert
from tocsin_runtime.clock import process_now
from tocsin_testkit.apps import ORIGIN

HTML = {"Accept": "text/html"}


class Browser:
    """A logged-in person without a script: follows links and posts forms."""

    def __init__(self, client: httpx2.AsyncClient, csrf: str) -> None:
        self.client = client
        self.csrf = csrf

    async def see(self, path: str, status: int = 200) -> str:
        """The page at a path."""
        answer = await self.client.get(path, headers=HTML)
        assert answer.status_code == status, answer.text
        return answer.text

    async def press(self, path: str, expect: int = 200, /, **fields: str) -> str:
        """Post a form and see where it leads, with the status expected there."""
        headers = {**HTML, "Origin": ORIGIN}
        answer = await self.client.post(
            path, data={"csrf": self.csrf, **fields}, headers=headers, follow_redirects=True
        )
        assert answer.status_code == expect, answer.text
        return answer.text


@pytest.fixture
async def browser(client: httpx2.AsyncClient, app: FastAPI) -> Browser:
    """Ana, a responder."""
    return await log_in(client, app, role=Role.RESPONDER)


async def log_in(client: httpx2.AsyncClient, app: FastAPI, *, role: Role) -> Browser:
    service: Service = app.state.service
    assert ANA.user_id is not None
    async with service.unit_of_work() as uow:
        await tell(
            uow, UserChanged(id=ANA.user_id, version=1, name="Ana Ruiz", email="ana@example.org", role=role)
        )
    del client.headers["Authorization"]
    sessions = service.access.sessions
    session = Session(ANA.user_id, uuid4(), expires_at=process_now() + timedelta(hours=1))
    client.cookies.set(sessions.rules.name, sessions.cookie(session))
    return Browser(client, sessions.csrf(session.id))


async def test_declare_to_close_without_a_script(browser: Browser) -> None:
    assert "No incident yet" in await browser.see("/incidents")
    assert "Say in a few words" in await browser.press("/incidents", 422, title=" ", severity="SEV-1")
    assert "Choose how bad" in await browser.press("/incidents", 422, title="Down", severity="SEV-9")
    shown = await browser.press(
        "/incidents", title="<script>alert(1)</script> down", severity="SEV-1", public="true"
    )
    assert "INC-1" in shown
    assert "&lt;script&gt;" in shown
    assert "<script>alert" not in shown
    assert "Acknowledge" in shown
    assert "Answer due" in shown

    shown = await browser.press("/incidents/INC-1/acknowledge")
    assert "Acknowledged after" in shown
    assert "Ana Ruiz" in shown
    assert "It is acknowledged already." in await browser.press("/incidents/INC-1/acknowledge")
    await browser.press("/incidents/INC-1/status", status="investigating")
    await browser.press("/incidents/INC-1/severity", severity="SEV-2", reason="only Europe")
    await browser.press("/incidents/INC-1/assign", user_id="")
    await browser.press("/incidents/INC-1/assign", user_id=str(ANA.user_id))
    assert "<strong>Draining</strong>" in await browser.press(
        "/incidents/INC-1/updates", body="**Draining**", public="true"
    )
    await browser.press("/incidents/INC-1/notes", body="[x](javascript:alert(1))")
    await browser.press("/incidents/INC-1/details", title="Checkout down", summary="EU only", visible="true")
    assert "Lasted" in await browser.press("/incidents/INC-1/resolve", resolution="Rolled back")
    await browser.press("/incidents/INC-1/reopen", why="not yet")
    await browser.press("/incidents/INC-1/resolve")
    shown = await browser.press("/incidents/INC-1/close")
    for told in ("only Europe", "Rolled back", "not yet", "Severity lowered from SEV-1 to SEV-2", "EU only"):
        assert told in shown
    assert 'href="javascript' not in shown


async def test_what_cannot_be_done_is_said_on_a_page(browser: Browser) -> None:
    await browser.press("/incidents", title="Down", severity="SEV-3")
    one = "/incidents/INC-1"
    assert "Resolve it first" in await browser.press(f"{one}/close", 409)
    assert "Write something first" in await browser.press(f"{one}/notes", 422, body=" ")
    await browser.press(f"{one}/status", 422, status="finished")
    await browser.press(f"{one}/severity", 422, severity="")
    await browser.press(f"{one}/assign", 422, user_id="nobody")
    await browser.press(f"{one}/assign", 422, user_id=str(uuid4()))
    await browser.press(f"{one}/reopen", 422, why="")
    for path in ("/incidents/INC-9", "/incidents/nonsense", "/services/nothing"):
        await browser.see(path, 404)
    browser.csrf = "forged"
    await browser.press(f"{one}/acknowledge", 403)
    assert "Who has it</dt><dd><span" in await browser.see(one)


async def test_every_page_stands_while_only_a_small_incident_is_open(browser: Browser) -> None:
    await browser.press("/incidents", title="Alpha", severity="SEV-3")
    shown = await browser.see("/incidents")
    assert "1 open<" in shown
    for path in ("/incidents/new", "/incidents/INC-1", "/services", "/incidents/fragments/sev1"):
        await browser.see(path)


async def test_the_list_shows_open_ones_first_and_the_red_line_the_gravest(browser: Browser) -> None:
    assert await browser.see("/incidents/fragments/sev1") == ""
    for title, severity in (("Alpha", "SEV-3"), ("Beta", "SEV-1"), ("Gamma", "SEV-2")):
        await browser.press("/incidents", title=title, severity=severity)
    await browser.press("/incidents", title="A rehearsal", severity="SEV-1", drill="true")
    await browser.press("/incidents/INC-3/resolve")
    shown = await browser.see("/incidents")
    assert "2 open, 1 of them SEV-1" in shown
    places = [shown.index(name) for name in ("Beta", "Alpha", "A rehearsal", "Gamma")]
    assert places == sorted(places)
    filtered = await browser.see("/incidents?status=open&severity=SEV-3&q=alp")
    assert "Alpha" in filtered
    assert "Beta" not in filtered
    assert "Nothing matches" in await browser.see(
        "/incidents?service=nobody&status=nonsense&assignee=me&team=x"
    )
    await browser.see("/incidents?cursor=nonsense", 422)
    line = await browser.see("/incidents/fragments/sev1")
    assert "INC-2" in line
    assert "rehearsal" not in line


async def test_a_long_story_is_paged(browser: Browser) -> None:
    await browser.press("/incidents", title="Down", severity="SEV-3")
    for number in range(101):
        await browser.press("/incidents/INC-1/notes", body=f"note number {number}.")
    shown = await browser.see("/incidents/INC-1")
    assert "note number 100." in shown
    assert "note number 0." not in shown
    older = re.search(r'href="(/incidents/INC-1\?before=[^"]+)"', shown)
    assert older is not None
    shown = await browser.see(older[1])
    assert "note number 0." in shown
    assert "Newest entries" in shown


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("silent", "The acknowledgement expired: people are being paged again."),
        (
            "severity_raised",
            "The severity was raised after the acknowledgement: people are being paged again.",
        ),
    ],
)
async def test_an_acknowledgement_that_no_longer_holds_is_none(
    browser: Browser, app: FastAPI, reason: str, says: str
) -> None:
    await browser.press("/incidents", title="Down", severity="SEV-3")
    await browser.press("/incidents/INC-1/acknowledge")
    service: Service = app.state.service
    async with service.unit_of_work() as uow:
        incident = await IncidentRepository(uow.conn).get(1)
        assert incident is not None
        await lapse_acknowledgement(
            uow, app.state.desk, incident_id=incident.id, user_id=ANA.user_id, reason=reason
        )
    shown = await browser.see("/incidents/INC-1")
    assert says in shown
    assert "Acknowledge</span>" in shown
    listed = await browser.see("/incidents")
    assert "Acknowledged</" not in listed
    assert "Paging again" in listed


async def test_nothing_fires_beside_what_is_resolved(browser: Browser, app: FastAPI) -> None:
    service: Service = app.state.service
    alert = Firing(uuid4(), uuid4(), AlertSeverity.HIGH, title="Down", received_at=process_now())
    async with service.unit_of_work() as uow:
        await place_alert(uow, app.state.desk, alert=alert)
    assert "1 of 1 still firing" in await browser.see("/incidents/INC-1")
    resolved = await browser.press("/incidents/INC-1/resolve")
    assert "still firing" not in resolved
    assert "1 alert in all" in resolved


async def test_every_kind_of_entry_is_shown(browser: Browser, app: FastAPI) -> None:
    await browser.press("/incidents", title="Down", severity="SEV-3")
    service: Service = app.state.service
    async with service.unit_of_work() as uow:
        incident = await IncidentRepository(uow.conn).get(1)
        assert incident is not None
        for kind in Kind:
            entry = Entry(uuid4(), incident.id, at=uow.now, kind=kind, title=f"This was {kind}.")
            await TimelineRepository(uow.conn).add(entry)
    shown = await browser.see("/incidents/INC-1")
    assert [kind for kind in Kind if f"This was {kind}." not in shown] == []


async def test_a_viewer_reads_and_changes_nothing(client: httpx2.AsyncClient, app: FastAPI) -> None:
    await client.post("/api/v1/incidents", json={"title": "Down", "severity": "SEV-3"})
    viewer = await log_in(client, app, role=Role.VIEWER)
    assert "Acknowledge</span>" not in await viewer.see("/incidents/INC-1")
    for path in ("/incidents", "/incidents/INC-1/acknowledge", "/incidents/INC-1/resolve", "/services"):
        await viewer.press(path, 403, title="x", name="x")
    assert "Add a service" not in await viewer.see("/services")


async def test_an_administrator_keeps_the_catalogue(client: httpx2.AsyncClient, app: FastAPI) -> None:
    admin = await log_in(client, app, role=Role.ADMIN)
    assert "Add a service" in await admin.see("/services")
    form = {"auto_resolve": "true", "opens_critical": "SEV-1", "opens_high": "", "aliases": "pay, checkout"}
    assert "Give it a name" in await admin.press("/services", 422, name="", **form)
    assert "begins with https" in await admin.press(
        "/services", 422, name="Pay", runbook_url="ftp://x", **form
    )
    shown = await admin.press("/services", name="Payments", runbook_url="https://wiki/pay", **form)
    assert "Nothing is open" in shown
    assert 'href="https://wiki/pay"' in shown
    assert "is a name of the service" in await admin.press("/services", 422, name="Checkout", **form)
    assert "pay, checkout" in await admin.see("/services/payments/edit")
    renamed = await admin.press(
        "/services/payments/edit", version="1", name="Payments EU", slug="payments", **form
    )
    assert "Payments EU" in renamed
    stale = await admin.press(
        "/services/payments/edit", 422, version="1", name="Else", slug="payments", **form
    )
    assert "Somebody changed this service" in stale
    await admin.press("/incidents", title="Cards fail", severity="SEV-2", service="payments")
    assert "Cards fail" in await admin.see("/services/payments")
    assert "1 open" in await admin.see("/services")
    await admin.press("/services/payments/delete")
    await admin.see("/services/payments", 404)
    assert "Payments EU" in await admin.see("/incidents/INC-1")


async def test_a_stranger_is_sent_to_log_in_and_back(client: httpx2.AsyncClient) -> None:
    del client.headers["Authorization"]
    answer = await client.get("/incidents/INC-1", headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/incidents/INC-1"
