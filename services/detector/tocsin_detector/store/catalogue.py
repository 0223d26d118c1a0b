"""The names of services, from this service's copy of the directory."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_access.directory import directory_entries
from tocsin_access.entries import KINDS
from tocsin_events.directory import ServiceChanged


async def services_called(conn: AsyncConnection, names: Iterable[str]) -> dict[str, UUID]:
    """Which service each of these names means, in lower case: a slug before a name before an alias."""
    wanted = sorted({name.strip().lower() for name in names})
    if not wanted:
        return {}
    entries = directory_entries.c
    query = select(entries.id, entries.names, entries.body["slug"].astext, entries.body["name"].astext).where(
        entries.kind == KINDS[ServiceChanged], entries.deleted.is_(False), entries.names.overlap(wanted)
    )
    found: dict[str, tuple[int, UUID]] = {}
    for service_id, names_of, slug, name in await conn.execute(query):
        for called in set(names_of).intersection(wanted):
            rank = 0 if called == slug.lower() else 1 if called == name.lower() else 2
            found[called] = min(found.get(called, (rank, service_id)), (rank, service_id))
    return {called: service_id for called, (_, service_id) in found.items()}
