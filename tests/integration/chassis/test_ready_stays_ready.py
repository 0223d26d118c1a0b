"""Who has said that it is ready takes it back for its database only: what is told later is no start left to finish."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from sqlalchemy import text

from tests.ledger import enveloped
from tocsin_chassis.service import Service
from tocsin_events.directory import TeamChanged
from tocsin_runtime.database import Database
from tocsin_runtime.ids import new_id
from tocsin_testkit.apps import running


@asynccontextmanager
async def owned(database_url: str) -> AsyncIterator[Database]:
    """Connections of the bus, whose tables they are."""
    made = Database(database_url, schema="bus", role="tocsin_bus")
    yield made
    await made.close()


async def test_entries_told_after_a_bus_that_was_away_make_it_no_less_ready(
    app: FastAPI, database: Database, database_url: str
) -> None:
    service: Service = app.state.service
    async with running(app) as client, database.begin() as consuming_stands, owned(database_url) as owner:
        await consuming_stands.execute(text("LOCK TABLE inbox IN SHARE MODE"))
        async with owner.begin() as bus_is_away:
            await bus_is_away.execute(text("LOCK TABLE partitions IN ACCESS EXCLUSIVE MODE"))
            first = await client.get("/readyz")
        assert (first.status_code, first.json()["status"]) == (200, "degraded")

        await service.platform.bus.publish(
            [enveloped(TeamChanged(id=new_id(), version=1, name="Core", slug="core"))]
        )
        then = await client.get("/readyz")
        assert not then.json()["checks"]["directory"]["ok"]
        assert (then.status_code, then.json()["status"]) == (200, "degraded")
