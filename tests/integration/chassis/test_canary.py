"""Canaries reach every partition of the topics that a service owns, and nobody else's (R21)."""

import httpx2
from fastapi import FastAPI
from sqlalchemy import text

from tocsin_chassis.canary import OWNERS, Canaries
from tocsin_chassis.service import Service
from tocsin_events.base import REGISTRY, Topic
from tocsin_events.canary import Canary
from tocsin_testkit.waiting import eventually


async def test_each_owned_topic_gets_one_on_every_partition_in_turn(
    client: httpx2.AsyncClient, app: FastAPI
) -> None:
    service: Service = app.state.service
    bus = service.platform.bus
    canaries = Canaries(service)
    owned = OWNERS.get(service.name, ())
    before = {topic: await bus.end_offsets(topic) for topic in owned}
    for _ in range(max((len(bus.a_key_each(topic)) for topic in owned), default=0)):
        await canaries.release()

    async def everywhere() -> bool:
        for topic in owned:
            ends = await bus.end_offsets(topic)
            if any(ends[partition] == start for partition, start in before[topic].items()):
                return False
        return True

    await eventually(everywhere, within=10)
    async with service.database.read() as conn:
        rows = (await conn.execute(text("SELECT topic, type, data FROM outbox"))).all()
    told = [(topic, REGISTRY[kind].model_validate_json(data)) for topic, kind, data in rows]
    sent = [(topic, event) for topic, event in told if isinstance(event, Canary)]
    assert {topic for topic, _ in sent} == {topic.value for topic in owned}
    assert all(event.topic == Topic(topic) for topic, event in sent)


def test_every_topic_has_one_that_sends_canaries() -> None:
    assert sorted(topic for topics in OWNERS.values() for topic in topics) == sorted(Topic)
