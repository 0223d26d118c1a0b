"""Escalations: one row an incident, whose lock decides who acts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_paging.domain.escalation import Escalation, State
from tocsin_paging.domain.message import About
from tocsin_paging.domain.policy import Policy
from tocsin_paging.store.policies import steps_from_json, steps_to_json
from tocsin_paging.store.tables import escalations
from tocsin_runtime.statement import Row, Statement, columns_of, to_json


@dataclass(frozen=True)
class Answer:
    """Who acknowledged, when and how: by link, page, api or incident."""

    name: str
    at: datetime
    via: str


@dataclass(frozen=True)
class Case:
    """An escalation with what it is about. `detected_at` is when Tocsin first heard of it.

    `told_version` is the incident's version that was last told ahead of the bus; what the bus brings of it that is
    not newer is past.
    """

    escalation: Escalation
    about: About
    detected_at: datetime
    started_at: datetime
    answer: Answer | None = None
    told_version: int = 0

    def now(self, escalation: Escalation) -> "Case":
        """Return the case with its escalation moved on."""
        answer = self.answer if escalation.state != State.TRIGGERED else None
        return replace(self, escalation=escalation, answer=answer)


class EscalationRepository:
    """Reads and writes escalations."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def get(self, incident: UUID | int) -> Case | None:
        """Return the case of an incident, by id or number, without a lock: for showing, not for deciding."""
        return await self._one(
            select(escalations).where(escalations.c.incident_id == incident_called(incident))
        )

    async def locked(self, incident_id: UUID) -> Case | None:
        """Return the case with its row locked: whoever decides about it does so alone."""
        return (await self.locked_all([incident_id])).get(incident_id)

    async def locked_all(self, incident_ids: Collection[UUID]) -> dict[UUID, Case]:
        """Return those of these cases that there are, locked in the order of their ids, as `shared` does.

        Whoever wants several takes them all at once: then no two transactions wait for each other.
        """
        rows = await _LOCKED.rows(self._conn, mine=list(incident_ids)) if incident_ids else []
        return {row["incident_id"]: _case(row) for row in rows}

    async def shared(self, incident_ids: Collection[UUID]) -> dict[UUID, State]:
        """Return the states of these cases, which nobody can change until this commits; others may look as well."""
        rows = await _SHARED.rows(self._conn, mine=list(incident_ids)) if incident_ids else []
        return {row["incident_id"]: State(row["state"]) for row in rows}

    async def add(self, cases: Sequence[Case], *, now: datetime) -> set[UUID]:
        """Write new cases; returns their incidents, without those that had one already, which then is committed."""
        rows = await _ADD.rows(self._conn, rows=to_json([_values(case, now=now) for case in cases]))
        return {row["incident_id"] for row in rows}

    async def save(self, case: Case, *, now: datetime) -> None:
        """Write the case, new or changed."""
        await _SAVE.run(self._conn, rows=to_json([_values(case, now=now)]))

    async def gravest(self, state: State, *, limit: int) -> list[Case]:
        """Return the cases in this state: the gravest first, the oldest of those first."""
        severity = escalations.c.about["severity"].as_string()
        query = select(escalations).where(escalations.c.state == state.value)
        query = query.order_by(severity, escalations.c.started_at, escalations.c.incident_id)
        rows = await self._conn.execute(query.limit(limit))
        return [_case(row) for row in rows.mappings()]

    async def count_by_state(self) -> dict[str, int]:
        """Return how many escalations are not resolved, by state."""
        rows = await self._conn.execute(_COUNT)
        return {row.state: row.number for row in rows}

    async def without_future(self, *, limit: int = 100) -> Sequence[UUID]:
        """Return open incidents for which nothing will happen any more, although something should (R28).

        Triggered with a step due and no timer for it, or acknowledged with an expiry and no timer for that.
        """
        rows = await self._conn.execute(_LOST, {"limit": limit})
        return [row.incident_id for row in rows]

    async def claimed_within(
        self, incident_ids: Collection[UUID], period: timedelta, *, now: datetime | None
    ) -> bool:
        """Say whether a page of one of these incidents is being sent that was claimed in this period until now.

        `now` is None where that is for the database to say, as it is for whoever claims.
        """
        wanted = {"incidents": list(incident_ids), "period": period, "now": now}
        return await _CLAIMED.row(self._conn, **wanted) is not None

    async def _one(self, query: Select[Any]) -> Case | None:
        row = (await self._conn.execute(query)).mappings().first()
        return _case(row) if row else None


def incident_called(ref: UUID | int) -> Any:
    """The id of the incident, for a condition: null for a number that was never heard of."""
    if isinstance(ref, UUID):
        return ref
    number = escalations.c.about["number"].as_integer()
    return select(escalations.c.incident_id).where(number == ref).limit(1).scalar_subquery()


def _values(case: Case, *, now: datetime) -> dict[str, object]:
    escalation, answer = case.escalation, case.answer
    return {
        "incident_id": escalation.incident_id,
        "policy": _policy_to_json(escalation.policy),
        "state": escalation.state.value,
        "step": escalation.step,
        "round": escalation.round,
        "last_round": escalation.last_round,
        "next_at": escalation.next_at,
        "generation": escalation.generation,
        "acknowledged_by": escalation.acknowledged_by,
        "acknowledged_name": answer.name if answer else None,
        "acknowledged_at": answer.at if answer else None,
        "acknowledged_via": answer.via if answer else None,
        "ack_expires_at": escalation.ack_expires_at,
        "about": vars(case.about),
        "detected_at": case.detected_at,
        "started_at": case.started_at,
        "updated_at": now,
        "told_version": case.told_version,
    }


def _case(row: Row) -> Case:
    escalation = Escalation(
        row["incident_id"],
        policy=_policy_from_json(row["policy"]),
        next_at=row["next_at"],
        state=State(row["state"]),
        step=row["step"],
        round=row["round"],
        last_round=row["last_round"],
        generation=row["generation"],
        acknowledged_by=row["acknowledged_by"],
        ack_expires_at=row["ack_expires_at"],
    )
    answer = None
    if row["acknowledged_at"] is not None:
        answer = Answer(row["acknowledged_name"], at=row["acknowledged_at"], via=row["acknowledged_via"])
    return Case(
        escalation,
        about=About(**row["about"]),
        detected_at=row["detected_at"],
        started_at=row["started_at"],
        answer=answer,
        told_version=row["told_version"],
    )


def _policy_to_json(policy: Policy) -> dict[str, object]:
    return {
        "id": str(policy.id),
        "name": policy.name,
        "steps": steps_to_json(policy.steps),
        "repeats": policy.repeats,
        "ack_timeout_seconds": policy.ack_timeout.total_seconds() if policy.ack_timeout else None,
    }


def _policy_from_json(value: dict[str, Any]) -> Policy:
    timeout = value["ack_timeout_seconds"]
    return Policy(
        UUID(value["id"]),
        name=value["name"],
        steps=steps_from_json(value["steps"]),
        repeats=value["repeats"],
        ack_timeout=None if timeout is None else timedelta(seconds=timeout),
    )


_LOCKED = Statement(
    f"SELECT {columns_of(escalations)} FROM escalations WHERE incident_id = ANY(CAST(:mine AS uuid[]))"
    " ORDER BY incident_id FOR UPDATE"
)
_SHARED = Statement(
    "SELECT incident_id, state FROM escalations WHERE incident_id = ANY(CAST(:mine AS uuid[]))"
    " ORDER BY incident_id FOR SHARE"
)
_INSERT = (
    f"INSERT INTO escalations ({columns_of(escalations)}) SELECT {columns_of(escalations)}"
    " FROM jsonb_populate_recordset(CAST(NULL AS escalations), CAST(:rows AS jsonb))"
)
_ADD = Statement(f"{_INSERT} ON CONFLICT DO NOTHING RETURNING incident_id")
_CHANGED = ", ".join(
    f"{column.name} = excluded.{column.name}" for column in escalations.c if not column.primary_key
)
_SAVE = Statement(f"{_INSERT} ON CONFLICT (incident_id) DO UPDATE SET {_CHANGED}")
_COUNT = text("SELECT state, count(*) AS number FROM escalations WHERE state <> 'resolved' GROUP BY state")
_LOST = text(
    "SELECT incident_id FROM escalations AS e WHERE state <> 'resolved'"
    " AND (next_at IS NOT NULL OR ack_expires_at IS NOT NULL) AND NOT EXISTS ("
    "  SELECT 1 FROM timers AS t WHERE t.subject = e.incident_id AND t.generation = e.generation"
    "  AND t.kind = CASE e.state WHEN 'triggered' THEN 'escalation_step' ELSE 'acknowledgement_expiry' END)"
    " LIMIT :limit"
)
_CLAIMED = Statement(
    "SELECT 1 FROM sendings AS s JOIN pages AS p ON p.id = s.subject"
    " WHERE p.incident_id = ANY(CAST(:incidents AS uuid[])) AND s.state = 'sending' AND s.claimed_at"
    " > coalesce(CAST(:now AS timestamptz), clock_timestamp()) - CAST(:period AS interval) LIMIT 1"
)
