"""The catalogue of services as rows. What is deleted stays, so that old incidents can still name it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_incidents.domain.catalogue import Service, folded
from tocsin_incidents.domain.severity import AlertSeverity, Severity, SeverityMap
from tocsin_incidents.store.tables import services
from tocsin_runtime.statement import Row, Statement, columns_of

CATALOGUE_LOCK = 0x746F6373
"""The advisory lock of whoever gives out names."""


@dataclass(frozen=True, slots=True)
class ServiceFilter:
    """What the catalogue is narrowed to; None means any. `name` is the slug, the name or an alias."""

    slug: str | None = None
    name: str | None = None
    team_id: UUID | None = None
    escalation_policy_id: UUID | None = None
    auto_resolve: bool | None = None


EVERY_SERVICE = ServiceFilter()


class ServiceRepository:
    """Reads and writes whole services. A change begins with `lock_names`."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def lock_names(self) -> None:
        """Let nobody else give out a name until the end of the transaction."""
        await self._conn.execute(select(func.pg_advisory_xact_lock(CATALOGUE_LOCK)))

    async def get(self, service_id: UUID) -> Service | None:
        """None when unknown or deleted."""
        return await self._one(services.c.id == service_id)

    async def with_slug(self, slug: str) -> Service | None:
        """None when there is none; a deleted one has given its slug back."""
        return await self._one(services.c.slug == slug)

    async def called(self, names: Iterable[str]) -> list[Service]:
        """All that go by one of these folded names."""
        return [load(row) for row in await _CALLED.rows(self._conn, names=list(names))]

    async def all(self) -> list[Service]:
        """The whole catalogue, by name."""
        known = select(services).where(services.c.deleted.is_(False)).order_by(services.c.name, services.c.id)
        return [load(row._mapping) for row in await self._conn.execute(known)]

    async def page(
        self, wanted: ServiceFilter = EVERY_SERVICE, *, limit: int, after: tuple[str, UUID] | None
    ) -> list[Service]:
        """By name, from after (name, id)."""
        chosen = select(services).where(services.c.deleted.is_(False), *_conditions(wanted))
        if after is not None:
            name, service_id = after
            beyond = services.c.name > name
            chosen = chosen.where(beyond | ((services.c.name == name) & (services.c.id > service_id)))
        rows = await self._conn.execute(chosen.order_by(services.c.name, services.c.id).limit(limit))
        return [load(row._mapping) for row in rows]

    async def save(self, service: Service) -> None:
        """New or changed."""
        values = _values(service)
        row = insert(services).values(values)
        await self._conn.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))

    async def _one(self, condition: Any) -> Service | None:
        chosen = select(services).where(condition, services.c.deleted.is_(False))
        row = (await self._conn.execute(chosen)).one_or_none()
        return None if row is None else load(row._mapping)


def _conditions(wanted: ServiceFilter) -> list[Any]:
    conditions = [] if wanted.name is None else [services.c.names.contains([folded(wanted.name)])]
    same = {name: value for name, value in asdict(wanted).items() if name != "name" and value is not None}
    return conditions + [services.c[name] == value for name, value in same.items()]


def severity_map_of(stored: dict[str, str | None]) -> SeverityMap:
    """The map as its JSON column holds it."""
    return {AlertSeverity(alert): Severity(opens) if opens else None for alert, opens in stored.items()}


def _values(service: Service) -> dict[str, Any]:
    return {
        "id": service.id,
        "version": service.version,
        "slug": service.slug,
        "name": service.name,
        "description": service.description,
        "aliases": list(service.aliases),
        "names": sorted(service.names),
        "team_id": service.team_id,
        "escalation_policy_id": service.escalation_policy_id,
        "severity_map": {str(alert): opens and str(opens) for alert, opens in service.severity_map.items()},
        "auto_resolve": service.auto_resolve,
        "runbook_url": service.runbook_url,
        "deleted": service.deleted,
    }


def load(row: Row) -> Service:
    """A service from a row that holds its columns by name."""
    return Service(
        row["id"],
        row["version"],
        slug=row["slug"],
        name=row["name"],
        description=row["description"],
        aliases=tuple(row["aliases"]),
        team_id=row["team_id"],
        escalation_policy_id=row["escalation_policy_id"],
        severity_map=severity_map_of(row["severity_map"]),
        auto_resolve=row["auto_resolve"],
        runbook_url=row["runbook_url"],
        deleted=row["deleted"],
    )


_CALLED = Statement(
    f"SELECT {columns_of(services)} FROM services WHERE names && CAST(:names AS text[]) AND NOT deleted"
)
