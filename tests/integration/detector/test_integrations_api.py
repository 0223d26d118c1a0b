"""`/api/v1/integrations`: who may send."""

import asyncio
from typing import Any

import pytest

from tests.integration.detector.house import House
from tocsin_access.directory import apply_entry
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_events.directory import ServiceChanged
from tocsin_runtime.ids import new_id

PATH = "/api/v1/integrations"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


async def test_made_shown_changed_and_deleted(house: House) -> None:
    answer = await house.api.post(PATH, json={"name": "Shop monitor", "source": "generic", "service": "web"})
    made = answer.json()

    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    assert made["url"] == f"http://tocsin.test/api/v1/webhooks/generic/{made['key']}"
    assert (made["slug"], made["key_prefix"]) == ("shop-monitor", made["key"][:8])
    shown = await house.api.get(answer.headers["location"])
    assert shown.json()["key"] is None
    assert shown.json()["url"].endswith("/{key}")
    assert shown.json()["health"] == {"condition": "waiting", "detail": "Nothing has come in yet."}

    changed = await house.api.patch(
        f"{PATH}/{made['id']}", json={"service": None, "settings": {"group_by": ["env"]}}
    )
    assert (changed.json()["service"], changed.json()["name"]) == (None, "Shop monitor")
    assert changed.json()["settings"]["group_by"] == ["env"]
    stale = await house.api.patch(f"{PATH}/{made['id']}", json={"name": "x"}, headers={"if-match": '"1"'})
    assert stale.status_code == 412

    assert (await house.api.delete(f"{PATH}/{made['id']}")).status_code == 204
    assert (await house.api.get(f"{PATH}/{made['id']}")).status_code == 404
    assert (await house.send(made["key"], {"title": "a"})).status_code == 401
    assert (await house.api.post(PATH, json={"name": "Shop monitor", "source": "generic"})).status_code == 201


async def test_the_list_comes_in_pages_and_by_field(house: House) -> None:
    for name, source in (("b", "generic"), ("a", "generic"), ("c", "alertmanager")):
        await house.integration(source, name=name, service=f"of {name}")

    async def names(**params: Any) -> list[str]:
        answer = (await house.api.get(PATH, params=params)).json()
        following = {**params, "cursor": answer["next"]}
        return [one["name"] for one in answer["items"]] + (await names(**following) if answer["next"] else [])

    assert await names() == await names(limit=1) == ["a", "b", "c"]
    assert (await names(source="generic"), await names(source="pagerduty")) == (["a", "b"], [])
    assert (await names(name="b"), await names(slug="c"), await names(service="of a")) == (
        ["b"],
        ["c"],
        ["a"],
    )


async def test_a_service_that_nobody_knows_is_said_until_somebody_knows_it(
    house: House, open_uow: OpenUnitOfWork
) -> None:
    """It is no error: the catalogue comes here by events, and may be late."""
    async with open_uow() as uow:
        await apply_entry(
            ServiceChanged(id=new_id(), version=1, name="Web shop", slug="shop", aliases=["checkout"]), uow
        )
    known = await house.integration(service="Checkout")
    made = await house.integration(service="chekout")
    path = f"{PATH}/{made['id']}"

    assert known["warnings"] == []
    for shown in (made, (await house.api.get(path)).json(), (await house.integrations())[1]):
        (warning,) = shown["warnings"]
        assert warning.startswith("No service is called chekout yet. Did you mean shop?")
    page, listed = (
        await house.api.get(f"/alerts/integrations/{made['id']}"),
        await house.api.get("/alerts/integrations"),
    )
    assert "No service is called chekout yet." in page.text
    assert listed.text.count("not in the catalogue") == 1
    changed = await house.api.patch(path, json={"service": "nope"})
    assert changed.json()["warnings"][0].startswith("No service is called nope yet. Until")

    async with open_uow() as uow:
        await apply_entry(ServiceChanged(id=new_id(), version=1, name="Nope", slug="nope"), uow)
    assert (await house.api.get(path)).json()["warnings"] == []
    assert "No service is called" not in (await house.api.get(f"/alerts/integrations/{made['id']}")).text


async def test_a_patch_changes_only_what_it_names_and_can_take_the_secret_away(house: House) -> None:
    settings = {"default_severity": "high", "group_window_seconds": 60, "body_limit_bytes": 2048}
    made = await house.integration(secret=SECRET, service="web", settings=settings)
    path = f"{PATH}/{made['id']}"

    grouped = (await house.api.patch(path, json={"settings": {"group_by": ["x"]}})).json()
    assert grouped["settings"] == {**made["settings"], "group_by": ["x"]}
    assert (grouped["signed"], grouped["service"]) == (True, "web")

    unlimited = (await house.api.patch(path, json={"settings": {"body_limit_bytes": None}})).json()
    assert unlimited["settings"] == {**grouped["settings"], "body_limit_bytes": None}

    assert (await house.api.patch(path, json={"secret": ""})).status_code == 422
    assert (await house.send(made["key"], {"title": "a"})).status_code == 401
    unsigned = (await house.api.patch(path, json={"secret": None})).json()
    assert (unsigned["signed"], unsigned["settings"]) == (False, unlimited["settings"])
    assert (await house.send(made["key"], {"title": "a"})).status_code == 202


async def test_by_name_keeps_a_secret_that_is_not_named(house: House) -> None:
    """A file under version control seldom holds it."""
    wanted = {"source": "generic", "secret": SECRET}
    await house.api.put(f"{PATH}/by-name/shop", json=wanted)

    for secret in ({}, {"secret": None}):
        kept = await house.api.put(
            f"{PATH}/by-name/shop", json={"source": "generic", "service": "web", **secret}
        )
        assert kept.json()["signed"] is True


async def test_a_put_or_a_fresh_key_that_begins_from_an_old_version_is_refused(house: House) -> None:
    by_name, wanted, stale = f"{PATH}/by-name/shop", {"source": "generic"}, {"if-match": '"1"'}
    for absent in ('"1"', "*"):
        refused = await house.api.put(by_name, json=wanted, headers={"if-match": absent})
        assert (refused.status_code, await house.integrations()) == (412, [])
        assert "leave If-Match out" in refused.json()["detail"]

    made = (await house.api.put(by_name, json=wanted)).json()
    changed = await house.api.put(by_name, json={**wanted, "service": "web"}, headers=stale)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    refused = await house.api.put(by_name, json={**wanted, "service": "api"}, headers=stale)
    assert (refused.status_code, refused.headers["etag"]) == (412, '"2"')

    rotate = f"{PATH}/{made['id']}/rotate"
    assert (await house.api.post(rotate, headers=stale)).status_code == 412
    assert (await house.send(made["key"], {"title": "a"})).status_code == 202
    fresh = await house.api.post(rotate, headers={"if-match": '"2"'})
    assert (fresh.status_code, fresh.headers["etag"]) == (201, '"3"')
    assert (await house.api.get(f"{PATH}/{made['id']}")).json()["service"] == "web"


async def test_a_new_key_makes_the_old_one_worthless_at_once(house: House) -> None:
    made = await house.integration()

    fresh = (await house.api.post(f"{PATH}/{made['id']}/rotate")).json()

    assert fresh["key"] != made["key"]
    assert (await house.send(made["key"], {"title": "a"})).status_code == 401
    assert (await house.send(fresh["key"], {"title": "a"})).status_code == 202


async def test_revoked_until_rotated(house: House) -> None:
    made = await house.integration()
    revoked = await house.api.patch(f"{PATH}/{made['id']}", json={"revoked": True})
    assert revoked.json()["revoked"] is True
    assert (await house.send(made["key"], {"title": "a"})).status_code == 401

    fresh = (await house.api.post(f"{PATH}/{made['id']}/rotate")).json()

    assert fresh["revoked"] is False
    assert (await house.send(fresh["key"], {"title": "a"})).status_code == 202


async def test_what_does_not_fit_is_pointed_at(house: House) -> None:
    wanted = {"name": "x", "source": "alertmanager"}
    for wrong, pointer in (
        ({"secret": SECRET}, "/secret"),
        ({"source": "generic", "secret": "short"}, "/secret"),
        ({"key": "no key at all, with spaces"}, "/key"),
    ):
        answer = await house.api.post(PATH, json={**wanted, **wrong})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_by_name_is_idempotent_and_takes_a_key(house: House) -> None:
    key = "starter-key-of-the-tests-1234"
    wanted = {
        "source": "alertmanager",
        "name": "Alertmanager",
        "settings": {"group_by": ["alertname"]},
        "key": key,
    }

    first = await house.api.put(f"{PATH}/by-name/alertmanager", json=wanted)
    second = await house.api.put(f"{PATH}/by-name/alertmanager", json=wanted)
    changed = await house.api.put(f"{PATH}/by-name/alertmanager", json={**wanted, "service": "web"})
    clash = await house.api.put(f"{PATH}/by-name/alertmanager", json={"source": "generic"})
    taken = await house.api.put(f"{PATH}/by-name/other", json=wanted)

    assert (first.status_code, first.json()["key"], first.json()["version"]) == (201, key, 1)
    assert (second.status_code, second.json()["key"], second.json()["version"]) == (200, None, 1)
    assert (changed.status_code, changed.json()["version"], changed.json()["service"]) == (200, 2, "web")
    assert (clash.status_code, clash.json()["errors"][0]["pointer"]) == (422, "/source")
    assert taken.status_code == 409
    assert (await house.send(key, {"alerts": []}, "alertmanager")).status_code == 202


async def test_as_many_comparisons_at_once_as_there_are_connections_do_not_wait_for_each_other(
    house: House,
) -> None:
    """Each holds the connection on which its Idempotency-Key is kept, and may ask for no second one."""
    path, wanted = f"{PATH}/by-name/shop/compare", {"source": "generic"}
    keys = [{"Idempotency-Key": f"compare {number}"} for number in range(8)]  # a service has four connections

    async with asyncio.timeout(20):
        answers = await asyncio.gather(*(house.api.post(path, json=wanted, headers=key) for key in keys))

    assert [answer.json()["action"] for answer in answers] == ["create"] * len(keys)


async def test_what_put_would_do_is_told_without_doing_it(house: House) -> None:
    path = f"{PATH}/by-name/tool"
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    wanted = {"source": "generic", "key": "a-key-of-the-tests-1234", "secret": secret}

    async def compared(**changes: object) -> tuple[str, list[str]]:
        answer = await house.api.post(f"{path}/compare", json={**wanted, **changes})
        assert answer.status_code == 200, answer.text
        return answer.json()["action"], answer.json()["fields"]

    assert await compared() == ("create", [])
    assert await house.integrations() == []
    assert (await house.api.put(path, json=wanted)).status_code == 201
    assert await compared() == ("keep", [])
    assert await compared(key=None, secret=None) == ("keep", [])
    assert await compared(key="another-key-of-the-tests", name="Tool") == ("change", ["name", "key"])
    assert await compared(secret=secret.replace("Mf", "Mg")) == ("change", ["secret"])
    assert await compared(settings={"group_by": ["host"]}) == ("change", ["settings"])
    assert (await house.api.post(f"{path}/compare", json={"source": "pagerduty"})).status_code == 422
    assert (await house.integrations())[0]["version"] == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "x", "source": "nagios"}, 422),
        ({"name": " ", "source": "generic"}, 422),
        ({"source": "generic"}, 422),
        ({"name": "x", "source": "generic", "secret": "not base64"}, 422),
        ({"name": "x", "source": "alertmanager", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, 422),
        ({"name": "x", "source": "generic", "key": "too-short"}, 422),
        ({"name": "x", "source": "generic", "key": "not / fit / for / a / path"}, 422),
        ({"name": "x", "source": "generic", "settings": {"group_window_seconds": -1}}, 422),
        ({"name": "x", "source": "generic", "colour": "red"}, 422),
        ({"name": "taken", "source": "generic"}, 409),
    ],
)
async def test_refusals_say_what_to_do(house: House, body: dict[str, object], status: int) -> None:
    await house.integration(name="taken")

    answer = await house.api.post(PATH, json=body)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


async def test_names_may_hold_nul_and_anything_else(house: House) -> None:
    made = await house.integration(name="a\x00b 🚒", service="w\x00eb")

    assert (made["name"], made["service"]) == ("ab 🚒", "web")


async def test_nobody_without_rights_gets_in(house: House) -> None:
    for method, path in (
        ("GET", PATH),
        ("POST", PATH),
        ("PUT", f"{PATH}/by-name/x"),
        ("POST", f"{PATH}/by-name/x/compare"),
        ("GET", "/api/v1/deliveries"),
    ):
        assert (await house.senders.request(method, path, json={})).status_code == 401
