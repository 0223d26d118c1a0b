"""Logs name events and their stories by id, and never hold what an event says (R17)."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import orjson
import pytest
import structlog
from structlog.contextvars import merge_contextvars

from tests.integration.bus.handlers import Ledger, Refused, as_record, records
from tests.ledger import SCHEMA, count, envelope
from tocsin_bus.consumer import ConsumerRunner
from tocsin_bus.protocol import Bus
from tocsin_bus.retry import ParkedRunner
from tocsin_bus.subscriptions import Heard, Subscriptions
from tocsin_bus.unit_of_work import OpenUnitOfWork, UnitOfWork
from tocsin_events.status import ComponentStateChanged
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.database import Database

KEY = UUID("0195d2f0-0000-7000-8000-000000000001")
SECRET = "db-password-hunter2"
log = structlog.get_logger("tests.handler")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What would be written, tracebacks and bound ids included."""
    written, before = io.StringIO(), structlog.get_config()
    structlog.configure(
        processors=[
            merge_contextvars,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(file=written),
        cache_logger_on_first_use=False,
    )
    yield written
    structlog.configure(**before)


def told(lines: io.StringIO) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in lines.getvalue().splitlines()]


async def test_no_line_of_a_malformed_event_holds_its_body(
    bus: Bus, open_uow: OpenUnitOfWork, clock: ManualClock, database: Database, lines: io.StringIO
) -> None:
    ledger = Ledger()
    broken = replace(envelope(KEY, 1), data=orjson.dumps({"component_id": SECRET, "name": [SECRET]}))
    garbled = replace(envelope(KEY, 2), data=f'{{"name": "{SECRET}'.encode())
    await ConsumerRunner(bus, ledger.subscriptions, open_uow).handle([as_record(broken), as_record(garbled)])
    parked = ParkedRunner(ledger.subscriptions, open_uow)
    while await count(database, "parked", "state = 'waiting'"):
        clock.forward(timedelta(minutes=1))
        await parked.run_once()

    said = told(lines)
    assert {"consumer.parked", "parked.failed_again", "parked.dead"} <= {line["event"] for line in said}
    assert SECRET not in lines.getvalue()
    assert await count(database, "parked", f"reason LIKE '%{SECRET}%'") == 0
    assert await count(database, "parked", "reason LIKE '%component_id%'") == 1
    mine = {str(broken.id): str(broken.correlation_id), str(garbled.id): str(garbled.correlation_id)}
    for line in said:
        if line["event"] != "consumer.batch_split":
            assert mine[str(line["event_id"])] == line["correlation_id"]


async def test_what_a_handler_logs_names_the_event_and_its_story(
    bus: Bus, open_uow: OpenUnitOfWork, lines: io.StringIO
) -> None:
    ledger = Ledger()
    ledger.on_effect = lambda uow, number: log.info("handling", number=number)
    batch = records(KEY, [1, 2])
    await ConsumerRunner(bus, ledger.subscriptions, open_uow).handle(batch)
    log.info("after")

    assert [(line.get("event_id"), line.get("correlation_id")) for line in told(lines)] == [
        *((str(r.envelope.id), str(r.envelope.correlation_id)) for r in batch if r.envelope),
        (None, None),
    ]


async def test_what_a_handler_of_many_logs_names_all_of_them(
    bus: Bus, open_uow: OpenUnitOfWork, lines: io.StringIO
) -> None:
    subscriptions = Subscriptions(SCHEMA)

    @subscriptions.on_many(ComponentStateChanged)
    async def handle(heard: Sequence[Heard], uow: UnitOfWork) -> None:
        log.info("handling", count=len(heard))

    batch = records(KEY, [1, 2])
    await ConsumerRunner(bus, subscriptions, open_uow).handle(batch)

    [line] = told(lines)
    assert line["event_id"] == [str(r.envelope.id) for r in batch if r.envelope]
    assert line["correlation_id"] == [str(r.envelope.correlation_id) for r in batch if r.envelope]


async def test_a_parked_event_is_named(bus: Bus, open_uow: OpenUnitOfWork, lines: io.StringIO) -> None:
    ledger = Ledger()
    ledger.broken = {1: lambda: Refused("one")}
    [record] = records(KEY, [1])
    await ConsumerRunner(bus, ledger.subscriptions, open_uow).handle([record])

    [parked] = [line for line in told(lines) if line["event"] == "consumer.parked"]
    assert record.envelope
    assert parked["event_id"] == str(record.envelope.id)
    assert parked["correlation_id"] == str(record.envelope.correlation_id)
