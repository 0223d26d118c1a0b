"""A service's own copy of the directory: people, teams, tokens, policies and services, as the topic tells.

Whatever arrives twice or late changes nothing: the greater version wins. Deleted entries stay as rows, so
that a late older event cannot bring them back, and so that old stories can still name people.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    MetaData,
    Table,
    Text,
    Uuid,
    delete,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_access.entries import (
    KINDS,
    CatalogueService,
    Policy,
    Team,
    Token,
    User,
    look_ups,
    policy_entry,
    service_entry,
    team_entry,
    token_entry,
    user_entry,
)
from tocsin_bus.migrations.tables import Operations
from tocsin_bus.subscriptions import Subscriptions
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.directory import (
    DirectoryEvent,
    EscalationPolicyChanged,
    ServiceChanged,
    SessionRevoked,
    TeamChanged,
    TokenChanged,
    UserChanged,
)
from tocsin_runtime.statement import Statement

directory_entries = Table(
    "directory_entries",
    MetaData(),
    Column("kind", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("names", ARRAY(Text), nullable=False),
    Column("email", Text),
    Column("digest", Text),
    Column("expires_at", DateTime(timezone=True)),
    Column("body", JSONB, nullable=False),
    Index("ix_directory_entries_names", "names", postgresql_using="gin"),
    Index("ix_directory_entries_email", "email"),
    Index("ix_directory_entries_digest", "digest"),
)
"""In every service's schema. Entries are found by `names`, `email` or `digest`; `body` is the event."""

_TABLES_V1 = (
    """
    CREATE TABLE directory_entries (
        kind text NOT NULL,
        id uuid NOT NULL,
        version bigint NOT NULL,
        deleted boolean NOT NULL,
        names text[] NOT NULL,
        email text,
        digest text,
        expires_at timestamptz,
        body jsonb NOT NULL,
        PRIMARY KEY (kind, id)
    )
    """,
    "CREATE INDEX ix_directory_entries_names ON directory_entries USING gin (names)",
    "CREATE INDEX ix_directory_entries_email ON directory_entries (email)",
    "CREATE INDEX ix_directory_entries_digest ON directory_entries (digest)",
)

Told = TypeVar("Told", bound=DirectoryEvent)
Entry = TypeVar("Entry")
Named = TypeVar("Named", User, Team, Policy, CatalogueService)


def directory_tables_v1(op: Operations) -> None:
    """Create the table in the schema that a migration runs in. Frozen: a later change is a `_v2`."""
    for statement in _TABLES_V1:
        op.execute(statement)


async def apply_entry(event: DirectoryEvent, uow: UnitOfWork) -> None:
    """Take the event's state over unless a greater or equal version is already here."""
    found_by = look_ups(event)
    row = insert(directory_entries).values(
        kind=KINDS[type(event)],
        id=event.id,
        version=event.version,
        deleted=event.deleted,
        names=list(found_by.names),
        email=found_by.email,
        digest=found_by.digest,
        expires_at=found_by.expires_at,
        body=event.model_dump(mode="json"),
    )
    newer = row.excluded.version > directory_entries.c.version
    state = [column.name for column in directory_entries.c if not column.primary_key]
    changed = {name: row.excluded[name] for name in state}
    upsert = row.on_conflict_do_update(index_elements=["kind", "id"], set_=changed, where=newer)
    await uow.conn.execute(upsert)
    if isinstance(event, SessionRevoked):
        await uow.conn.execute(delete(directory_entries).where(directory_entries.c.expires_at < uow.now))


async def tell(uow: UnitOfWork, event: DirectoryEvent) -> None:
    """For the owner of an entry: tell everybody, and know it at once in this very transaction."""
    uow.emit(event)
    await apply_entry(event, uow)


def subscriptions_for(service: str) -> Subscriptions:
    """What keeps a service's copy fresh. The chassis takes it into the service's own consumer."""
    subscriptions = Subscriptions(f"{service}.directory")
    for kind in KINDS:
        subscriptions.on(kind)(apply_entry)
    return subscriptions


class Directory:
    """Reads the copy. It is as fresh as the bus: normally well under a second behind the owner."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def user(self, user_id: UUID) -> User | None:
        """The person, or None when unknown or deleted."""
        return await self._one(UserChanged, user_entry, user_id)

    async def people(self, user_ids: Iterable[UUID]) -> list[User]:
        """Those of these persons who are known and not deleted, in the order asked for."""
        wanted = list(user_ids)
        rows = await _BODIES.rows(self._conn, kind=KINDS[UserChanged], ids=wanted) if wanted else []
        found = {row["id"]: user_entry(UserChanged.model_validate(row["body"])) for row in rows}
        return [found[user_id] for user_id in wanted if user_id in found]

    async def users(self) -> list[User]:
        """Everybody, by name."""
        return _by_name(await self._all(UserChanged, user_entry))

    async def user_with_email(self, email: str) -> User | None:
        """The person with this address, whatever its case."""
        wanted = directory_entries.c.email == email.strip().lower()
        return next(iter(await self._all(UserChanged, user_entry, wanted)), None)

    async def team(self, team_id: UUID) -> Team | None:
        """The team, or None when unknown or deleted."""
        return await self._one(TeamChanged, team_entry, team_id)

    async def teams(self) -> list[Team]:
        """All teams, by name."""
        return _by_name(await self._all(TeamChanged, team_entry))

    async def policy(self, policy_id: UUID) -> Policy | None:
        """The escalation policy, or None when unknown or deleted."""
        return await self._one(EscalationPolicyChanged, policy_entry, policy_id)

    async def policies(self) -> list[Policy]:
        """All escalation policies, by name."""
        return _by_name(await self._all(EscalationPolicyChanged, policy_entry))

    async def service(self, service_id: UUID) -> CatalogueService | None:
        """The service of the catalogue, or None when unknown or deleted."""
        return await self._one(ServiceChanged, service_entry, service_id)

    async def services(self) -> list[CatalogueService]:
        """The whole catalogue, by name."""
        return _by_name(await self._all(ServiceChanged, service_entry))

    async def service_named(self, name: str) -> CatalogueService | None:
        """The service with this slug, else this name, else this alias; case does not matter."""
        wanted = name.strip().lower()
        called = directory_entries.c.names.contains([wanted])
        found = await self._all(ServiceChanged, service_entry, called)
        return min(found, key=lambda service: _rank(service, wanted), default=None)

    async def token(self, digest: str) -> Token | None:
        """The token with this digest. It may be revoked or expired: ask it."""
        rows = await self._bodies(TokenChanged, directory_entries.c.digest == digest, deleted=True)
        return next((token_entry(event) for event in rows), None)

    async def session_revoked(self, session_id: UUID) -> bool:
        """Whether this log-in was ended before its time."""
        return bool(await self._bodies(SessionRevoked, directory_entries.c.id == session_id))

    async def names(self, ids: Iterable[UUID]) -> dict[UUID, str]:
        """The names of people, teams, policies and services, also of deleted ones; no unknown ids."""
        of_these = directory_entries.c.id.in_(list(ids))
        query = select(directory_entries.c.id, directory_entries.c.body["name"].astext).where(of_these)
        return {row[0]: row[1] for row in await self._conn.execute(query) if row[1] is not None}

    async def _one(self, kind: type[Told], entry: Callable[[Told], Entry], entry_id: UUID) -> Entry | None:
        body = await _BODY.value(self._conn, kind=KINDS[kind], id=entry_id)
        return entry(kind.model_validate(body)) if body is not None else None

    async def _all(self, kind: type[Told], entry: Callable[[Told], Entry], *where: Any) -> list[Entry]:
        return [entry(event) for event in await self._bodies(kind, *where)]

    async def _bodies(self, kind: type[Told], *where: Any, deleted: bool = False) -> list[Told]:
        query = select(directory_entries.c.body).where(directory_entries.c.kind == KINDS[kind], *where)
        if not deleted:
            query = query.where(directory_entries.c.deleted.is_(False))
        rows = await self._conn.execute(query.order_by(directory_entries.c.id))
        return [kind.model_validate(row.body) for row in rows]


_BODIES = Statement(
    "SELECT id, body FROM directory_entries WHERE kind = :kind AND id = ANY(CAST(:ids AS uuid[])) AND NOT deleted"
)
_BODY = Statement("SELECT body FROM directory_entries WHERE kind = :kind AND id = :id AND NOT deleted")


def _by_name(entries: list[Named]) -> list[Named]:
    return sorted(entries, key=lambda entry: entry.name.lower())


def _rank(service: CatalogueService, wanted: str) -> int:
    if service.slug.lower() == wanted:
        return 0
    return 1 if service.name.lower() == wanted else 2
