"""An answer to the incidents service stops paging before it is given, whatever the bus does meanwhile (R27, B10).

Neither app is started: no relay and no consumer runs, and events come by the bus only as a test brings them.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

import httpx2
import pytest
from fastapi import FastAPI

from tests.integration.paging.stage import MINUTE, Stage
from tocsin.compose import direct_heralds
from tocsin_bus.outbox import LANES, Waiting, mark_published, unpublished
from tocsin_chassis.intake import AHEAD, as_record, http_courier, take_ahead
from tocsin_chassis.platform import Courier
from tocsin_chassis.service import Service
from tocsin_events.base import Event
from tocsin_events.envelope import Envelope
from tocsin_events.incidents import Incident, IncidentAcknowledged, IncidentOpened, Severity
from tocsin_incidents.app import create_app
from tocsin_incidents.domain.incident import TOCSIN, ref_of
from tocsin_incidents.domain.severity import Severity as Grave
from tocsin_incidents.settings import IncidentsSettings
from tocsin_incidents.usecases.desk import Desk
from tocsin_incidents.usecases.respond import judge_incident
from tocsin_paging.domain.escalation import State
from tocsin_runtime.clock import ManualClock, monotonic
from tocsin_testkit.apps import ADMIN_TOKEN, ORIGIN, SECRET_KEY, build_app
from tocsin_testkit.postgres import TestServer
from tocsin_testkit.templates import Templates

ANA, BO = (1, 1, "Ana"), (1, 2, "Bo")
Answer = Callable[["House"], Awaitable[None]]


@dataclass
class Road:
    """The way from incidents to paging ahead of the bus; `cut` is what happens on it instead."""

    sound: Courier
    cut: Courier | None = None

    async def __call__(self, envelopes: Sequence[Envelope]) -> None:
        await (self.cut or self.sound)(envelopes)


@dataclass
class House:
    """The incidents service by its API, the stage of paging, and the bus in the test's hands."""

    client: httpx2.AsyncClient
    incidents: Service
    desk: Desk
    paging: Service
    stage: Stage
    road: Road

    async def declare(self) -> Incident:
        """An incident of which paging has not heard yet."""
        body = {"title": "Checkout is down", "severity": "SEV-2"}
        answer = await self.client.post("/api/v1/incidents", json=body)
        assert answer.status_code == 201, answer.text
        [waiting] = await self.waiting(IncidentOpened)
        event = waiting.envelope.event()
        assert isinstance(event, IncidentOpened)
        return event.incident

    async def act(self, action: str, body: object = None, *, number: int = 1, once: str = "") -> None:
        headers = {"Idempotency-Key": once} if once else {}
        path = f"/api/v1/incidents/INC-{number}/{action}"
        answer = await self.client.post(path, json=body, headers=headers)
        assert answer.status_code == 200, answer.text

    async def raise_by_rule(self, severity: Grave) -> None:
        """A graver alert joined."""
        async with self.incidents.unit_of_work() as uow:
            await judge_incident(uow, self.desk, ref=ref_of("INC-1"), severity=severity, why="", actor=TOCSIN)

    async def waiting(self, *kinds: type[Event]) -> list[Waiting]:
        """What the bus has not brought yet."""
        async with self.incidents.database.read() as conn:
            found = await unpublished(conn, lanes=range(LANES), limit=100, service="incidents")
        return [one for one in found if not kinds or isinstance(one.envelope.event(), kinds)]

    async def bring(self, *kinds: type[Event]) -> None:
        """The bus brings what waits, one by one in order; only `kinds` when any are given."""
        assert self.paging.runner is not None
        waiting = await self.waiting(*kinds)
        for one in waiting:
            await self.paging.runner.handle([as_record(one.envelope)])
        async with self.incidents.database.begin() as conn:
            await mark_published(conn, waiting)

    async def state(self, incident: Incident) -> State:
        return (await self.stage.case(incident)).escalation.state

    async def pages_later(self, incident: Incident) -> list[tuple[int, int, str]]:
        """Who has been paged once the next step would have been due."""
        await self.stage.forward(6 * MINUTE)
        return await self.stage.told_to(incident)


@pytest.fixture
def database_url(server: TestServer, templates: Templates) -> Iterator[str]:
    """Both services in one database, as `tocsin up` has them."""
    url = server.create_database(template=templates.of("incidents", "paging", "bus"))
    yield url
    server.drop_database(url)


@pytest.fixture(params=["in one process", "over HTTP"])
async def road(request: pytest.FixtureRequest, app: FastAPI) -> AsyncIterator[Road]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app)) as client:
        direct = direct_heralds({"paging": app})["paging"]
        over_http = http_courier(
            "paging",
            url="http://paging",
            issuer="incidents",
            secret_key=SECRET_KEY,
            client=client,
            path=AHEAD,
        )
        yield Road(over_http if request.param == "over HTTP" else direct)


@pytest.fixture
async def house(
    app: FastAPI, database_url: str, clock: ManualClock, stage: Stage, road: Road
) -> AsyncIterator[House]:
    """A policy that pages Ana, then Bo."""
    await stage.policy([await stage.person("Ana")], [await stage.person("Bo")])
    incidents = build_app(create_app, IncidentsSettings, database_url, clock, {"paging": road})
    ours, theirs = incidents.state.service, app.state.service
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    transport = httpx2.ASGITransport(incidents)
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as client:
        yield House(client, ours, desk=incidents.state.desk, paging=theirs, stage=stage, road=road)
    for service in (ours, theirs):
        await service.client.aclose()
        await service.database.close()


async def acknowledge(house: House, incident: Incident | None = None) -> None:
    await house.act("acknowledge", number=incident.number if incident else 1)


async def acknowledge_once(house: House) -> None:
    await house.act("acknowledge", once="only")


async def press_the_button(house: House) -> None:
    answer = await house.client.post("/incidents/INC-1/acknowledge", headers={"Origin": ORIGIN})
    assert answer.status_code == 303, answer.text


async def investigate(house: House) -> None:
    await house.act("status", {"status": "investigating"})


async def resolve(house: House) -> None:
    await house.act("resolve")


async def hang(envelopes: Sequence[Envelope]) -> None:
    await asyncio.Event().wait()


async def be_away(envelopes: Sequence[Envelope]) -> None:
    raise httpx2.ConnectError("nobody listens there")


@pytest.mark.parametrize("answer", [acknowledge, acknowledge_once, press_the_button, investigate, resolve])
async def test_paging_has_stopped_before_the_answer_while_its_consumer_stands_still(
    house: House, answer: Answer
) -> None:
    incident = await house.declare()
    await house.bring()
    assert await house.stage.told_to(incident) == [ANA]
    await answer(house)
    expected = State.RESOLVED if answer is resolve else State.ACKNOWLEDGED
    assert await house.state(incident) == expected
    assert await house.pages_later(incident) == [ANA]
    await house.bring()
    assert await house.state(incident) == expected
    assert await house.pages_later(incident) == [ANA]


@pytest.mark.parametrize("trouble", [hang, be_away])
async def test_with_paging_away_the_answer_comes_and_the_event_stops_it(
    house: House, trouble: Courier
) -> None:
    incident = await house.declare()
    await house.bring()
    house.road.cut = trouble
    asked = monotonic()
    await acknowledge(house)
    assert monotonic() - asked < 2
    assert await house.state(incident) == State.TRIGGERED
    await house.bring()
    assert await house.state(incident) == State.ACKNOWLEDGED
    assert await house.pages_later(incident) == [ANA]


@pytest.mark.parametrize("answer", [acknowledge, resolve])
async def test_what_led_to_the_answer_comes_later_and_pages_nobody(house: House, answer: Answer) -> None:
    incident = await house.declare()
    await house.raise_by_rule(Grave.SEV1)
    await answer(house)
    stopped = await house.state(incident)
    assert stopped != State.TRIGGERED
    await house.bring()
    assert await house.pages_later(incident) == []
    case = await house.stage.case(incident)
    assert (case.escalation.state, case.about.severity) == (stopped, Severity.SEV1.value)


async def test_an_answer_at_the_moment_at_which_the_bus_brings_the_incident(house: House) -> None:
    for _ in range(12):
        incident = await house.declare()
        bus, _ = await asyncio.gather(house.bring(), acknowledge(house, incident), return_exceptions=True)
        assert bus is None
        assert await house.state(incident) == State.ACKNOWLEDGED
        await house.bring()
        paged = await house.stage.told_to(incident)
        assert paged in ([], [ANA])
        assert await house.state(incident) == State.ACKNOWLEDGED
        assert await house.pages_later(incident) == paged


async def test_a_reopening_that_comes_after_the_second_end_pages_nobody(house: House) -> None:
    incident = await house.declare()
    await house.bring()
    await resolve(house)
    await house.act("reopen", {"reason": "it is back"})
    await resolve(house)
    await house.bring()
    assert await house.state(incident) == State.RESOLVED
    assert await house.pages_later(incident) == [ANA]


async def test_what_happens_after_the_answer_counts_as_ever(house: House) -> None:
    incident = await house.declare()
    await house.bring()
    await acknowledge(house)
    await house.raise_by_rule(Grave.SEV1)
    await house.bring()
    assert await house.state(incident) == State.TRIGGERED
    assert await house.stage.told_to(incident) == [ANA, (2, 1, "Ana")]


async def test_what_is_told_ahead_too_late_does_not_answer_anew(house: House) -> None:
    incident = await house.declare()
    await house.bring()
    house.road.cut = be_away
    await acknowledge(house)
    [late] = await house.waiting(IncidentAcknowledged)
    await house.raise_by_rule(Grave.SEV1)
    await house.bring()
    assert await house.state(incident) == State.TRIGGERED
    await take_ahead(house.paging, [late.envelope])
    assert await house.state(incident) == State.TRIGGERED


async def test_only_a_service_tells_ahead(house: House, app: FastAPI) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=ORIGIN) as client:
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        answer = await client.post(AHEAD, json={"events": []}, headers=headers)
    assert answer.status_code == 401
