"""Bad input gets its answer, never a 500, and hurts nobody else (S18, R5)."""

import gzip
import json
import os

import httpx2

from tests.integration.detector.house import House, alertmanager, am_alert

MIB = 1024 * 1024
DEEP = b'{"title": "a", "labels": ' + b'{"a":' * 1000 + b"1" + b"}" * 1000 + b"}"
WIDE = json.dumps({"title": "a", "labels": {f"k{number}": number for number in range(100_000)}}).encode()
HOSTILE = {
    "a byte too many": (b'{"title": "' + b"a" * (MIB - 12) + b'"}', {}, 413),
    "a bomb": (gzip.compress(b"\x00" * 10_000_000), {"content-encoding": "gzip"}, 413),
    "no gzip": (b"{}", {"content-encoding": "gzip"}, 400),
    "deep": (DEEP, {}, 400),
    "deeper than any parser": (b"[" * 100_000, {}, 400),
    "wide": (WIDE[:MIB], {}, 400),
    "wide in half a body": (
        json.dumps({"title": "a", "x": dict.fromkeys(map(str, range(50_000)), 1)}).encode(),
        {},
        400,
    ),
    "NaN": (b'{"title": "a", "x": NaN}', {}, 400),
    "infinite": (b'{"title": "a", "x": 1e999}', {}, 400),
    "cut short": (b'{"title": "a"', {}, 400),
    "empty": (b"", {}, 400),
    "two marks in front": (b'\xef\xbb\xbf\xef\xbb\xbf{"title": "a"}', {}, 400),
    "bad UTF-8": (b'{"title": "\xff\xfe"}', {}, 400),
    "half a surrogate in no string": (b'{"title": \\ud800}', {}, 400),
    "something behind": (b'{"title": "a"} x', {}, 400),
    "too many alerts": (b"[" + b'{"title":"a"},' * 5_000 + b'{"title":"a"}]', {}, 413),
    "a string": (b'"title"', {}, 422),
    "null": (b"null", {}, 422),
    "wrong types": (b'{"title": {"a": 1}, "status": 5, "labels": 7}', {}, 422),
}
ODD = {
    "a key twice: the last counts": (b'{"title": "first", "title": "last"}', "last"),
    "NUL": (b'{"title": "a\\u0000b", "dedup_key": "\\u0000k", "labels": {"x\\u0000": "\\u0000"}}', "ab"),
    "huge numbers": (
        b'{"title": 12345678901234567890123456789012345678901234567890, "started_at": 1e300}',
        None,
    ),
    "right to left": ('{"title": "\u202eabc"}'.encode(), "\u202eabc"),
    "a mark in front": (b'\xef\xbb\xbf{"title": "marked"}', "marked"),
    "half an emoji": (b'{"title": "on fire \\ud83d"}', "on fire \ufffd"),
    "a script": (
        b'{"title": "<script>alert(1)</script>", "url": "javascript:alert(1)"}',
        "<script>alert(1)</script>",
    ),
    "text for Slack": (b'{"title": "<!channel> <@U1>"}', "<!channel> <@U1>"),
    "a template": (b'{"title": "{{ \'\'.__class__ }}"}', "{{ ''.__class__ }}"),
    "odd times": (b'{"title": "a", "started_at": "0000-99-99T99:99:99Z", "ended_at": -1e18}', "a"),
    "ten thousand labels": (
        json.dumps({"title": "a", "labels": {f"k{number}": "v" for number in range(10_000)}}).encode(),
        "a",
    ),
}


async def test_hostile_bodies_are_refused_and_the_next_good_one_is_taken(house: House) -> None:
    key = await house.key()
    for name, (content, headers, status) in HOSTILE.items():
        refused = await house.senders.post(
            f"/api/v1/webhooks/generic/{key}", content=content, headers=headers
        )
        good = await house.send(key, {"title": "b", "dedup_key": "b"})

        assert (name, refused.status_code) == (name, status), refused.text
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["detail"]
        assert good.status_code == 202
    await house.settled()
    assert [(alert["title"], alert["count"]) for alert in await house.alerts()] == [("b", len(HOSTILE))]


async def test_odd_bodies_are_taken(house: House) -> None:
    key = await house.key()
    for name, (content, title) in ODD.items():
        answer = await house.send(key, content=content)
        await house.settled()

        assert (name, answer.status_code) == (name, 202), answer.text
        alert = (await house.alerts())[0]
        assert alert["title"] == (title or alert["title"])
        assert alert["url"] is None
        assert (await house.api.get(f"/alerts/{alert['id']}")).status_code == 200
    assert len(await house.alerts()) == len(ODD)
    assert (await house.api.get("/alerts")).status_code == 200


async def test_what_looks_like_markup_is_inert_on_every_page(house: House) -> None:
    """S14."""
    key = await house.key(name="<b>x</b>")
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    await house.send(
        key,
        {
            "title": hostile,
            "description": hostile,
            "service": hostile,
            "labels": {hostile: hostile},
            "dedup_key": hostile,
        },
    )
    await house.settled()
    (alert,) = await house.alerts()
    (delivery,) = await house.deliveries()
    for path in (
        "/alerts",
        f"/alerts/{alert['id']}",
        "/alerts/integrations",
        f"/alerts/integrations/{alert['integration_id']}",
        f"/alerts/deliveries/{delivery['id']}",
    ):
        page = await house.api.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "<b>x" not in page.text
        assert "unsafe-inline" not in page.headers["content-security-policy"]


async def test_what_is_rejected_can_be_seen(house: House) -> None:
    made = await house.integration()
    for content in (b"{", b'"x"', b"x" * (MIB + 1)):
        await house.send(made["key"], content=content)

    kept = await house.deliveries(integration_id=made["id"], verdict="rejected")

    assert [(delivery["reason"][:20], delivery["size"]) for delivery in kept] == [
        ("Body too large: A bo", 0),
        ("The body is not of t", 3),
        ("The body is not JSON", 1),
    ]


async def test_an_integration_may_have_a_larger_limit(house: House) -> None:
    made = await house.integration(settings={"body_limit_bytes": 2 * MIB})

    answer = await house.send(made["key"], {"title": "a", "description": "x" * (MIB + 100)})

    assert answer.status_code == 202


async def test_a_packed_body_is_taken_and_kept_unpacked(house: House) -> None:
    key, body = await house.key("alertmanager"), json.dumps(alertmanager(am_alert())).encode()

    answer = await house.send(
        key, content=gzip.compress(body), source="alertmanager", content_encoding="gzip"
    )

    assert answer.status_code == 202
    (delivery,) = await house.deliveries()
    assert (await house.api.get(f"/api/v1/deliveries/{delivery['id']}/body")).content == body


async def test_every_byte_soup_gets_an_answer_below_500(house: House) -> None:
    keys = {source: await house.key(source) for source in ("generic", "alertmanager", "pagerduty")}
    good = {
        "/api/v1/webhooks/generic": b'{"title": "a", "labels": {"a": "b"}}',
        "/api/v1/webhooks/alertmanager": json.dumps(alertmanager(am_alert())).encode(),
        "/alertmanager/api/v2/alerts": json.dumps([am_alert()]).encode(),
        "/v2/enqueue": json.dumps(
            {"routing_key": keys["pagerduty"], "event_action": "trigger", "payload": {"summary": "a"}}
        ).encode(),
    }
    for path, body in good.items():
        source = "generic" if "generic" in path else "alertmanager"
        for _ in range(40):
            answer = await _soup(house.senders, path, body, keys[source])
            assert answer.status_code < 500, (path, answer.request.content)
    await house.settled()


async def _soup(client: httpx2.AsyncClient, path: str, body: bytes, key: str) -> httpx2.Response:
    """The body with a few random bytes in it, or cut somewhere."""
    changed = bytearray(body)
    seed = os.urandom(8)
    for place in seed[:3]:
        changed[place % len(changed)] = seed[place % 8]
    cut = bytes(changed[: seed[4] * 4 if seed[5] > 200 else None])
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    return await client.post(path, content=cut, headers=headers)
