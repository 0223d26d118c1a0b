"""Many replays at once."""

import asyncio

from tests.integration.detector.house import House


async def test_as_many_replays_at_once_as_there_are_connections_do_not_wait_for_each_other(
    house: House,
) -> None:
    """Each holds the connection on which its Idempotency-Key is kept, and may ask for no second one."""
    key = await house.key()
    first = (await house.send(key, {"title": "a", "dedup_key": "k"})).json()["delivery_id"]
    at_once = 8  # a service has four connections

    async with asyncio.timeout(20):
        answers = await asyncio.gather(
            *(
                house.api.post(
                    f"/api/v1/deliveries/{first}/replay", headers={"Idempotency-Key": f"replay {number}"}
                )
                for number in range(at_once)
            )
        )

    assert [answer.status_code for answer in answers] == [202] * at_once
    assert len({answer.json()["delivery_id"] for answer in answers}) == at_once
