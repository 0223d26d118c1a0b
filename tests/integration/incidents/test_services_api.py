from typing import Any
from uuid import uuid4

import httpx2

SERVICES = "/api/v1/services"


async def added(client: httpx2.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post(SERVICES, json={"name": "Checkout API", **body})
    assert answer.status_code == 201, answer.text
    service: dict[str, Any] = answer.json()
    return service


async def test_a_service_is_added_read_changed_and_taken_out(client: httpx2.AsyncClient) -> None:
    service = await added(client, aliases=["checkout-prod"], severity_map={"critical": "SEV-2", "low": None})
    assert (service["slug"], service["version"], service["auto_resolve"]) == ("checkout-api", 1, True)
    assert service["severity_map"] == {
        "critical": "SEV-2", "high": "SEV-2", "medium": "SEV-3", "low": None, "info": None,
    }  # fmt: skip
    one = f"{SERVICES}/{service['id']}"
    assert (await client.get(one)).json() == service
    assert (await client.get(f"{SERVICES}/by-slug/checkout-api")).json() == service
    changed = await client.patch(
        one, json={"runbook_url": "https://wiki/checkout"}, headers={"If-Match": '"1"'}
    )
    assert (changed.json()["runbook_url"], changed.headers["etag"]) == ("https://wiki/checkout", '"2"')
    assert (await client.patch(one, json={"name": "X"}, headers={"If-Match": '"1"'})).status_code == 412

    assert (await client.delete(one)).status_code == 204
    assert (await client.get(one)).status_code == 404
    assert (await client.delete(one)).status_code == 404
    assert (await client.get(SERVICES)).json()["items"] == []
    assert (await added(client))["id"] != service["id"], "its names are free again"


async def test_put_by_slug_is_idempotent(client: httpx2.AsyncClient) -> None:
    body = {"name": "Checkout API", "aliases": ["checkout"], "team_id": str(uuid4())}
    first = await client.put(f"{SERVICES}/by-slug/checkout", json=body)
    again = await client.put(f"{SERVICES}/by-slug/checkout", json=body)
    other = await client.put(f"{SERVICES}/by-slug/checkout", json={**body, "description": "Takes money"})
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 200)
    assert again.json() == first.json()
    assert (other.json()["id"], other.json()["version"]) == (first.json()["id"], 2)


async def test_put_by_slug_heeds_if_match(client: httpx2.AsyncClient) -> None:
    place, body = f"{SERVICES}/by-slug/checkout", {"name": "Checkout API"}
    for tag in ('"1"', "*"):
        nothing = await client.put(place, json=body, headers={"If-Match": tag})
        assert (nothing.status_code, nothing.json()["code"]) == (412, "changed_meanwhile")
    first = await client.put(place, json=body)
    stale = await client.put(place, json={"name": "Else"}, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.headers["etag"]) == (412, first.headers["etag"])
    assert (await client.get(place)).json() == first.json()
    changed = await client.put(place, json={"name": "Else"}, headers={"If-Match": first.headers["etag"]})
    assert (changed.status_code, changed.json()["name"]) == (200, "Else")


async def test_two_services_never_share_a_name(client: httpx2.AsyncClient) -> None:
    await added(client, aliases=["checkout-prod"])
    for body in (
        {"name": "checkout api"},
        {"name": "Else", "slug": "checkout-api"},
        {"name": "Else", "aliases": ["CHECKOUT-PROD"]},
        {"name": "checkout-prod"},
    ):
        answer = await client.post(SERVICES, json=body)
        assert answer.status_code == 409
        assert "checkout-api" in answer.json()["detail"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": " "}, "/name"),
    ({"name": "支付"}, "/slug"),
    ({"name": "x", "slug": "X"}, "/slug"),
    ({"name": "x", "runbook_url": "javascript:alert(1)"}, "/runbook_url"),
    ({"name": "x", "severity_map": {"critical": "SEV-9"}}, "/severity_map/critical"),
    ({"name": "x", "severity_map": {"fatal": "SEV-1"}}, "/severity_map/fatal/[key]"),
    ({"name": "x", "team_id": str(uuid4())}, "/team_id"),
    ({"name": "x", "escalation_policy_id": str(uuid4())}, "/escalation_policy_id"),
    ({"name": "x", "aliases": ["a"] * 51}, "/aliases"),
    ({"name": "x", "owner": "me"}, "/owner"),
]


async def test_a_wrong_service_points_at_the_field(client: httpx2.AsyncClient) -> None:
    for body, pointer in WRONG:
        answer = await client.post(SERVICES, json=body)
        assert answer.status_code == 422, body
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_what_must_be_there_cannot_be_nulled(client: httpx2.AsyncClient) -> None:
    service = await added(client)
    answer = await client.patch(f"{SERVICES}/{service['id']}", json={"name": None})
    assert answer.json()["errors"][0]["pointer"] == "/name"


async def test_an_incident_takes_over_what_its_service_says(client: httpx2.AsyncClient) -> None:
    service = await added(client, aliases=["checkout-prod"], runbook_url="https://wiki/checkout")
    for called in ("checkout-api", "CHECKOUT-PROD", service["id"]):
        body = {"title": "Slow", "severity": "SEV-3", "service": called}
        incident = (await client.post("/api/v1/incidents", json=body)).json()
        assert (incident["service"], incident["service_id"]) == ("Checkout API", service["id"])
        assert incident["runbook_url"] == "https://wiki/checkout"
    listed = (await client.get("/api/v1/incidents", params={"service": "checkout-prod"})).json()["items"]
    assert len(listed) == 3


async def test_the_catalogue_is_paged_by_name(client: httpx2.AsyncClient) -> None:
    for name in ("gamma", "alpha", "beta"):
        await added(client, name=name)
    first = (await client.get(SERVICES, params={"limit": 2})).json()
    rest = (await client.get(SERVICES, params={"limit": 2, "cursor": first["next"]})).json()
    assert [service["name"] for service in first["items"] + rest["items"]] == ["alpha", "beta", "gamma"]
