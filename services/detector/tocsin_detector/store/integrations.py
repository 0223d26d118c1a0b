"""Integrations, and the look-ups that the keyring and the lanes make."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, literal, select, tuple_, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_detector.domain.grouping import DEFAULT_WINDOW, Grouping
from tocsin_detector.domain.integration import Integration, Source
from tocsin_detector.domain.severity import Severity
from tocsin_detector.domain.signal import Defaults
from tocsin_detector.store.intake import DatabaseAway
from tocsin_detector.store.tables import integrations
from tocsin_runtime.database import Database
from tocsin_runtime.statement import Row, Statement, columns_of

_ALIVE = integrations.c.deleted_at.is_(None)
_ALL = Statement(select(integrations).where(_ALIVE).order_by(integrations.c.name))
_WITH_IDS = Statement(
    f"SELECT {columns_of(integrations)} FROM integrations WHERE id = ANY(CAST(:ids AS uuid[]))"
)


@dataclass(frozen=True, slots=True)
class IntegrationFilter:
    """What a list of integrations is narrowed to; None means any."""

    slug: str | None = None
    name: str | None = None
    source: Source | None = None
    service: str | None = None


class IntegrationRepository:
    """One aggregate: the integration with its key."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def all(self) -> list[Integration]:
        """Every integration that is not deleted, by name."""
        return [_load(row) for row in await _ALL.rows(self._conn)]

    async def page(
        self, wanted: IntegrationFilter, *, after: tuple[str, UUID] | None, limit: int
    ) -> list[Integration]:
        """Up to `limit` of them by name, from `after` (name, id) on."""
        same = [integrations.c[name] == value for name, value in asdict(wanted).items() if value is not None]
        query = select(integrations).where(_ALIVE, *same)
        place = tuple_(integrations.c.name, integrations.c.id)
        if after is not None:
            query = query.where(place > tuple_(*map(literal, after)))
        rows = await self._conn.execute(query.order_by(integrations.c.name, integrations.c.id).limit(limit))
        return [_load(row) for row in rows.mappings()]

    async def get(self, integration_id: UUID, *, lock: bool = False) -> Integration | None:
        """The integration, or None when unknown or deleted. `lock` holds its row to the end of the transaction."""
        query = select(integrations).where(integrations.c.id == integration_id, _ALIVE)
        return await self._one(query.with_for_update() if lock else query)

    async def named(self, slug: str, *, lock: bool = False) -> Integration | None:
        """The integration with this slug."""
        query = select(integrations).where(integrations.c.slug == slug, _ALIVE)
        return await self._one(query.with_for_update() if lock else query)

    async def with_digests(self, digests: Sequence[bytes]) -> list[Integration]:
        """Those with one of these keys, revoked ones too, deleted ones not."""
        rows = await self._conn.execute(
            select(integrations).where(integrations.c.key_digest.in_(digests), _ALIVE)
        )
        return [_load(row) for row in rows.mappings()]

    async def with_ids(self, ids: Iterable[UUID]) -> dict[UUID, Integration]:
        """These, deleted ones too: what they sent is still processed."""
        return {row["id"]: _load(row) for row in await _WITH_IDS.rows(self._conn, ids=list(ids))}

    async def add(self, integration: Integration) -> None:
        """Write a new one."""
        await self._conn.execute(insert(integrations).values(**_values(integration)))

    async def save(self, integration: Integration) -> None:
        """Write a changed one."""
        values = _values(integration)
        await self._conn.execute(
            update(integrations).where(integrations.c.id == integration.id).values(values)
        )

    async def delete(self, integration: Integration) -> None:
        """Its key opens nothing any more and its name is free; what it sent stays."""
        gone = {"deleted_at": integration.updated_at, "version": integration.version}
        await self._conn.execute(update(integrations).where(integrations.c.id == integration.id).values(gone))

    async def _one(self, query: Any) -> Integration | None:
        row = (await self._conn.execute(query)).mappings().one_or_none()
        return _load(row) if row is not None else None


async def load_all(database: Database) -> list[Integration]:
    """For the keyring: every integration that is not deleted."""
    async with database.read() as conn:
        return await IntegrationRepository(conn).all()


async def look_up(database: Database, digests: Sequence[bytes]) -> list[Integration]:
    """For the keyring: those with one of these keys. Raises DatabaseAway, for "unknown" would be a lie then."""
    try:
        async with database.read() as conn:
            return await IntegrationRepository(conn).with_digests(digests)
    except (DBAPIError, OSError) as error:
        raise DatabaseAway(repr(error)[:200]) from error


def settings_of(integration: Integration) -> dict[str, Any]:
    """The settings as the API and the table hold them."""
    return {
        "default_severity": integration.defaults.severity.value,
        "resolve_timeout_seconds": integration.defaults.resolve_timeout_seconds,
        "group_by": list(integration.grouping.by),
        "group_window_seconds": int(integration.grouping.window.total_seconds()),
        "body_limit_bytes": integration.body_limit,
    }


def _values(integration: Integration) -> dict[str, Any]:
    return {
        "id": integration.id,
        "slug": integration.slug,
        "name": integration.name,
        "source": integration.source.value,
        "service": integration.service,
        "secret": integration.secret,
        "settings": settings_of(integration),
        "key_digest": integration.key_digest,
        "key_prefix": integration.key_prefix,
        "version": integration.version,
        "created_at": integration.created_at,
        "updated_at": integration.updated_at,
        "revoked_at": integration.revoked_at,
    }


def _load(row: Row) -> Integration:
    settings: Mapping[str, Any] = row["settings"]
    window = settings.get("group_window_seconds")
    return Integration(
        id=row["id"],
        slug=row["slug"],
        name=row["name"],
        source=Source(row["source"]),
        service=row["service"],
        key_prefix=row["key_prefix"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        secret=row["secret"],
        key_digest=row["key_digest"],
        revoked_at=row["revoked_at"],
        defaults=Defaults(
            Severity(settings.get("default_severity", Severity.MEDIUM)),
            settings.get("resolve_timeout_seconds", 300),
        ),
        grouping=Grouping(
            tuple(settings.get("group_by", ())),
            DEFAULT_WINDOW if window is None else timedelta(seconds=window),
        ),
        body_limit=settings.get("body_limit_bytes"),
    )
