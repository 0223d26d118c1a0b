"""The look over the lanes finds those in which something waits, and no others."""

from uuid import uuid4

from sqlalchemy import text

from tocsin_detector.store.lanes import LaneStore
from tocsin_runtime.database import Database


async def test_only_lanes_with_something_in_them_are_busy(database: Database) -> None:
    async with database.begin() as conn:
        assert await LaneStore(conn).busy() == []
        await conn.execute(
            text(
                "INSERT INTO waiting (lane, delivery_id, integration_id, received_at, signals)"
                " VALUES (3, :delivery, :integration, now(), '')"
            ),
            {"delivery": uuid4(), "integration": uuid4()},
        )
        assert await LaneStore(conn).busy() == [3]
