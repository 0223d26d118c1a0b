"""The accept road: who may send, what comes back, what is kept (R1-R5, S1, S2, S10)."""

from base64 import b64encode
from datetime import UTC, datetime
from statistics import median
from time import perf_counter

import orjson
import pytest
from standardwebhooks.webhooks import Webhook

from tests.integration.detector.house import TITLE, House, alertmanager, am_alert
from tocsin_detector.domain.integration import Road
from tocsin_detector.domain.limits import Limits
from tocsin_detector.domain.signal import Defaults, Parsed
from tocsin_detector.usecases.accept import PARSERS, Accept

PAYLOAD = {"summary": "Disk is full", "source": "db-1", "severity": "error"}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


async def test_an_accepted_alert_is_stored_listed_and_explained(house: House) -> None:
    key = await house.key()

    answer = await house.send(
        key, {"title": TITLE, "severity": "high", "dedup_key": "cpu-1", "labels": {"env": "prod"}}
    )
    receipt = answer.json()
    await house.settled()

    assert answer.status_code == 202
    assert {name: receipt[name] for name in ("accepted", "ignored", "duplicate", "dedup_keys")} == {
        "accepted": 1,
        "ignored": 0,
        "duplicate": False,
        "dedup_keys": ["cpu-1"],
    }
    (alert,) = await house.alerts()
    assert (alert["title"], alert["status"], alert["severity"]) == (TITLE, "firing", "high")
    (delivery,) = await house.deliveries()
    assert (delivery["id"], delivery["verdict"]) == (receipt["delivery_id"], "accepted")
    assert delivery["alert_ids"] == [alert["id"]]
    why = (await house.api.get(f"/api/v1/alerts/{alert['id']}/explain")).json()["decisions"]
    assert [(one["verb"], one["reason"], one["delivery_id"]) for one in why] == [
        ("open", "first_seen", receipt["delivery_id"])
    ]
    assert why[0]["notes"].keys() == {"key", "severity", "service", "group"}


async def test_the_bytes_are_kept_as_they_came(house: House) -> None:
    key = await house.key()
    content = b'{ "title":\t"a" , "unknown": [1,2.50] }'

    receipt = (await house.send(key, content=content)).json()
    body = await house.api.get(f"/api/v1/deliveries/{receipt['delivery_id']}/body")

    assert body.content == content
    assert body.headers["content-disposition"].startswith("attachment")


async def test_the_key_may_come_in_four_ways(house: House) -> None:
    key = await house.key()
    basic = b64encode(f"tocsin:{key}".encode()).decode()
    for headers in (
        {"x-tocsin-key": key},
        {"authorization": f"Bearer {key}"},
        {"authorization": f"Basic {basic}"},
    ):
        answer = await house.senders.post("/api/v1/webhooks/generic", json={"title": "a"}, headers=headers)
        assert answer.status_code == 202
    assert (await house.send(key, {"title": "a"})).status_code == 202


async def test_no_wrong_and_revoked_keys_look_alike(house: House) -> None:
    made = await house.integration()
    await house.api.patch(f"/api/v1/integrations/{made['id']}", json={"revoked": True})

    answers = [
        await house.send(key, {"title": "a"}) for key in ("", "wrong", made["key"], "tci_" + "x" * 43, "é")
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({(answer.content, str(answer.headers)) for answer in answers}) == 1
    assert await house.deliveries() == []


async def test_a_key_opens_its_own_source_only_and_no_other_door(house: House) -> None:
    generic, pagerduty = await house.key(), await house.key("pagerduty")

    assert (await house.send(generic, alertmanager(am_alert()), "alertmanager")).status_code == 403
    assert (await house.send(pagerduty, {"title": "a"})).status_code == 403
    assert (await house.page(generic, event_action="trigger")).status_code == 403
    for path in ("/api/v1/alerts", "/api/v1/integrations", "/api/v1/deliveries"):
        answer = await house.senders.get(path, headers={"authorization": f"Bearer {generic}"})
        assert answer.status_code == 403


async def test_a_key_in_the_query_string_is_refused_whatever_it_is(house: House) -> None:
    key = await house.key()
    for query in (f"key={key}", f"token={key}", "api_key=wrong"):
        answer = await house.senders.post(f"/api/v1/webhooks/generic?{query}", json={"title": "a"})
        assert answer.status_code == 400
        assert "Query strings" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/api/v1/webhooks/nagios/KEY", {}, 404),
        ("GET", "/api/v1/webhooks/generic/KEY", {}, 405),
        ("POST", "/api/v1/webhooks/generic/KEY", {"content-type": "application/xml"}, 415),
        ("POST", "/api/v1/webhooks/generic/KEY", {"content-encoding": "br"}, 415),
    ],
)
async def test_other_refusals_are_problem_json(
    house: House, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    path = path.replace("KEY", await house.key())

    answer = await house.senders.request(method, path, content=b'{"title": "a"}', headers=headers)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.headers.get("allow") == ("POST" if status == 405 else None)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
async def test_json_is_taken_also_where_nobody_says_that_it_is_json(house: House, kind: str | None) -> None:
    """`curl -d` and many scripts do not."""
    keys = {source: await house.key(source) for source in ("generic", "alertmanager", "pagerduty")}
    event = {"routing_key": keys["pagerduty"], "event_action": "trigger", "payload": PAYLOAD}
    posts: dict[str, object] = {
        f"/api/v1/webhooks/generic/{keys['generic']}/": {"title": "a"},
        f"/api/v1/webhooks/alertmanager/{keys['alertmanager']}": alertmanager(am_alert()),
        f"/alertmanager/k/{keys['alertmanager']}/api/v2/alerts": [am_alert()],
        "/v2/enqueue": event,
        "/v2/enqueue/": event,
    }
    headers = {"content-type": kind} if kind else {}
    for path, body in posts.items():
        answer = await house.senders.post(path, content=orjson.dumps(body), headers=headers)
        assert answer.status_code in (200, 202), answer.text

    form = await house.senders.post(f"/api/v1/webhooks/generic/{keys['generic']}", data={"title": "a"})
    assert form.status_code == 415
    assert "application/x-www-form-urlencoded, and is not JSON" in form.json()["detail"]


async def test_what_is_not_of_the_form_is_refused_and_kept_and_makes_the_integration_unhealthy(
    house: House,
) -> None:
    made = await house.integration()

    answer = await house.send(made["key"], {"message": "no title"})

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"pointer": "/title", "detail": "`title` is missing: say in a few words what is wrong."}
    ]
    (delivery,) = await house.deliveries(integration_id=made["id"])
    assert (delivery["verdict"], delivery["accepted"]) == ("rejected", 0)
    assert "`title` is missing" in delivery["reason"]
    body = await house.api.get(f"/api/v1/deliveries/{delivery['id']}/body")
    assert orjson.loads(body.content) == {"message": "no title"}
    health = (await house.api.get(f"/api/v1/integrations/{made['id']}")).json()["health"]
    assert health["condition"] == "unhealthy"
    assert "`title` is missing" in health["detail"]


async def test_the_good_alerts_of_a_list_are_taken_and_the_bad_ones_said(house: House) -> None:
    key = await house.key()

    receipt = (await house.send(key, [{"title": "a"}, {"titel": "b"}, {"title": "c"}])).json()

    assert (receipt["accepted"], receipt["ignored"]) == (2, 1)
    assert [error["pointer"] for error in receipt["errors"]] == ["/1/title"]
    (delivery,) = await house.deliveries()
    assert delivery["verdict"] == "accepted"
    assert delivery["reason"].startswith("1 left out; /1/title")


async def test_a_parser_that_fails_loses_nothing(house: House) -> None:
    def broken(document: object, defaults: Defaults, received_at: datetime) -> Parsed:
        raise ZeroDivisionError

    made = await house.integration(settings={"default_severity": "high"})
    state = house.app.state.detector
    road = house.app.road  # type: ignore[attr-defined]
    road._accept = Accept(state.accept._commit, limits=Limits(), parsers={**PARSERS, Road.GENERIC: broken})

    answer = await house.send(made["key"], {"title": "a"})
    await house.settled()

    assert answer.status_code == 202
    (alert,) = await house.alerts()
    assert (alert["severity"], alert["title"]) == ("high", f"Unparsed alert from {made['name']}")
    (delivery,) = await house.deliveries()
    assert (await house.api.get(f"/api/v1/deliveries/{delivery['id']}/body")).json() == {"title": "a"}


async def test_a_secret_turns_the_check_of_signatures_on(house: House) -> None:
    """S4 to S8: changed or missing is 401, the same again is taken without a second effect."""
    key = await house.key(secret=SECRET)
    body, now = b'{"title": "a"}', datetime.now(UTC)
    headers = {
        "webhook_id": "msg_1",
        "webhook_timestamp": str(int(now.timestamp())),
        "webhook_signature": Webhook(SECRET).sign("msg_1", now, body.decode()),
    }

    good = await house.send(key, content=body, **headers)
    again = await house.send(key, content=body, **headers)
    changed = await house.send(key, content=body.replace(b"a", b"b", 1), **headers)
    bare = await house.send(key, content=body)

    assert (good.status_code, good.json()["duplicate"]) == (202, False)
    assert (again.status_code, again.json()["duplicate"]) == (202, True)
    assert (changed.status_code, bare.status_code) == (401, 401)
    verdicts = [delivery["verdict"] for delivery in await house.deliveries()]
    assert verdicts == ["rejected", "duplicate", "accepted"]


async def test_pagerduty_answers_as_pagerduty(house: House) -> None:
    key = await house.key("pagerduty")

    made = await house.page(key, event_action="trigger", payload=PAYLOAD)
    named = await house.page(key, event_action="trigger", dedup_key="disk", payload=PAYLOAD)
    bad = await house.page(key, event_action="trigger", payload={"summary": "x"})
    wrong = await house.page("wrong", event_action="trigger", payload=PAYLOAD)
    keyless = await house.senders.post("/v2/enqueue", json={"event_action": "trigger", "payload": PAYLOAD})
    no_json = await house.senders.post(
        "/v2/enqueue", content=b"{", headers={"content-type": "application/json"}
    )
    await house.settled()

    assert (made.status_code, made.json()["status"], made.json()["message"]) == (
        202,
        "success",
        "Event processed",
    )
    assert len(made.json()["dedup_key"]) == 32
    assert named.json() == {"status": "success", "message": "Event processed", "dedup_key": "disk"}
    for answer in (bad, wrong, keyless, no_json):
        assert answer.status_code == 400
        assert answer.json().keys() == {"status", "message", "errors"}
        assert answer.json()["message"] == "Event object is invalid"
    assert wrong.json()["errors"] == ["'routing_key' is invalid"]
    assert keyless.json()["errors"] == ["'routing_key' is missing or blank"]
    assert {alert["dedup_key"] for alert in await house.alerts()} == {"disk", made.json()["dedup_key"]}
    assert (await house.deliveries())[0]["verdict"] == "rejected"


async def test_pagerdutys_path_answers_in_its_form_whatever_happens(house: House) -> None:
    key = await house.key("pagerduty")
    event = orjson.dumps({"routing_key": key, "event_action": "trigger", "payload": PAYLOAD})
    refused = {
        405: await house.senders.get("/v2/enqueue"),
        415: await house.senders.post("/v2/enqueue", content=event, headers={"content-encoding": "br"}),
        413: await house.senders.post("/v2/enqueue", content=b" " * 1_048_577),
        400: await house.senders.post("/v2/enqueue?token=x", content=event),
    }
    async with house.app.state.service.database.begin() as conn:
        await conn.exec_driver_sql("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE")
        refused[503] = await house.senders.post("/v2/enqueue", content=event)

    for status, answer in refused.items():
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/json"
        assert answer.json().keys() == {"status", "message", "errors"}
        assert answer.json()["status"] == ("unavailable" if status == 503 else "invalid event")
        assert len(answer.json()["errors"]) == 1
    assert refused[405].headers["allow"] == "POST"
    assert 5 <= int(refused[503].headers["retry-after"]) <= 30


async def test_pagerduty_acknowledges_and_resolves(house: House) -> None:
    key = await house.key("pagerduty")
    statuses = []
    for action in ("trigger", "acknowledge", "trigger", "resolve", "resolve"):
        await house.page(key, event_action=action, dedup_key="disk", payload=PAYLOAD)
        await house.settled()
        statuses.append((await house.alerts())[0]["status"])

    assert statuses == ["firing", "acknowledged", "acknowledged", "resolved", "resolved"]
    assert await house.told_types() == ["opened", "acknowledged", "resolved"]


async def test_a_replay_plays_the_same_bytes_again(house: House) -> None:
    key = await house.key()
    first = (await house.send(key, {"title": "a", "dedup_key": "k"})).json()

    answer = await house.api.post(f"/api/v1/deliveries/{first['delivery_id']}/replay")
    await house.settled()

    assert answer.status_code == 202
    assert answer.json()["dedup_keys"] == ["k"]
    replayed = (await house.api.get(f"/api/v1/deliveries/{answer.json()['delivery_id']}")).json()
    assert replayed["replay_of"] == first["delivery_id"]
    (alert,) = await house.alerts()
    assert alert["count"] == 2


async def test_figures_of_the_road(house: House) -> None:
    key = await house.key()
    await house.send(key, [{"title": "a"}, {"title": "b", "severity": "purple"}])
    await house.send("wrong", {"title": "a"})
    await house.settled()

    text = (await house.senders.get("/metrics")).text

    assert 'tocsin_detector_deliveries_total{outcome="accepted",road="generic"} 1.0' in text
    assert 'tocsin_detector_deliveries_total{outcome="unauthorized",road="generic"} 1.0' in text
    assert 'tocsin_detector_signals_accepted_total{road="generic"} 2.0' in text
    assert 'tocsin_detector_decisions_total{reason="first_seen",verb="open"} 2.0' in text
    assert "tocsin_detector_unknown_severities_total 1.0" in text
    for name in (
        "accept_seconds",
        "accept_queue",
        "lane_turn_seconds",
        "unprocessed_age_seconds",
        "group_alerts",
    ):
        assert f"tocsin_detector_{name}" in text


async def test_no_key_is_ever_written_down(house: House) -> None:
    """S3: a dump of every table holds no key, only its keyed hash and its beginning."""
    headers = {"idempotency-key": "once"}
    body = {"name": "x", "source": "generic"}
    made = (await house.api.post("/api/v1/integrations", json=body, headers=headers)).json()
    rotated = (await house.api.post(f"/api/v1/integrations/{made['id']}/rotate", headers=headers)).json()
    await house.send(rotated["key"], {"title": "a"})
    await house.settled()

    tables = await house.rows("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    for table in tables:
        for row in await house.rows(f"SELECT t::text AS line FROM {table['tablename']} t"):
            for key in (made["key"], rotated["key"]):
                assert key not in row["line"]
                assert key.encode().hex() not in row["line"]
    assert (await house.integrations())[0]["key"] is None


async def test_no_and_wrong_keys_take_the_same_time(house: House) -> None:
    """S1: the medians differ by less than a millisecond; asked in turn, so that a busy machine slows both alike."""
    spent: dict[str, list[float]] = {"": [], "tci_" + "x" * 43: []}
    for _ in range(200):
        for key, times in spent.items():
            began = perf_counter()
            answer = await house.senders.post(
                "/api/v1/webhooks/generic", headers={"x-tocsin-key": key} if key else {}
            )
            times.append(perf_counter() - began)
            assert answer.status_code == 401

    missing, wrong = (median(times) for times in spent.values())
    assert abs(missing - wrong) < 0.001 + 0.2 * max(missing, wrong)
