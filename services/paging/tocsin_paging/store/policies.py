"""Escalation policies, and their steps as JSON."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_paging.domain.override import Duty
from tocsin_paging.domain.policy import Policy, Step, Target, TargetKind
from tocsin_paging.store.tables import policies
from tocsin_runtime.statement import Row, Statement, columns_of


@dataclass(frozen=True)
class StoredPolicy:
    """A policy with what only its owner needs. `version` grows by one with every change."""

    policy: Policy
    slug: str
    team_id: UUID | None
    is_default: bool
    version: int


@dataclass(frozen=True)
class PolicyFilter:
    """What a list of policies is cut down to; None means any."""

    slug: str | None = None
    name: str | None = None
    team_id: UUID | None = None
    is_default: bool | None = None


EVERY_POLICY = PolicyFilter()


class PolicyRepository:
    """Reads and writes policies."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def get(self, policy_id: UUID, *, lock: bool = False) -> StoredPolicy | None:
        """Return the policy, its row locked if asked; None when there is none or it is deleted."""
        if lock:
            return await self._one(_living().where(policies.c.id == policy_id), lock=lock)
        row = await _GET.row(self._conn, mine=policy_id)
        return _stored(row) if row else None

    async def with_slug(self, slug: str, *, lock: bool = False) -> StoredPolicy | None:
        """Return the policy with this slug, its row locked if asked."""
        return await self._one(_living().where(policies.c.slug == slug), lock=lock)

    async def default(self) -> StoredPolicy | None:
        """Return the policy for services that name none."""
        row = await _DEFAULT.row(self._conn)
        return _stored(row) if row else None

    async def these_or_default(self, policy_ids: Collection[UUID]) -> list[StoredPolicy]:
        """Return those of these policies that are not deleted, and the one for services that name none."""
        rows = await _THESE_OR_DEFAULT.rows(self._conn, ids=list(policy_ids))
        return [_stored(row) for row in rows]

    async def listed(
        self, wanted: PolicyFilter = EVERY_POLICY, *, after: UUID | None = None, limit: int = 200
    ) -> list[StoredPolicy]:
        """Return policies in the order in which they were made, beginning after `after`."""
        same = [policies.c[name] == value for name, value in vars(wanted).items() if value is not None]
        query = _living().where(*same).order_by(policies.c.id).limit(limit)
        rows = await self._conn.execute(query.where(policies.c.id > after) if after else query)
        return [_stored(row) for row in rows.mappings()]

    async def aiming_at(self, kind: TargetKind, target_id: UUID) -> list[StoredPolicy]:
        """Return the policies with a step that aims at this target."""
        wanted = [{"targets": [{"kind": kind.value, "id": str(target_id)}]}]
        rows = await self._conn.execute(_living().where(policies.c.steps.contains(wanted)))
        return [_stored(row) for row in rows.mappings()]

    async def add(self, stored: StoredPolicy, *, now: datetime) -> None:
        """Insert a new policy."""
        await self._leave_one_default(stored)
        values = {**_values(stored), "id": stored.policy.id, "created_at": now, "updated_at": now}
        await self._conn.execute(insert(policies).values(values))

    async def save(self, stored: StoredPolicy, *, now: datetime) -> None:
        """Write a changed policy. Escalations that run already keep the steps that they began with."""
        await self._leave_one_default(stored)
        mine = policies.c.id == stored.policy.id
        await self._conn.execute(update(policies).where(mine).values({**_values(stored), "updated_at": now}))

    async def remove(self, policy_id: UUID, *, now: datetime) -> None:
        """Mark the policy as deleted."""
        mine = policies.c.id == policy_id
        await self._conn.execute(update(policies).where(mine).values(deleted_at=now, is_default=False))

    async def _one(self, query: Select[Any], *, lock: bool) -> StoredPolicy | None:
        row = (await self._conn.execute(query.with_for_update() if lock else query)).mappings().first()
        return _stored(row) if row else None

    async def _leave_one_default(self, stored: StoredPolicy) -> None:
        if stored.is_default:
            others = policies.c.is_default & (policies.c.id != stored.policy.id)
            await self._conn.execute(update(policies).where(others).values(is_default=False))


_DEFAULT = Statement(f"SELECT {columns_of(policies)} FROM policies WHERE is_default AND deleted_at IS NULL")
_THESE_OR_DEFAULT = Statement(
    f"SELECT {columns_of(policies)} FROM policies"
    " WHERE (is_default OR id = ANY(CAST(:ids AS uuid[]))) AND deleted_at IS NULL"
)
_GET = Statement(f"SELECT {columns_of(policies)} FROM policies WHERE id = :mine AND deleted_at IS NULL")


def steps_to_json(steps: tuple[Step, ...]) -> list[dict[str, object]]:
    """Write steps as the JSON that the database keeps."""
    return [
        {
            "delay_seconds": step.delay.total_seconds(),
            "targets": [_target_to_json(target) for target in step.targets],
        }
        for step in steps
    ]


def steps_from_json(value: list[dict[str, Any]]) -> tuple[Step, ...]:
    """Read what `steps_to_json` wrote."""
    return tuple(
        Step(
            tuple(_target_from_json(target) for target in step["targets"]),
            delay=timedelta(seconds=step["delay_seconds"]),
        )
        for step in value
    )


def _target_to_json(target: Target) -> dict[str, object]:
    return {
        "kind": target.kind.value,
        "id": str(target.id),
        "duty": target.duty.value if target.duty else None,
    }


def _target_from_json(value: dict[str, Any]) -> Target:
    duty = Duty(value["duty"]) if value["duty"] else None
    return Target(TargetKind(value["kind"]), id=UUID(value["id"]), duty=duty)


def _living() -> Select[Any]:
    return select(policies).where(policies.c.deleted_at.is_(None))


def _values(stored: StoredPolicy) -> dict[str, object]:
    policy = stored.policy
    return {
        "slug": stored.slug,
        "name": policy.name,
        "team_id": stored.team_id,
        "steps": steps_to_json(policy.steps),
        "repeats": policy.repeats,
        "ack_timeout_seconds": None
        if policy.ack_timeout is None
        else int(policy.ack_timeout.total_seconds()),
        "is_default": stored.is_default,
        "version": stored.version,
    }


def _stored(row: Row) -> StoredPolicy:
    timeout = row["ack_timeout_seconds"]
    policy = Policy(
        row["id"],
        name=row["name"],
        steps=steps_from_json(row["steps"]),
        repeats=row["repeats"],
        ack_timeout=None if timeout is None else timedelta(seconds=timeout),
    )
    return StoredPolicy(
        policy,
        slug=row["slug"],
        team_id=row["team_id"],
        is_default=row["is_default"],
        version=row["version"],
    )
