"""`/api/v1/alerts`: lists by keyset, explanations, ends by hand, and what the incidents service tells."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.integration.detector.house import House
from tocsin_access.directory import apply_entry
from tocsin_bus.subscriptions import Heard
from tocsin_bus.unit_of_work import Cause, OpenUnitOfWork
from tocsin_detector.consumers import (
    end_what_a_person_resolved,
    know_the_incidents,
    show_that_it_is_taken,
    show_that_nobody_has_it,
)
from tocsin_events.base import Event
from tocsin_events.directory import ServiceChanged
from tocsin_events.incidents import (
    Incident,
    IncidentAcknowledged,
    IncidentAlertJoined,
    IncidentOpened,
    IncidentResolved,
    IncidentStatus,
    IncidentStatusChanged,
    Severity,
)
from tocsin_runtime.ids import new_id

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def incident(**changes: Any) -> Incident:
    plain: dict[str, Any] = {
        "incident_id": new_id(),
        "number": 42,
        "version": 1,
        "title": "x",
        "severity": Severity.SEV1,
        "status": IncidentStatus.DETECTED,
        "opened_at": NOW,
        "detected_at": NOW,
        "response_due_at": NOW + timedelta(minutes=5),
    }
    return Incident(**plain | changes)


async def test_every_filter_finds_what_it_names(house: House) -> None:
    first = await house.integration(service="web")
    second = await house.integration("alertmanager")
    await house.send(
        first["key"], {"title": "a", "dedup_key": "k", "severity": "critical", "labels": {"alertname": "A"}}
    )
    await house.send(first["key"], {"title": "b", "dedup_key": "other", "severity": "low", "service": "db"})
    await house.send(first["key"], {"title": "b", "dedup_key": "other", "status": "resolved"})
    alert = {"labels": {"alertname": "A", "severity": "critical", "service": "web"}, "fingerprint": "f"}
    await house.send(second["key"], {"alerts": [alert], "groupKey": "g"}, "alertmanager")
    await house.settled()

    async def found(**params: Any) -> set[str]:
        return {alert["dedup_key"] for alert in await house.alerts(**params)}

    assert await found() == {"k", "other", "f"}
    assert await found(integration_id=first["id"]) == {"k", "other"}
    assert await found(dedup_key="k") == {"k"}
    assert await found(status="resolved") == {"other"}
    assert await found(status=["firing", "acknowledged"]) == {"k", "f"}
    assert await found(severity="critical") == {"k", "f"}
    assert await found(severity=["critical", "low"], status="firing") == {"k", "f"}
    assert await found(service="WEB") == {"k", "f"}
    assert await found(source="alertmanager") == {"f"}
    assert await found(group_key="g") == {"f"}
    assert await found(incident_id=str(new_id())) == set()
    assert await found(service_id=str(new_id())) == set()
    (grouped,) = await house.alerts(group_key="g")
    assert await found(group_id=grouped["group_id"]) == {"f"}
    bad_ones = (
        {"status": "burning"},
        {"integration_id": "x"},
        {"incident_id": "x"},
        {"limit": 0},
        {"cursor": "x"},
    )
    for bad in bad_ones:
        assert (await house.api.get("/api/v1/alerts", params=bad)).status_code == 422


async def test_pages_follow_each_other_without_gap_or_overlap(house: House) -> None:
    key = await house.key()
    await house.send(key, [{"title": f"t{n}", "dedup_key": f"k{n}"} for n in range(25)])
    await house.settled()

    seen, url = [], "/api/v1/alerts?limit=10"
    while url:
        answer = await house.api.get(url)
        seen += [alert["dedup_key"] for alert in answer.json()["items"]]
        link = answer.headers.get("link", "")
        url = link.partition(">")[0].removeprefix("<") if answer.json()["next"] else ""

    assert seen == [f"k{n}" for n in reversed(range(25))]


async def test_an_alert_can_be_ended_by_hand_once(house: House) -> None:
    key = await house.key()
    await house.send(key, {"title": "a"})
    await house.settled()
    (alert,) = await house.alerts()
    path = f"/api/v1/alerts/{alert['id']}"

    first = await house.api.post(f"{path}/resolve", json={"note": "false alarm"})
    second = await house.api.post(f"{path}/resolve")

    assert (first.status_code, first.json()["status"]) == (200, "resolved")
    assert second.status_code == 409
    assert await house.told_types() == ["opened", "resolved"]
    last = (await house.api.get(f"{path}/explain")).json()["decisions"][-1]
    assert (last["reason"], last["details"]["note"]) == ("resolved_by_hand", "false alarm")
    assert (await house.api.get(f"/api/v1/alerts/{new_id()}")).status_code == 404
    assert (await house.api.post(f"/api/v1/alerts/{new_id()}/resolve")).status_code == 404


async def test_the_service_is_found_in_the_catalogue_by_slug_name_or_alias(
    house: House, open_uow: OpenUnitOfWork
) -> None:
    service = ServiceChanged(id=new_id(), version=1, name="Web shop", slug="web", aliases=["storefront"])
    async with open_uow() as uow:
        await apply_entry(service, uow)
    key = await house.key(service="web")
    names = ["WEB", "web shop", "Storefront", "unknown", None]
    await house.send(key, [{"title": str(name), "service": name} for name in names])
    await house.settled()

    alerts = await house.alerts()
    assert {alert["service_id"] for alert in alerts} == {str(service.id)}
    assert await house.alerts(service_id=str(service.id)) == alerts
    assert {alert["title"] for alert in await house.alerts(service="storefront")} == {
        str(name) for name in names
    }
    reasons = {}
    for alert in alerts:
        why = (await house.api.get(f"/api/v1/alerts/{alert['id']}/explain")).json()["decisions"][0]["details"]
        reasons[alert["title"]] = why["service_rule"]
    assert reasons["unknown"] == "alert_names_unknown_service"
    assert reasons["None"] == "integration_default"


def heard(event: Event) -> Heard:
    return Heard(event, Cause(new_id()))


async def test_many_incidents_heard_at_once_are_kept_in_their_order(
    house: House, open_uow: OpenUnitOfWork
) -> None:
    key = await house.key()
    await house.send(key, [{"title": name, "dedup_key": name} for name in "abc"])
    await house.settled()
    ids = {alert["dedup_key"]: UUID(alert["id"]) for alert in await house.alerts()}
    first, second = incident(), incident(acknowledged_at=NOW, status=IncidentStatus.ACKNOWLEDGED)

    async with open_uow() as uow:
        await know_the_incidents(
            [
                heard(IncidentOpened(incident=first, alert_ids=[ids["a"], ids["b"]])),
                heard(IncidentOpened(incident=second, alert_ids=[ids["c"]])),
                heard(IncidentAlertJoined(incident=second, alert_id=ids["b"], title="b")),
            ],
            uow,
        )

    found = {alert["dedup_key"]: (alert["incident_id"], alert["status"]) for alert in await house.alerts()}
    assert found == {
        "a": (str(first.incident_id), "firing"),
        "b": (str(second.incident_id), "acknowledged"),
        "c": (str(second.incident_id), "acknowledged"),
    }
    explained = await house.api.get(f"/api/v1/alerts/{ids['b']}/explain")
    reasons = [decision["reason"] for decision in explained.json()["decisions"]]
    assert reasons.count("joined_incident") == 2


async def test_an_alert_follows_its_incident(house: House, open_uow: OpenUnitOfWork) -> None:
    key = await house.key()
    await house.send(key, [{"title": "a", "dedup_key": "a"}, {"title": "b", "dedup_key": "b"}])
    await house.settled()
    ids = {alert["dedup_key"]: UUID(alert["id"]) for alert in await house.alerts()}
    opened = incident()
    later = incident(incident_id=opened.incident_id, acknowledged_at=NOW, status=IncidentStatus.ACKNOWLEDGED)

    async with open_uow() as uow:
        await know_the_incidents(
            [heard(IncidentOpened(incident=opened, alert_ids=[ids["a"], new_id()]))], uow
        )
    async with open_uow() as uow:
        await show_that_it_is_taken(IncidentAcknowledged(incident=later, actor_name="Ana"), uow)
    async with open_uow() as uow:
        await know_the_incidents(
            [heard(IncidentAlertJoined(incident=later, alert_id=ids["b"], title="b"))], uow
        )
    mine = await house.alerts(incident_id=str(opened.incident_id))
    assert {alert["status"] for alert in mine} == {"acknowledged"}
    assert len(mine) == 2

    lapsed = incident(
        incident_id=opened.incident_id, acknowledged_at=NOW, status=IncidentStatus.DETECTED, version=3
    )
    async with open_uow() as uow:
        moved = IncidentStatusChanged(incident=lapsed, previous=IncidentStatus.ACKNOWLEDGED)
        await show_that_nobody_has_it(moved, uow)
    mine = await house.alerts(incident_id=str(opened.incident_id))
    assert {alert["status"] for alert in mine} == {"firing"}
    for name in ("INC-42", "inc-42", "42"):
        assert await house.alerts(incident_id=name) == mine
    assert await house.alerts(incident_id="INC-43") == []
    shown = await house.api.get("/alerts?incident_id=INC-43")
    assert f"/alerts/{mine[0]['id']}" not in shown.text
    shown = await house.api.get("/alerts/fragments/incident?incident_id=INC-42")
    assert f"/alerts/{mine[0]['id']}" in shown.text

    async with open_uow() as uow:
        await end_what_a_person_resolved(IncidentResolved(incident=later, reason="alerts_cleared"), uow)
    assert len(await house.alerts(status="resolved")) == 0
    async with open_uow() as uow:
        await end_what_a_person_resolved(
            IncidentResolved(incident=later, reason="by_hand", actor_name="Ana"), uow
        )

    assert {alert["end_reason"] for alert in await house.alerts(status="resolved")} == {
        "resolved_with_incident"
    }
    await house.send(key, {"title": "a", "dedup_key": "a"})
    await house.settled()
    assert (await house.told_types())[-1] == "opened"
    page = await house.api.get(f"/alerts/{ids['a']}")
    assert "INC-42" in page.text
    assert "Somebody acknowledged the incident" in page.text
