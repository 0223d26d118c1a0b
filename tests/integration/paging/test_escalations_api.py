"""`/api/v1/escalations`: what an incident's escalation does next, or why it does nothing any more."""

from datetime import datetime
from typing import Any

import httpx2
import pytest

from tests.integration.paging.stage import MINUTE, Stage
from tocsin_events.incidents import Incident, IncidentResolved, IncidentStatus
from tocsin_testkit.waiting import eventually

PATH = "/api/v1/escalations"
Client = httpx2.AsyncClient


async def shown(client: Client, name: object) -> dict[str, Any]:
    answer = await client.get(f"{PATH}/{name}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def shown_as(client: Client, incident: Incident, state: str, ended_by: str | None) -> dict[str, Any]:
    """The running service may be at the timers that the stage plays as well, and be done a little later."""
    found = await shown(client, incident.number)
    assert (found["state"], found["ended_by"]) == (state, ended_by)
    return found


@pytest.fixture
async def incident(stage: Stage) -> Incident:
    ana, bo = await stage.person("Ana"), await stage.person("Bo")
    await stage.policy([ana], [bo], repeats=1)
    return await stage.open()


async def test_it_tells_what_is_due(client: Client, stage: Stage, incident: Incident) -> None:
    found = await shown(client, incident.incident_id)

    assert (found["state"], found["ended_by"], found["policy"]["steps"]) == ("triggered", None, 2)
    assert (found["round"], found["rounds"]) == (1, 2)
    assert found["step"] in (1, 2)  # the running service sends by itself, in vain, and goes on to Bo
    assert datetime.fromisoformat(found["next_at"]) == stage.clock.moment + 5 * MINUTE
    for name in (f"INC-{incident.number}", incident.number):
        assert (await shown(client, name))["incident_id"] == str(incident.incident_id)
    assert (await client.get(f"{PATH}/INC-999")).status_code == 404
    assert (await client.get(f"{PATH}/nothing")).status_code == 422


async def test_an_answer_ends_it_until_it_expires(client: Client, stage: Stage, incident: Incident) -> None:
    pages = (await client.get("/api/v1/pages", params={"incident_id": incident.number})).json()["items"]
    await client.post(f"/api/v1/pages/{pages[-1]['id']}/acknowledge")

    found = await shown(client, incident.number)

    assert (found["state"], found["ended_by"], found["next_at"]) == ("acknowledged", "acknowledged", None)
    assert (found["acknowledged_by"], found["acknowledged_via"]) == ("Ana", "api")
    await stage.forward(31 * MINUTE)
    found = await eventually(lambda: shown_as(client, incident, "triggered", None), within=5)
    assert found["round"] == 2
    assert found["next_at"]
    assert found["acknowledged_by"] is None


async def test_the_end_of_the_incident_and_of_all_rounds_end_it(
    client: Client, stage: Stage, incident: Incident
) -> None:
    async def found_later() -> dict[str, Any]:
        await stage.forward(5 * MINUTE)
        return await shown_as(client, incident, "triggered", "exhausted")

    found = await eventually(found_later, within=10)
    assert found["next_at"] is None

    over = incident.model_copy(update={"version": 2, "status": IncidentStatus.RESOLVED})
    await stage.hear(IncidentResolved(incident=over, reason="by_hand"))

    found = await shown(client, incident.number)
    assert (found["state"], found["ended_by"], found["next_at"]) == ("resolved", "resolved", None)
