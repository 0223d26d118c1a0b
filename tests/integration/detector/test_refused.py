"""What is refused although it shows a valid key is kept, for its owner to see (R4), but cannot fill the table."""

import gzip
import re
from datetime import UTC, datetime
from typing import Any

import httpx2
from standardwebhooks.webhooks import Webhook

from tests.integration.detector.house import House

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ALERT = b'{"title": "a", "dedup_key": "k"}'
MIB = 1024 * 1024


def signed(body: bytes = ALERT, secret: str = SECRET) -> dict[str, str]:
    now = datetime.now(UTC)
    signature = Webhook(secret).sign("msg_1", now, body.decode())
    stamp = str(int(now.timestamp()))
    return {"webhook_id": "msg_1", "webhook_timestamp": stamp, "webhook_signature": signature}


async def only(house: House, made: dict[str, Any]) -> dict[str, Any]:
    (line,) = await house.deliveries(integration_id=made["id"])
    return line


async def body_and_replay(house: House, line: dict[str, Any]) -> tuple[httpx2.Response, httpx2.Response]:
    path = f"/api/v1/deliveries/{line['id']}"
    return await house.api.get(f"{path}/body"), await house.api.post(f"{path}/replay")


async def test_a_wrong_secret_shows_in_the_integrations_health(house: House) -> None:
    made = await house.integration(secret=SECRET)

    answer = await house.send(made["key"], content=ALERT, **signed(secret="whsec_" + "QUFB" * 8))

    assert answer.status_code == 401
    line = await only(house, made)
    assert (line["verdict"], line["size"], line["times"]) == ("rejected", 0, 1)
    assert line["reason"].startswith("Signature does not match: ")
    assert line["body_missing"] == "nothing vouches for it"
    health = (await house.api.get(f"/api/v1/integrations/{made['id']}")).json()["health"]
    assert health["condition"] == "unhealthy"
    assert health["detail"].startswith("1 refused, last: Signature does not match: ")
    for path in ("/alerts/integrations", f"/alerts/integrations/{made['id']}"):
        assert "refused, last: Signature does not match" in (await house.api.get(path)).text


async def test_what_was_not_kept_is_neither_shown_nor_replayed(house: House) -> None:
    signing, plain = await house.integration(secret=SECRET), await house.integration()
    await house.send(signing["key"], content=ALERT)
    await house.send(plain["key"], content=b"x" * (MIB + 1))

    for made, why in ((signing, "nothing vouches for it"), (plain, "it was too large")):
        line = await only(house, made)
        for answer in await body_and_replay(house, line):
            assert answer.status_code == 409
            assert answer.json()["code"] == "body_not_kept"
            assert answer.json()["detail"].startswith(f"The body was not kept, because {why}")
        page = await house.api.get(f"/alerts/deliveries/{line['id']}")
        assert f"The body was not kept, because {why}." in page.text
        assert "/replay" not in page.text


async def test_what_came_in_a_wrong_wrapping_is_kept_and_can_be_replayed(house: House) -> None:
    wrappings: list[tuple[bytes, dict[str, str], int, str]] = [
        (ALERT, {"content_type": "application/xml"}, 415, "Not a JSON content type"),
        (ALERT, {"content_encoding": "br"}, 415, "Unsupported encoding"),
        (ALERT, {"content_encoding": "gzip"}, 400, "Not gzip"),
    ]
    for content, headers, status, title in wrappings:
        made = await house.integration()

        refused = await house.send(made["key"], content=content, **headers)
        line = await only(house, made)
        body, replayed = await body_and_replay(house, line)

        assert (refused.status_code, line["verdict"]) == (status, "rejected")
        assert line["reason"].startswith(f"{title}: ")
        assert body.content == content
        assert replayed.status_code == 202


async def test_a_wrapping_that_nobody_signed_is_kept_without_its_body(house: House) -> None:
    for headers in ({"content_type": "application/xml"}, {"content_encoding": "gzip"}):
        made = await house.integration(secret=SECRET)
        await house.send(made["key"], content=ALERT, **headers)

        assert (await only(house, made))["body_missing"] == "nothing vouches for it"


async def test_a_cut_off_gzip_is_kept_as_it_came(house: House) -> None:
    made, packed = await house.integration(), gzip.compress(ALERT)[:-4]

    answer = await house.send(made["key"], content=packed, content_encoding="gzip")
    body, replayed = await body_and_replay(house, await only(house, made))

    assert answer.status_code == 400
    assert body.content == packed
    assert (replayed.status_code, replayed.json()["code"]) == (400, "not_json")


async def test_keys_in_query_strings_and_at_other_doors_are_shown_to_their_owner(house: House) -> None:
    queried, astray, paged = await house.integration(), await house.integration(), await house.integration()
    await house.senders.post(f"/api/v1/webhooks/generic/{queried['key']}?token=x", content=ALERT)
    await house.send(astray["key"], content=ALERT, source="alertmanager")
    await house.page(paged["key"], event_action="trigger")

    assert (await only(house, queried))["reason"].startswith("Key in the query string: ")
    assert (await only(house, queried))["body_missing"] is None
    for made in (astray, paged):
        line = await only(house, made)
        assert line["reason"].startswith("Key of another source: ")
        assert line["body_missing"] == "it came to the address of another source"


async def test_without_a_valid_key_nothing_is_kept(house: House) -> None:
    for headers in ({"content_type": "application/xml"}, {"content_encoding": "gzip"}, {}):
        await house.send("wrong", content=ALERT, **headers)
    assert await house.deliveries() == []


async def test_one_line_stands_for_many_of_a_kind_and_the_figures_count_each(house: House) -> None:
    made = await house.integration(secret=SECRET)
    for _ in range(30):
        assert (await house.send(made["key"], content=ALERT)).status_code == 401
    await house.send(made["key"], content=ALERT, content_type="application/xml")

    lines = await house.deliveries(integration_id=made["id"])
    assert len(lines) == 2
    figures = (await house.senders.get("/metrics")).text
    assert 'deliveries_total{outcome="bad_signature",road="generic"} 30.0' in figures

    await house.app.road._refusals.flush()  # type: ignore[attr-defined]
    lines = await house.deliveries(integration_id=made["id"])
    assert sorted(line["times"] for line in lines) == [1, 1, 29]
    health = (await house.api.get(f"/api/v1/integrations/{made['id']}")).json()["health"]
    assert health["detail"].startswith("31 refused, last: Signature")
    page = await house.api.get(f"/alerts/integrations/{made['id']}")
    assert re.search(r"29\s*×", page.text)


async def test_a_refusal_stays_a_refusal_while_the_database_is_away(house: House) -> None:
    made = await house.integration(secret=SECRET)
    async with house.app.state.service.database.begin() as conn:
        await conn.exec_driver_sql("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE")
        assert (await house.send(made["key"], content=ALERT)).status_code == 401
