"""Deliveries that come twice, by the sender's own id (R6)."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from tests.integration.detector.house import House


@pytest.mark.parametrize("header", ["idempotency_key", "webhook_id"])
async def test_a_repeat_gets_the_first_receipt_and_has_no_effect(house: House, header: str) -> None:
    key = await house.key()
    shown: dict[str, Any] = {header: "m-1"}
    first = await house.send(key, {"title": "a", "dedup_key": "k"}, **shown)

    second = await house.send(key, {"title": "a", "dedup_key": "k"}, **shown)
    await house.settled()

    assert second.status_code == 202
    assert second.json() == {**first.json(), "duplicate": True}
    assert [alert["count"] for alert in await house.alerts()] == [1]
    assert [delivery["verdict"] for delivery in await house.deliveries()] == ["duplicate", "accepted"]


async def test_an_idempotency_key_with_another_body_is_an_error(house: House) -> None:
    key = await house.key()
    await house.send(key, {"title": "a"}, idempotency_key="m-1")

    answer = await house.send(key, {"title": "b"}, idempotency_key="m-1")

    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency_key_reused"


async def test_ids_are_the_integrations_own(house: House) -> None:
    for key in (await house.key(), await house.key()):
        assert (await house.send(key, {"title": "a"}, webhook_id="m-1")).json()["duplicate"] is False


async def test_a_refused_delivery_may_come_again_under_its_id(house: House) -> None:
    key = await house.key()

    assert (await house.send(key, {"titel": "a"}, idempotency_key="m-1")).status_code == 422
    assert (await house.send(key, {"title": "a"}, idempotency_key="m-1")).status_code == 202


async def test_at_the_same_time_one_of_many_counts(house: House) -> None:
    key = await house.key()

    answers = await asyncio.gather(
        *(house.send(key, {"title": "a", "dedup_key": "k"}, webhook_id=f"m-{n % 5}") for n in range(50))
    )
    await house.settled()

    assert sum(not answer.json()["duplicate"] for answer in answers) == 5
    assert len({answer.json()["delivery_id"] for answer in answers}) == 5
    assert [alert["count"] for alert in await house.alerts()] == [5]


async def test_after_a_day_an_id_is_new_again(house: House) -> None:
    key = await house.key()
    await house.send(key, {"title": "a"}, webhook_id="m-1")
    async with house.app.state.service.database.begin() as conn:
        await conn.execute(
            text("UPDATE receipts SET received_at = received_at - interval '24 hours 1 second'")
        )

    assert (await house.send(key, {"title": "a"}, webhook_id="m-1")).json()["duplicate"] is False
    assert (await house.send(key, {"title": "a"}, webhook_id="m-1")).json()["duplicate"] is True


async def test_without_an_id_equal_bytes_are_two_deliveries(house: House) -> None:
    key = await house.key()
    first, second = [(await house.send(key, {"title": "a", "dedup_key": "k"})).json() for _ in range(2)]
    await house.settled()

    assert first["delivery_id"] != second["delivery_id"]
    assert [alert["count"] for alert in await house.alerts()] == [2]
