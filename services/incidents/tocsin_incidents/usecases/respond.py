"""What people do about an incident: take it, give it, judge it, move it on, end it, begin it anew.

Each takes the incident's lock, lets `domain/lifecycle.py` decide, and records. `check` looks at the version first.
"""

from dataclasses import replace
from uuid import UUID

from tocsin_access.directory import Directory
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_incidents.domain.details import Details, correct
from tocsin_incidents.domain.errors import UnknownReference
from tocsin_incidents.domain.incident import Actor, Ref, Status
from tocsin_incidents.domain.lifecycle import (
    acknowledge,
    advance,
    assign,
    change_severity,
    close,
    reopen,
    resolve,
    skips_acknowledgement,
)
from tocsin_incidents.domain.severity import Severity
from tocsin_incidents.domain.wording import assigned_to
from tocsin_incidents.usecases.desk import Desk
from tocsin_incidents.usecases.record import Check, Outcome, record, take
from tocsin_incidents.usecases.settle import settle_before
from tocsin_incidents.usecases.telling import Words


async def acknowledge_incident(
    uow: UnitOfWork, desk: Desk, *, ref: Ref, actor: Actor, check: Check | None = None, via: str = "api"
) -> Outcome:
    """Somebody takes it; the second acknowledgement, or that of a resolved one, changes nothing."""
    incident = await take(uow, ref, check=check)
    decision = acknowledge(incident, actor, now=uow.now)
    words = Words(data={"via": via})
    return await record(uow, desk, before=incident, decision=decision, actor=actor, words=words)


async def assign_incident(
    uow: UnitOfWork, desk: Desk, *, ref: Ref, to: UUID | None, actor: Actor, check: Check | None = None
) -> Outcome:
    """Give it to a person of the directory, or to nobody. Raises UnknownReference for somebody unknown."""
    person = await Directory(uow.conn).user(to) if to else None
    if to and person is None:
        raise UnknownReference("/user_id", "There is no such person. GET /api/v1/users lists them.")
    incident = await take(uow, ref, check=check)
    words = Words(
        title=assigned_to(person.name if person else None), data={"user_id": str(to) if to else None}
    )
    return await record(uow, desk, before=incident, decision=assign(incident, to), actor=actor, words=words)


async def judge_incident(
    uow: UnitOfWork,
    desk: Desk,
    *,
    ref: Ref,
    severity: Severity,
    why: str,
    actor: Actor,
    check: Check | None = None,
) -> Outcome:
    """Change the severity; `why` is what the person says, may be empty."""
    incident = await take(uow, ref, check=check)
    decision = change_severity(
        incident, severity, limits=desk.rules.response_limits, now=uow.now, reason="by_hand"
    )
    words = Words(text=why, data={"from": str(incident.severity)})
    return await record(uow, desk, before=incident, decision=decision, actor=actor, words=words)


async def advance_incident(
    uow: UnitOfWork, desk: Desk, *, ref: Ref, to: Status, actor: Actor, check: Check | None = None
) -> Outcome:
    """Move on in the lifecycle; who does so without having acknowledged has acknowledged."""
    incident = await take(uow, ref, check=check)
    if skips_acknowledgement(incident, to):
        taken = acknowledge(incident, actor, now=uow.now)
        incident = (await record(uow, desk, before=incident, decision=taken, actor=actor)).incident
    if to is Status.RESOLVED:
        incident = await settle_before(uow, desk, incident=incident)
    decision = advance(incident, to, by=actor, now=uow.now)
    words = Words(data={"from": str(incident.status)})
    return await record(uow, desk, before=incident, decision=decision, actor=actor, words=words)


async def resolve_incident(
    uow: UnitOfWork, desk: Desk, *, ref: Ref, resolution: str, actor: Actor, check: Check | None = None
) -> Outcome:
    """It is over by a person's word, whatever its alerts say."""
    incident = await take(uow, ref, check=check)
    incident = await settle_before(uow, desk, incident=incident)
    decision = resolve(incident, now=uow.now, reason="by_hand")
    words = Words(text=resolution)
    return await record(uow, desk, before=incident, decision=decision, actor=actor, words=words)


async def reopen_incident(
    uow: UnitOfWork, desk: Desk, *, ref: Ref, why: str, actor: Actor, check: Check | None = None
) -> Outcome:
    """It was not over, says a person, and why."""
    incident = await take(uow, ref, check=check)
    decision = reopen(incident, desk.rules, now=uow.now, reason="by_hand")
    words = Words(text=why)
    return await record(uow, desk, before=incident, decision=decision, actor=actor, words=words)


async def close_incident(
    uow: UnitOfWork, desk: Desk, *, ref: Ref, actor: Actor, check: Check | None = None
) -> Outcome:
    """Nothing more is to be done."""
    incident = await take(uow, ref, check=check)
    return await record(uow, desk, before=incident, decision=close(incident, now=uow.now), actor=actor)


async def correct_incident(
    uow: UnitOfWork,
    desk: Desk,
    *,
    ref: Ref,
    changes: dict[str, object],
    actor: Actor,
    check: Check | None = None,
) -> Outcome:
    """Correct the details named in `changes`. Raises Invalid for a time that cannot be."""
    incident = await take(uow, ref, check=check)
    wanted = replace(Details.of(incident), **changes)  # type: ignore[arg-type]
    decision, different = correct(incident, wanted, now=uow.now)
    named = ", ".join(name.replace("_", " ") for name in different)
    words = Words(title=f"Corrected {named}", data={"fields": different}, fields=tuple(different))
    return await record(uow, desk, before=incident, decision=decision, actor=actor, words=words)
