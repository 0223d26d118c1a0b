"""What a Tocsin that was killed has left behind, on the PostgreSQL that only its successor uses."""

from tocsin_bus.succession import succeed
from tocsin_runtime.database import Database
from tocsin_runtime.schemas import role_of
from tocsin_runtime.settings import SERVICES, PlatformSettings


async def succeed_everywhere(settings: PlatformSettings) -> None:
    """Free it in every schema; the embedded PostgreSQL lets no second `tocsin up` near it."""
    for schema in (*SERVICES, "bus"):
        database = Database(settings.database_for(schema), schema=schema, role=role_of(schema), pool_size=1)
        try:
            await succeed(database, sends=schema != "bus")
        finally:
            await database.close()
