from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from tocsin_incidents.store.tables import metadata
from tocsin_runtime.database import Database


async def test_the_migrations_make_what_the_tables_say(database: Database) -> None:
    def differences(conn: Connection) -> list[object]:
        options = {"include_name": lambda name, kind, parents: kind != "table" or name in metadata.tables}
        return list(compare_metadata(MigrationContext.configure(conn, opts=options), metadata))

    async with database.begin() as conn:
        assert await conn.run_sync(differences) == []
