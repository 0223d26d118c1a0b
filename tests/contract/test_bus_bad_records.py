"""What is not ours, or not of this release, stops nobody: it is parked and everything else goes on (R17, R18)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from tests.bus_running import consuming
from tests.contract.members import interleaved, member, take
from tests.contract.transports import Transport, fresh_keys
from tests.ledger import effects, envelope
from tocsin_bus.protocol import Bus, Record
from tocsin_events.base import Topic
from tocsin_runtime.database import Database
from tocsin_testkit.waiting import eventually

KEY = UUID("0195d2f0-0000-7000-8000-000000000001")
GOOD = envelope(KEY, 0).headers()
MEGABYTE = 1024 * 1024

NONE_OF_OURS: dict[str, tuple[Mapping[str, str], bytes]] = {
    "no headers": ({}, b'{"hello": "world"}'),
    "bytes": ({}, b"\x00\xff\xfe not JSON"),
    "another's event": ({**GOOD, "type": "com.example.order.placed"}, b"{}"),
    "a broken id": ({**GOOD, "id": "17"}, b"{}"),
}
NOT_HANDLED: dict[str, tuple[Mapping[str, str], bytes]] = {
    "not JSON": (GOOD, b"\x00 not JSON"),
    "not of its form": (GOOD, b'{"component_id": 4}'),
    "unknown major": ({**GOOD, "type": "io.tocsin.status.component_changed.v9"}, b"{}"),
}


@pytest.mark.parametrize("what", NONE_OF_OURS)
async def test_bytes_that_are_none_of_ours_come_as_a_record_that_says_so(
    bus: Bus, transport: Transport, what: str
) -> None:
    headers, data = NONE_OF_OURS[what]
    record = await _written(bus, transport, headers, data)
    assert record.envelope is None
    assert record.problem
    assert record.raw_data == data
    assert record.raw_headers == headers


async def test_they_are_parked_with_their_bytes_and_the_rest_takes_effect(
    bus: Bus, transport: Transport, ledger: Database
) -> None:
    keys = fresh_keys(6)
    await bus.publish(interleaved(keys, 5))
    bad = {**NONE_OF_OURS, **{name: _with_own_id(*entry) for name, entry in NOT_HANDLED.items()}}
    for headers, data in bad.values():
        await transport.write(Topic.STATUS, headers, data, key=KEY)
    await bus.publish(interleaved(keys, 5, start=5))
    async with consuming(bus, ledger):
        await eventually(lambda: _parked(ledger, len(bad)), within=20)
        await eventually(lambda: _effects(ledger, 60), within=20)
    assert await effects(ledger) == {key: list(range(10)) for key in keys}
    rows = await _rows(ledger)
    assert sorted(row["data"] for row in rows) == sorted(data for _, data in bad.values())
    assert all(row["permanent"] and row["reason"] for row in rows if row["type"] == "unreadable")


async def test_a_record_of_five_megabytes_is_parked_and_the_next_one_is_handled(
    bus: Bus, transport: Transport, ledger: Database
) -> None:
    await bus.publish([envelope(KEY, 0)])
    await transport.write(Topic.STATUS, {}, b"x" * (5 * MEGABYTE), key=KEY)
    await bus.publish([envelope(KEY, 1)])
    async with consuming(bus, ledger):
        await eventually(lambda: _parked(ledger, 1), within=20)
        await eventually(lambda: _effects(ledger, 2), within=20)
    (row,) = await _rows(ledger)
    assert len(row["data"]) == 5 * MEGABYTE


async def test_a_later_event_of_a_key_waits_behind_its_parked_one(
    bus: Bus, transport: Transport, ledger: Database
) -> None:
    async with consuming(bus, ledger):
        await transport.write(Topic.STATUS, GOOD, b"not JSON", key=KEY)
        await eventually(lambda: _parked(ledger, 1), within=20)
        await bus.publish([envelope(KEY, 1), envelope(uuid4(), 7)])
        await eventually(lambda: _parked(ledger, 2), within=20)
        await eventually(lambda: _effects(ledger, 1), within=20)
    assert list((await effects(ledger)).values()) == [[7]]


async def _written(bus: Bus, transport: Transport, headers: Mapping[str, str], data: bytes) -> Record:
    await bus.publish([envelope(uuid4(), 0)])
    async with member(bus) as consumer:
        await take(consumer, 1)
        await transport.write(Topic.STATUS, headers, data, key=KEY)
        (record,) = await take(consumer, 1)
    return record


def _with_own_id(headers: Mapping[str, str], data: bytes) -> tuple[Mapping[str, str], bytes]:
    return {**headers, "id": str(uuid4()), "subject": str(uuid4())}, data


async def _rows(ledger: Database) -> list[dict[str, Any]]:
    async with ledger.read() as conn:
        return [dict(row) for row in (await conn.execute(text("SELECT * FROM parked"))).mappings()]


async def _parked(ledger: Database, wanted: int) -> bool:
    return len(await _rows(ledger)) == wanted


async def _effects(ledger: Database, wanted: int) -> bool:
    return sum(map(len, (await effects(ledger)).values())) >= wanted
