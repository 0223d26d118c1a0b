"""A replica of the next release lets those of the last do the work until the tables are migrated."""

import httpx2
from fastapi import FastAPI
from sqlalchemy import text

from tocsin_chassis.service import Service
from tocsin_events.base import Topic
from tocsin_runtime.database import Database
from tocsin_testkit.apps import running
from tocsin_testkit.waiting import eventually, pause


async def test_it_consumes_nothing_before(app: FastAPI, database: Database) -> None:
    service: Service = app.state.service
    newest = await _level(database, "0000")
    async with running(app) as client:
        assert (await client.get("/readyz")).status_code == 503
        await pause(1.5)  # it has looked once more
        assert service.runner is not None
        assert service.runner.progress.assigned == frozenset()
        assert not await service.platform.bus.positions(service.name, Topic.DIRECTORY)

        await _level(database, newest)
        await eventually(lambda: _is_ready(client), within=15)


async def test_it_stops_at_once_all_the_same(app: FastAPI, database: Database) -> None:
    newest = await _level(database, "0000")
    async with running(app):
        await pause(0.1)
    await _level(database, newest)


async def _level(database: Database, wanted: str) -> str:
    """Pretend that the tables are of that revision; returns which they were."""
    async with database.begin() as conn:
        found: str = (await conn.execute(text("SELECT version_num FROM schema_version"))).scalar_one()
        await conn.execute(text("UPDATE schema_version SET version_num = :wanted"), {"wanted": wanted})
    return found


async def _is_ready(client: httpx2.AsyncClient) -> bool:
    return (await client.get("/readyz")).status_code == 200
