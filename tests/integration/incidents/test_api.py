from typing import Any
from uuid import uuid4

import httpx2

from tocsin_runtime.clock import ManualClock

INCIDENTS = "/api/v1/incidents"


async def declared(client: httpx2.AsyncClient, **changes: Any) -> dict[str, Any]:
    body = {"title": "Checkout is down", "severity": "SEV-2", **changes}
    answer = await client.post(INCIDENTS, json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def act(client: httpx2.AsyncClient, action: str, **body: Any) -> httpx2.Response:
    return await client.post(f"{INCIDENTS}/INC-1/{action}", json=body)


async def test_a_declared_incident_is_there_by_number_and_id(
    client: httpx2.AsyncClient, clock: ManualClock
) -> None:
    answer = await client.post(INCIDENTS, json={"title": " Checkout is down ", "severity": "SEV-2"})
    made = answer.json()

    assert answer.headers["location"] == f"{INCIDENTS}/{made['id']}"
    assert (made["ref"], made["title"], made["status"]) == ("INC-1", "Checkout is down", "detected")
    assert (made["response"], made["origin"], made["auto_resolve"]) == ("waiting", "api", False)
    for ref in ("INC-1", "inc-1", "1", made["id"]):
        again = await client.get(f"{INCIDENTS}/{ref}")
        assert again.json() == made
        assert again.headers["etag"] == '"1"'


async def test_what_is_not_there_is_a_404_that_says_where_to_look(client: httpx2.AsyncClient) -> None:
    for ref in ("INC-2", "2", "nonsense", "INC-99999999999999", str(uuid4()), "INC-0", "%00"):
        for answer in (
            await client.get(f"{INCIDENTS}/{ref}"),
            await client.get(f"{INCIDENTS}/{ref}/timeline"),
            await client.post(f"{INCIDENTS}/{ref}/acknowledge"),
            await client.patch(f"{INCIDENTS}/{ref}", json={"title": "x"}),
        ):
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"
            assert "The list of incidents shows" in answer.json()["detail"]


WRONG_DECLARATIONS: list[tuple[Any, str]] = [
    ({}, "/title"),
    ({"title": "x"}, "/severity"),
    ({"title": "  ", "severity": "SEV-1"}, "/title"),
    ({"title": "\x00", "severity": "SEV-1"}, "/title"),
    ({"title": "x" * 201, "severity": "SEV-1"}, "/title"),
    ({"title": "x", "severity": "SEV-9"}, "/severity"),
    ({"title": "x", "severity": "SEV-1", "service": "nobody-knows"}, "/service"),
    ({"title": "x", "severity": "SEV-1", "impact_started_at": "2026-11-24T09:02:00Z"}, "/impact_started_at"),
    ({"title": "x", "severity": "SEV-1", "impact_started_at": "2026-11-24T08:00:00"}, "/impact_started_at"),
    ({"title": "x", "severity": "SEV-1", "impact_started_at": "0001-01-01T00:00:00Z"}, "/impact_started_at"),
    ({"title": "x", "severity": "SEV-1", "servise": "checkout"}, "/servise"),
    ([], ""),
]


async def test_a_wrong_declaration_points_at_the_field(client: httpx2.AsyncClient) -> None:
    for body, pointer in WRONG_DECLARATIONS:
        answer = await client.post(INCIDENTS, json=body)
        assert answer.status_code == 422, body
        assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert (await client.get(INCIDENTS)).json()["items"] == []


async def test_a_time_that_no_calendar_holds_is_refused_and_spoils_nothing(
    client: httpx2.AsyncClient,
) -> None:
    await declared(client)
    for at in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"):
        for name in ("impact_started_at", "identified_at", "next_update_due_at"):
            answer = await client.patch(f"{INCIDENTS}/INC-1", json={name: at})
            assert answer.status_code == 422, (name, at)
            assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{name}"]
        assert (await act(client, "updates", body="On it", next_due_at=at)).status_code == 422
    assert (await act(client, "acknowledge")).status_code == 200


async def test_hostile_text_is_kept_as_text(client: httpx2.AsyncClient) -> None:
    content = b'{"title": "<script>\\u0000\\ud800", "summary": "a\\u0000b", "severity": "SEV-1"}'
    answer = await client.post(INCIDENTS, content=content, headers={"Content-Type": "application/json"})
    assert (answer.json()["title"], answer.json()["summary"]) == ("<script>?", "ab")


async def test_the_same_key_declares_once(client: httpx2.AsyncClient) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    body = {"title": "Checkout is down", "severity": "SEV-1"}
    first = await client.post(INCIDENTS, json=body, headers=headers)
    second = await client.post(INCIDENTS, json=body, headers=headers)
    other = await client.post(INCIDENTS, json={**body, "title": "Else"}, headers=headers)
    assert (second.status_code, second.json()) == (201, first.json())
    assert other.status_code == 422
    assert len((await client.get(INCIDENTS)).json()["items"]) == 1


async def test_acknowledging_twice_is_a_no_op_that_says_so(client: httpx2.AsyncClient) -> None:
    await declared(client)
    first, second = await act(client, "acknowledge"), await act(client, "acknowledge")
    assert (first.status_code, second.status_code) == (200, 200)
    assert (first.json()["changed"], first.json()["status"]) == (True, "acknowledged")
    assert (second.json()["changed"], second.json()["reason"]) == (False, "already_acknowledged")
    assert second.json()["version"] == first.json()["version"]


async def test_acknowledging_a_resolved_one_is_a_no_op_that_says_so(client: httpx2.AsyncClient) -> None:
    await declared(client)
    await act(client, "resolve", resolution="Rolled back")
    late = (await act(client, "acknowledge")).json()
    assert (late["changed"], late["reason"], late["status"]) == (False, "already_resolved", "resolved")
    assert "nothing left to do" in late["detail"]


async def test_the_whole_life(client: httpx2.AsyncClient, clock: ManualClock) -> None:
    await declared(client)
    assert (await act(client, "status", status="mitigated")).json()["acknowledged_at"] is not None
    back = await act(client, "status", status="investigating")
    assert back.status_code == 409
    assert "Reopen it with a reason" in back.json()["detail"]
    assert (await act(client, "reopen", reason="It came back")).json()["status"] == "investigating"
    assert (await act(client, "close")).status_code == 409
    assert (await act(client, "resolve")).json()["status"] == "resolved"
    assert (await act(client, "reopen", reason="")).status_code == 422
    reopened = (await act(client, "reopen", reason="Customers still see it")).json()
    assert (reopened["status"], reopened["acknowledged_at"]) == ("detected", None)
    await act(client, "resolve")
    assert (await act(client, "close")).json()["status"] == "closed"
    assert (await act(client, "updates", body="late")).status_code == 409
    assert (await act(client, "severity", severity="SEV-1")).status_code == 409
    assert (await act(client, "notes", body="for the record")).status_code == 201

    story = (await client.get(f"{INCIDENTS}/INC-1/timeline")).json()["items"]
    assert " ".join(entry["kind"] for entry in story[::-1]) == (
        "opened acknowledged status_changed status_changed resolved reopened resolved closed note"
    )
    assert all(entry["actor"]["name"] == "admin token" for entry in story)


async def test_severity_moves_the_deadline_and_keeps_the_reason(client: httpx2.AsyncClient) -> None:
    before = await declared(client)
    after = (await act(client, "severity", severity="SEV-1", reason="All users")).json()
    assert before["response_due_at"] == "2026-11-24T10:00:00Z"
    assert after["response_due_at"] == "2026-11-24T09:05:00Z"
    (entry,) = (await client.get(f"{INCIDENTS}/1/timeline", params={"limit": 1})).json()["items"]
    assert (entry["title"], entry["text"]) == ("Severity raised from SEV-2 to SEV-1", "All users")
    assert (await act(client, "severity", severity="SEV-1")).json()["changed"] is False


async def test_assigning_to_a_stranger_is_refused(client: httpx2.AsyncClient) -> None:
    await declared(client)
    answer = await act(client, "assign", user_id=str(uuid4()))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/user_id"
    assert (await act(client, "assign", user_id=None)).json()["reason"] == "already_assigned"


async def test_updates_promise_the_next_one(client: httpx2.AsyncClient) -> None:
    await declared(client)
    posted = await act(client, "updates", body="**Draining** eu-west", public=True)
    assert posted.json()["data"] == {"public": True}
    assert (await client.get(f"{INCIDENTS}/1")).json()["next_update_due_at"] == "2026-11-24T09:30:00Z"
    await act(client, "updates", body="Still draining", next_due_at="2026-11-24T11:00:00+01:00")
    assert (await client.get(f"{INCIDENTS}/1")).json()["next_update_due_at"] == "2026-11-24T10:00:00Z"


WRONG_ACTIONS: list[tuple[str, dict[str, Any]]] = [
    ("assign", {}),
    ("severity", {"severity": "SEV-0"}),
    ("status", {"status": "finished"}),
    ("updates", {"body": " "}),
    ("updates", {"body": "x" * 10_001}),
    ("notes", {}),
    ("reopen", {}),
    ("acknowledge", {"unknown": 1}),
]


async def test_a_wrong_action_is_a_422(client: httpx2.AsyncClient) -> None:
    await declared(client)
    for action, body in WRONG_ACTIONS:
        assert (await act(client, action, **body)).status_code == 422, action
    assert (await client.get(f"{INCIDENTS}/1")).json()["version"] == 1


async def test_who_looked_at_an_older_version_gets_a_412(client: httpx2.AsyncClient) -> None:
    await declared(client)
    await act(client, "notes", body="somebody was quicker")
    old, new = {"If-Match": '"1"'}, {"If-Match": '"2"'}
    refused = await client.patch(f"{INCIDENTS}/1", json={"title": "Mine"}, headers=old)
    assert refused.status_code == 412
    assert refused.headers["etag"] == '"2"'
    assert (await client.post(f"{INCIDENTS}/1/acknowledge", headers=old)).status_code == 412
    corrected = await client.patch(f"{INCIDENTS}/1", json={"title": "Mine"}, headers=new)
    assert (corrected.json()["title"], corrected.headers["etag"]) == ("Mine", '"3"')


async def test_times_can_be_corrected_and_taken_away(client: httpx2.AsyncClient) -> None:
    await declared(client)
    one = f"{INCIDENTS}/1"
    told = await client.patch(one, json={"impact_started_at": "2026-11-24T08:40:00Z", "public": False})
    assert (told.json()["impact_started_at"], told.json()["public"]) == ("2026-11-24T08:40:00Z", False)
    assert (await client.patch(one, json={"impact_started_at": None})).json()["impact_started_at"] is None
    assert (await client.patch(one, json={"impact_started_at": "2027-01-01T00:00:00Z"})).status_code == 422
    assert (await client.patch(one, json={"title": None})).json()["errors"][0]["pointer"] == "/title"
    entry = (await client.get(f"{one}/timeline")).json()["items"][-2]
    assert entry["data"]["fields"] == ["public", "impact_started_at"]


async def test_the_list_is_filtered_sorted_and_paged(client: httpx2.AsyncClient) -> None:
    for number, severity in enumerate(["SEV-3", "SEV-1", "SEV-3", "SEV-1", "SEV-4"], start=1):
        await declared(client, title=f"Number {number} of 100%", severity=severity)
    await client.post(f"{INCIDENTS}/2/resolve")

    async def numbers(**params: Any) -> list[int]:
        answer = await client.get(INCIDENTS, params=params)
        assert answer.status_code == 200, answer.text
        return [item["number"] for item in answer.json()["items"]]

    assert await numbers() == [4, 3, 1, 5, 2]
    assert await numbers(status="open") == [4, 3, 1, 5]
    assert await numbers(status=["resolved"], severity="SEV-1") == [2]
    assert await numbers(severity=["SEV-1", "SEV-4"]) == [4, 5, 2]
    assert await numbers(q="number 3") == [3]
    assert await numbers(q="100%") == [4, 3, 1, 5, 2]
    assert await numbers(q="100_") == []
    assert await numbers(service="nobody-knows") == []
    assert await numbers(team=str(uuid4())) == []
    assert (await client.get(INCIDENTS, params={"status": "finished"})).status_code == 422

    seen: list[int] = []
    answer = await client.get(INCIDENTS, params={"limit": 2})
    while True:
        seen += [item["number"] for item in answer.json()["items"]]
        if answer.json()["next"] is None:
            break
        assert 'rel="next"' in answer.headers["link"]
        answer = await client.get(INCIDENTS, params={"limit": 2, "cursor": answer.json()["next"]})
    assert seen == [4, 3, 1, 5, 2]


async def test_the_timeline_is_paged(client: httpx2.AsyncClient) -> None:
    await declared(client)
    for number in range(5):
        await act(client, "notes", body=f"note {number}")
    first = (await client.get(f"{INCIDENTS}/1/timeline", params={"limit": 4})).json()
    rest = (await client.get(f"{INCIDENTS}/1/timeline", params={"limit": 4, "cursor": first["next"]})).json()
    texts = [entry["text"] for entry in first["items"] + rest["items"]]
    assert texts == ["note 4", "note 3", "note 2", "note 1", "note 0", ""]
    assert rest["next"] is None


async def test_a_stranger_may_not_look(client: httpx2.AsyncClient) -> None:
    del client.headers["Authorization"]
    assert (await client.get(INCIDENTS)).status_code == 401
    assert (await client.post(INCIDENTS, json={"title": "x", "severity": "SEV-1"})).status_code == 401


async def test_the_figures_are_there(client: httpx2.AsyncClient) -> None:
    await declared(client, severity="SEV-1")
    await act(client, "acknowledge")
    figures = (await client.get("/metrics")).text
    assert 'tocsin_incidents_opened_total{origin="api",severity="SEV-1"} 1.0' in figures
    assert 'tocsin_incidents_time_to_acknowledge_seconds_count{severity="SEV-1"} 1.0' in figures
    assert "tocsin_incidents_response_overdue_total" in figures
