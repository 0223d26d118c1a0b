"""`/escalation-policies`: whom an incident pages, step by step, and who that would be now."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from tocsin_access.dependencies import page_viewer
from tocsin_access.directory import Directory
from tocsin_access.principal import Principal
from tocsin_chassis.render import page
from tocsin_chassis.requests import ReadConnection, RequestReading
from tocsin_chassis.routing import page_router
from tocsin_paging.domain.errors import NotFoundError
from tocsin_paging.domain.override import Duty
from tocsin_paging.domain.policy import Target, TargetKind
from tocsin_paging.domain.targets import Known
from tocsin_paging.store.on_call import Duties, known_targets, on_call_of_policy
from tocsin_paging.store.policies import PolicyRepository, StoredPolicy
from tocsin_runtime.reading import Reading

router = page_router()
Reader = Annotated[Principal, Depends(page_viewer("paging:read"))]


@dataclass(frozen=True)
class TargetView:
    """A target in words."""

    icon: str
    name: str
    href: str | None = None
    note: str = ""


@dataclass(frozen=True)
class StepView:
    """A step in words, and whom it would page now."""

    number: int
    targets: tuple[TargetView, ...]
    delay: timedelta
    now: tuple[tuple[str | None, str], ...]


@router.get("/escalation-policies", name="policies_page")
async def policies_page(request: Request, viewer: Reader, conn: ReadConnection) -> Response:
    """All policies by name."""
    found = sorted(await PolicyRepository(conn).listed(), key=lambda one: one.policy.name.lower())
    services = await Directory(conn).services()
    used = {
        one.policy.id: [service for service in services if service.escalation_policy_id == one.policy.id]
        for one in found
    }
    return page(request, "policies.html", viewer, policies=found, used=used)


@router.get("/escalation-policies/{slug}", name="policy_page")
async def policy_page(request: Request, viewer: Reader, reading: RequestReading, slug: str) -> Response:
    """One policy."""
    stored = await PolicyRepository(reading.conn).with_slug(slug)
    if stored is None:
        raise NotFoundError("There is no such escalation policy. It may have been removed.")
    services = await Directory(reading.conn).services()
    return page(
        request,
        "policy.html",
        viewer,
        stored=stored,
        steps=await _steps(reading, stored),
        services=[service for service in services if service.escalation_policy_id == stored.policy.id],
    )


async def _steps(reading: Reading, stored: StoredPolicy) -> list[StepView]:
    steps = stored.policy.steps
    known = await known_targets(reading.conn, steps, since=reading.now)
    now = await on_call_of_policy(reading.conn, str(stored.policy.id), at=reading.now)
    people = {target.id for step in steps for target in step.targets if target.kind == TargetKind.USER}
    people |= {duties.user_id for duties in now if duties.user_id}
    names = await Directory(reading.conn).names(people)
    return [
        StepView(
            number,
            targets=tuple(_target(target, known, names=names) for target in step.targets),
            delay=step.delay,
            now=_now(now, number, names=names),
        )
        for number, step in enumerate(steps, start=1)
    ]


def _now(found: list[Duties], number: int, *, names: dict[UUID, str]) -> tuple[tuple[str | None, str], ...]:
    mine = [duties for duties in found if duties.step == number]
    return tuple((names.get(one.user_id) if one.user_id else None, one.why) for one in mine)


def _target(target: Target, known: Known, *, names: dict[UUID, str]) -> TargetView:
    match target.kind:
        case TargetKind.USER:
            name = names.get(target.id, "Somebody who was removed")
            return TargetView("circle-user", name, href=f"/people/{target.id}")
        case TargetKind.TEAM:
            team = known.teams.get(target.id)
            name = team.name if team else "A team that was removed"
            return TargetView("users", name, href=f"/people/teams/{target.id}", note="everybody")
        case TargetKind.SCHEDULE:
            schedule = known.schedules.get(target.id)
            if schedule is None:
                return TargetView("calendar-off", "A schedule that was removed")
            href = f"/on-call/schedules/{schedule.slug}"
            note = str(target.duty or Duty.PRIMARY)
            return TargetView("calendar-clock", schedule.name, href=href, note=note)
