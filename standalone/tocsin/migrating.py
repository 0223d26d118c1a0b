"""Brings every schema to its newest revision."""

from collections.abc import Callable, Sequence

from tocsin.registry import SCHEMAS
from tocsin_runtime.migrate import migrate, prepare_roles
from tocsin_runtime.settings import PlatformSettings


async def migrate_all(
    settings: PlatformSettings, *, only: Sequence[str] = (), report: Callable[[str], None] = lambda line: None
) -> None:
    """Roles first, then each schema. Raises MigrationError.

    With a login for each service and none for the embedded bus, the bus is Kafka and has no schema.
    """
    wanted = [schema for schema in SCHEMAS if (not only or schema in only) and settings.database_for(schema)]
    shared = [schema for schema in wanted if not settings.has_own_login(schema)]
    if shared:
        await prepare_roles(settings.database_url, shared)
    for schema in wanted:
        revision = await migrate(
            settings.database_for(schema),
            schema=schema,
            package=f"tocsin_{schema}",
            own_login=settings.has_own_login(schema),
        )
        report(f"{schema}: at revision {revision}")
