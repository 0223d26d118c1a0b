"""Nobody is configured to be woken: then every administrator is, and is told what to configure."""

import httpx2

from tests.integration.paging.stage import MINUTE, Stage, Tray
from tocsin_access.directory import apply_entry
from tocsin_bus.sending import GiveUp
from tocsin_events.directory import Role, ServiceChanged
from tocsin_events.incidents import IncidentReopened, IncidentResolved
from tocsin_events.pages import EscalationExhausted, PageUndeliverable
from tocsin_paging.domain.escalation import State
from tocsin_paging.domain.message import compose
from tocsin_paging.domain.payload import payload_from_json
from tocsin_runtime.database import Database
from tocsin_runtime.ids import new_id
from tocsin_testkit.told import told


async def reasons(database: Database) -> list[tuple[int, str]]:
    events = await told(database, PageUndeliverable)
    return [(event.step, event.reason) for event in events if isinstance(event, PageUndeliverable)]


async def test_every_administrator_is_paged_at_once_and_told_what_to_do(
    stage: Stage, database: Database
) -> None:
    await stage.person("Bo")
    ana = await stage.person("Ana", role=Role.ADMIN)
    await stage.person("Cy", role=Role.ADMIN)
    incident = await stage.open()

    assert await stage.told_to(incident) == [(1, 1, "Ana"), (1, 1, "Cy")]
    assert await reasons(database) == [(0, "no_policy")]
    tray = Tray()
    await stage.send(tray)
    words = compose(payload_from_json(tray.taken[0].payload).content, now=stage.clock.moment)
    assert words.subject == f"[SEV-2] Checkout is down (INC-{incident.number})"
    assert "no escalation policy" in words.text
    assert "http://tocsin.test/escalation-policies" in words.text

    await stage.acknowledged(incident, ana)
    assert (await stage.case(incident)).escalation.state == State.ACKNOWLEDGED
    await stage.forward(20 * MINUTE)
    assert len(await stage.told_to(incident)) == 2


async def test_they_are_paged_again_until_somebody_answers(stage: Stage, database: Database) -> None:
    await stage.person("Ana", role=Role.ADMIN)
    incident = await stage.open()
    for _ in range(10):
        await stage.forward(5 * MINUTE)
    assert await stage.told_to(incident) == [(n, 1, "Ana") for n in range(1, 7)]
    assert len(await told(database, EscalationExhausted)) == 1
    assert await reasons(database) == [(0, "no_policy")], "said once"


async def test_an_administrator_who_comes_later_is_paged_then(stage: Stage, database: Database) -> None:
    incident = await stage.open()
    assert await reasons(database) == [(0, "no_policy"), (1, "nobody_on_call")]
    await stage.person("Ana", role=Role.ADMIN)
    await stage.forward(5 * MINUTE)
    assert await stage.told_to(incident) == [(2, 1, "Ana")]


async def test_an_incident_that_is_not_over_pages_them_again(stage: Stage, database: Database) -> None:
    await stage.person("Ana", role=Role.ADMIN)
    incident = await stage.open()
    await stage.send(Tray(answers=[GiveUp("no such mailbox")]))
    await stage.hear(IncidentResolved(incident=incident, reason="by_hand"))
    await stage.hear(IncidentReopened(incident=incident, reason="alert_fired_again"))
    assert await stage.told_to(incident) == [(1, 1, "Ana"), (2, 1, "Ana")]
    assert await reasons(database) == [(0, "no_policy"), (0, "no_policy")]


async def test_the_console_and_the_api_say_who_it_would_be(
    client: httpx2.AsyncClient, stage: Stage, database: Database
) -> None:
    service = ServiceChanged(id=new_id(), version=1, name="Web shop", slug="web")
    async with stage.open_uow() as uow:
        await apply_entry(service, uow)
    nobody = await client.get("/api/v1/on-call", params={"service": "web"})
    assert nobody.status_code == 404
    await stage.person("Ana", role=Role.ADMIN)
    [item] = (await client.get("/api/v1/on-call", params={"service": "web"})).json()["items"]
    assert (item["user"], item["reason"], item["step"]) == ("Ana", "no_policy", 1)
    assert "administrator" in item["why"]
    now = await client.get("/on-call/fragments/now", params={"service": "web"})
    assert "Ana" in now.text
    assert "no escalation policy covers this" in now.text

    incident = await stage.open()
    shown = await client.get("/on-call/fragments/pages", params={"incident_id": str(incident.incident_id)})
    assert "No escalation policy covers it" in shown.text
    assert "/escalation-policies" in shown.text
