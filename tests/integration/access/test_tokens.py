"""API tokens from their making to their end (S1, S2, S3)."""

from asyncio import gather
from datetime import timedelta
from statistics import median
from time import perf_counter

from httpx2 import Headers, Response
from sqlalchemy import text

from tests.integration.access.house import ADMIN, House, bearer
from tocsin_runtime.clock import ManualClock
from tocsin_testkit.waiting import eventually

LONGEST_UNTIL_VOID = 5.0
"""Seconds that a revocation may take, as promised."""


async def test_a_token_is_shown_once_and_opens_what_it_says(house: House) -> None:
    plain, token_id = await house.token("paging:read")
    assert plain.startswith("tcs_")
    assert (await house.ask(plain)).status_code == 200

    refused = await house.http.post("/api/v1/users", json={}, headers=bearer(plain))
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    assert "paging:admin" in refused.json()["detail"]

    listed = await house.http.get("/api/v1/tokens", headers=ADMIN)
    shown = await house.http.get(f"/api/v1/tokens/{token_id}", headers=ADMIN)
    assert plain.startswith(shown.json()["prefix"])
    assert plain not in listed.text + shown.text


async def test_no_dump_of_the_database_holds_a_secret(house: House) -> None:
    body = {"name": "kept nowhere", "scopes": ["paging:read"]}
    keyed = Headers({**ADMIN, "Idempotency-Key": "a-key-of-this-test"})
    made = await house.http.post("/api/v1/tokens", json=body, headers=keyed)
    ana = await house.person("ana", password="a password that nobody stores")
    link = await house.http.post(f"/api/v1/users/{ana}/login-links", headers=keyed)
    browser = house.browser()
    await browser.log_in("ana@example.org", "a password that nobody stores")
    secrets = [
        made.json()["token"],
        link.json()["url"].rsplit("/", 1)[1],
        "a password that nobody stores",
        browser.cookie,
    ]
    dump = await _dump(house)
    assert made.json()["prefix"] in dump
    assert [secret for secret in secrets if secret in dump or secret.encode().hex() in dump] == []

    again = await house.http.post("/api/v1/tokens", json=body, headers=keyed)
    assert again.status_code == 409
    assert again.headers["location"] == made.headers["location"]


async def test_a_revoked_token_is_refused_within_five_seconds(house: House) -> None:
    plain, token_id = await house.token("paging:read")
    assert (await house.ask(plain)).status_code == 200
    revoked = await house.http.delete(f"/api/v1/tokens/{token_id}", headers=ADMIN)
    assert revoked.status_code == 204

    async def refused() -> bool:
        return (await house.ask(plain)).status_code == 401

    await eventually(refused, within=LONGEST_UNTIL_VOID)


async def test_callers_not_looked_up_yet_do_not_wait_for_each_others_connections(house: House) -> None:
    tokens = [(await house.token("*"))[0] for _ in range(8)]
    house.access.forget()
    answers = await gather(*(_post_keyed(house, token, name=f"p{n}") for n, token in enumerate(tokens)))
    assert [answer.status_code for answer in answers] == [201] * 8


async def test_a_revoked_token_gets_no_kept_answer(house: House) -> None:
    plain, token_id = await house.token("*")
    assert (await _post_keyed(house, plain, name="ana")).status_code == 201
    assert (await _post_keyed(house, plain, name="ana")).headers["idempotent-replay"] == "true"
    await house.http.delete(f"/api/v1/tokens/{token_id}", headers=ADMIN)
    house.access.forget()
    assert (await _post_keyed(house, plain, name="ana")).status_code == 401


async def test_a_token_ends_when_it_says(house: House, clock: ManualClock) -> None:
    ends = (clock.moment + timedelta(hours=1)).isoformat()
    plain, token_id = await house.token("paging:read", expires_at=ends)
    clock.forward(timedelta(minutes=59))
    assert (await house.ask(plain)).status_code == 200
    clock.forward(timedelta(minutes=1))
    assert (await house.ask(plain)).status_code == 401
    shown = await house.http.get(f"/api/v1/tokens/{token_id}", headers=ADMIN)
    assert shown.json()["state"] == "expired"


async def test_what_is_refused_is_refused_alike(house: House) -> None:
    revoked, token_id = await house.token("paging:read")
    await house.http.delete(f"/api/v1/tokens/{token_id}", headers=ADMIN)
    answers = [await house.ask(token) for token in (revoked, "tcs_" + "a" * 43, "rubbish", "é", "")]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    for answer in answers:
        assert answer.headers["www-authenticate"] == 'Bearer realm="tocsin", error="invalid_token"'
    assert (await house.http.get("/api/v1/users")).headers["www-authenticate"] == 'Bearer realm="tocsin"'


async def test_an_unknown_token_and_a_revoked_one_take_the_same_time(house: House) -> None:
    revoked, token_id = await house.token("paging:read")
    await house.http.delete(f"/api/v1/tokens/{token_id}", headers=ADMIN)
    times: dict[str, list[float]] = {revoked: [], "tcs_" + "a" * 43: []}
    for _ in range(60):
        for token, taken in times.items():
            house.access.forget()
            began = perf_counter()
            await house.ask(token)
            taken.append(perf_counter() - began)
    medians = [median(taken) for taken in times.values()]
    assert abs(medians[0] - medians[1]) < 0.005


async def test_an_ingest_key_opens_nothing_else(house: House) -> None:
    answer = await house.ask("tci_" + "a" * 43)
    assert answer.status_code == 403
    assert "webhook" in answer.json()["detail"]


async def test_a_token_never_does_more_than_its_owner(house: House) -> None:
    bo = await house.person("bo")
    plain, _ = await house.token("*", owner_id=bo)
    assert (await house.ask(plain)).status_code == 200
    body = {"name": "X", "email": "x@example.org"}
    refused = await house.http.post("/api/v1/users", json=body, headers=bearer(plain))
    assert refused.status_code == 403

    await house.http.delete(f"/api/v1/users/{bo}", headers=ADMIN)
    house.access.forget()
    assert (await house.ask(plain)).status_code == 401


async def test_people_make_tokens_for_themselves_and_no_greater_ones(house: House) -> None:
    bo, ana = await house.person("bo"), await house.person("ana")
    plain, _ = await house.token("*", owner_id=bo)
    by_token = await house.http.post(
        "/api/v1/tokens", json={"name": "twin", "scopes": ["paging:read"]}, headers=bearer(plain)
    )
    assert by_token.status_code == 403

    browser = house.browser()
    await browser.log_in("bo@example.org")
    headers = {"X-CSRF-Token": await browser.csrf("/settings")}

    async def wish(**body: object) -> int:
        answer = await browser.http.post("/api/v1/tokens", json={"name": "t", **body}, headers=headers)
        return answer.status_code

    assert await wish(scopes=["incidents:write"]) == 201
    assert await wish(scopes=["config:write"]) == 403
    assert await wish(scopes=["*"]) == 403
    assert await wish(scopes=["paging:read"], owner_id=str(ana)) == 403
    assert await wish(scopes=["paging:read"], owner_id=None) == 403
    assert await wish(scopes=["no:such"]) == 422
    assert await wish(scopes=[]) == 422
    assert await wish(scopes=["paging:read"], expires_at="2020-01-01T00:00:00Z") == 422


async def test_nobody_sees_or_ends_the_tokens_of_others(house: House) -> None:
    bo, ana = await house.person("bo"), await house.person("ana")
    of_ana, token_id = await house.token("paging:read", owner_id=ana)
    of_bo, _ = await house.token("paging:read", owner_id=bo)
    assert [token["owner_id"] for token in (await house.ask(of_bo, "/api/v1/tokens")).json()["items"]] == [
        str(bo)
    ]
    assert (await house.ask(of_bo, f"/api/v1/tokens/{token_id}")).status_code == 404
    ended = await house.http.delete(f"/api/v1/tokens/{token_id}", headers=bearer(of_bo))
    assert ended.status_code == 404
    assert (await house.ask(of_ana)).status_code == 200


async def _dump(house: House) -> str:
    tables = text(
        "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables"
        " WHERE table_schema IN ('paging', 'bus') AND table_type = 'BASE TABLE'"
    )
    async with house.service.database.read() as conn:
        names = (await conn.execute(tables)).scalars().all()
        assert any(name.endswith("api_tokens") for name in names)
        rows = [
            (await conn.execute(text(f"SELECT CAST(row_to_json(t) AS text) FROM {name} t"))).scalars().all()
            for name in names
            if name.startswith("paging.")
        ]
    return "\n".join(row for table in rows for row in table)


async def _post_keyed(house: House, token: str, *, name: str) -> Response:
    body = {"name": name, "email": f"{name}@example.org", "role": "viewer"}
    keyed = Headers({**bearer(token), "Idempotency-Key": f"of-{name}"})
    return await house.http.post("/api/v1/users", json=body, headers=keyed)
