"""`/api/v1/escalations`: where the run of a policy for an incident stands, and what it does next."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel

from tocsin_access.dependencies import require
from tocsin_access.principal import Principal
from tocsin_chassis.references import IncidentName
from tocsin_chassis.requests import ReadConnection
from tocsin_chassis.routing import api_router
from tocsin_paging.domain.errors import NotFoundError
from tocsin_paging.domain.escalation import Reason, State
from tocsin_paging.store.escalations import Case, EscalationRepository

router = api_router(prefix="/api/v1/escalations", tags=["escalations"])
Reader = Annotated[Principal, Depends(require("paging:read"))]


class RunningPolicy(BaseModel):
    """The policy as it was when the escalation began; it may have been edited since."""

    id: UUID
    name: str
    steps: int


class EscalationOut(BaseModel):
    """The escalation of one incident.

    `step` is the last one that was taken (0: none yet) of `round`, of `rounds` in all. `next_at` is when it acts next;
    null when nothing is due, and then `ended_by` says why: acknowledged, resolved or exhausted. One that was
    acknowledged begins again at `ack_expires_at` if all is silent until then.
    """

    incident_id: UUID
    incident_number: int
    policy: RunningPolicy
    state: State
    step: int
    round: int
    rounds: int
    next_at: datetime | None
    ended_by: Reason | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    acknowledged_via: str | None
    ack_expires_at: datetime | None
    started_at: datetime


@router.get("/{incident}", name="get_escalation")
async def get_escalation(conn: ReadConnection, _: Reader, incident: IncidentName) -> EscalationOut:
    """The escalation of an incident, by the incident's id or number. 404 until paging has heard of it."""
    case = await EscalationRepository(conn).get(incident)
    if case is None:
        raise NotFoundError(f"There is no escalation of the incident {incident}.")
    return _out(case)


def _out(case: Case) -> EscalationOut:
    escalation, answer = case.escalation, case.answer
    policy = escalation.policy
    return EscalationOut(
        incident_id=escalation.incident_id,
        incident_number=case.about.number,
        policy=RunningPolicy(id=policy.id, name=policy.name, steps=len(policy.steps)),
        state=escalation.state,
        step=escalation.step,
        round=escalation.round,
        rounds=escalation.last_round,
        next_at=escalation.next_at,
        ended_by=escalation.ended_by,
        acknowledged_by=answer.name if answer else None,
        acknowledged_at=answer.at if answer else None,
        acknowledged_via=answer.via if answer else None,
        ack_expires_at=escalation.ack_expires_at,
        started_at=case.started_at,
    )
