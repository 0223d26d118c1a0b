"""A service that exists for the tests of the bus only: the bus's tables, and a table of what took effect."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import text

from tocsin_bus.maintenance import SERVICE_TABLES, keep_partitions
from tocsin_bus.migrations.tables import bus_tables_v1, sendings_v2, sendings_v3, sendings_v4, timers_v2
from tocsin_bus.subscriptions import Subscriptions
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.base import Event
from tocsin_events.envelope import Envelope
from tocsin_events.status import ComponentState, ComponentStateChanged
from tocsin_runtime.database import Database
from tocsin_runtime.ids import new_id
from tocsin_runtime.migrate import prepare_roles
from tocsin_runtime.schemas import role_of
from tocsin_testkit.postgres import TestServer

SCHEMA = "ledger"
COUNTERS = "CREATE TABLE counters (key uuid PRIMARY KEY, value integer NOT NULL DEFAULT 0)"
EFFECTS = """
CREATE TABLE effects (
    position bigint GENERATED ALWAYS AS IDENTITY,
    key uuid NOT NULL,
    number integer NOT NULL,
    backend integer NOT NULL DEFAULT pg_backend_pid()
)
"""
_MOMENT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class _Statements:
    """Stands where alembic's `op` does in a migration."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def execute(self, sqltext: str) -> object:
        self.made.append(sqltext)
        return None


def make_ledger_template(server: TestServer, base: str | None = None) -> str:
    """The URL of a database with the schema, to be copied; `base` is a database with others to begin from."""
    url = server.create_database(template=base)
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, _make_ledger(url)).result()
    return url


async def _make_ledger(url: str) -> None:
    await prepare_roles(url, [SCHEMA])
    statements = _Statements()
    bus_tables_v1(statements)
    sendings_v2(statements)
    sendings_v3(statements)
    timers_v2(statements)
    sendings_v4(statements)
    database = ledger_of(url)
    async with database.begin() as conn:
        for statement in (*statements.made, EFFECTS, COUNTERS):
            await conn.execute(text(statement))
        await keep_partitions(conn, SERVICE_TABLES)
    await database.close()


def ledger_of(url: str) -> Database:
    """Connections of this service."""
    return Database(url, schema=SCHEMA, role=role_of(SCHEMA))


def numbered(key: UUID, number: int) -> ComponentStateChanged:
    """The event of this key that carries this number."""
    return ComponentStateChanged(
        component_id=key,
        name=str(number),
        previous=ComponentState.OPERATIONAL,
        state=ComponentState.DEGRADED_PERFORMANCE,
        at=_MOMENT,
    )


def envelope(key: UUID, number: int) -> Envelope:
    """The same event in its envelope."""
    return enveloped(numbered(key, number))


def enveloped(event: Event) -> Envelope:
    """Any event in an envelope of its own story."""
    return Envelope(
        id=new_id(),
        type=event.TYPE,
        source=f"/tocsin/{SCHEMA}",
        topic=event.topic,
        key=event.key,
        occurred_at=_MOMENT,
        data=event.model_dump_json().encode(),
        correlation_id=new_id(),
    )


def recording(consumer: str = SCHEMA) -> Subscriptions:
    """Writes each event down as an effect, in the order in which it takes effect."""
    subscriptions = Subscriptions(consumer)

    @subscriptions.on(ComponentStateChanged)
    async def record(event: ComponentStateChanged, uow: UnitOfWork) -> None:
        await record_effect(uow, event)

    return subscriptions


async def record_effect(uow: UnitOfWork, event: ComponentStateChanged) -> None:
    """The effect of one event."""
    await uow.conn.execute(_RECORD, {"key": event.component_id, "number": int(event.name)})


async def count_up(uow: UnitOfWork, key: UUID) -> None:
    """Draw the key's next number and emit it, as an aggregate does that holds its row's lock."""
    row = await uow.conn.execute(_COUNT_UP, {"key": key})
    uow.emit(numbered(key, row.scalar_one()))


async def effects(database: Database) -> dict[UUID, list[int]]:
    """The numbers that took effect for each key, in that order; a number twice is an effect twice."""
    async with database.read() as conn:
        rows = (await conn.execute(text("SELECT key, number FROM effects ORDER BY position"))).all()
    found: dict[UUID, list[int]] = defaultdict(list)
    for key, number in rows:
        found[key].append(number)
    return dict(found)


async def count(database: Database, table: str, condition: str = "true") -> int:
    """How many rows of a table meet a condition."""
    async with database.read() as conn:
        return int((await conn.execute(text(f"SELECT count(*) FROM {table} WHERE {condition}"))).scalar_one())


def by_key(envelopes: Iterable[Envelope]) -> dict[UUID, list[int]]:
    """The numbers that these envelopes carry for each key, in order."""
    found: dict[UUID, list[int]] = defaultdict(list)
    for one in envelopes:
        event = one.event()
        assert isinstance(event, ComponentStateChanged)
        found[one.key].append(int(event.name))
    return dict(found)


_RECORD = text("INSERT INTO effects (key, number) VALUES (:key, :number)")
_COUNT_UP = text(
    "INSERT INTO counters AS c (key) VALUES (:key) ON CONFLICT (key) DO UPDATE SET value = c.value + 1 RETURNING value"
)
