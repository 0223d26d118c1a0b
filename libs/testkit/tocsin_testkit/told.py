"""What a service told the others."""

from sqlalchemy import text

from tocsin_events.base import REGISTRY, Event
from tocsin_runtime.database import Database


async def told(database: Database, *kinds: type[Event]) -> list[Event]:
    """The events in the outbox, oldest first, published or not; only those of `kinds` when any are given."""
    async with database.read() as conn:
        rows = (await conn.execute(text("SELECT type, data FROM outbox ORDER BY position"))).all()
    events = [REGISTRY[kind].model_validate_json(data) for kind, data in rows if kind != "canary.v1"]
    return [event for event in events if not kinds or isinstance(event, kinds)]
