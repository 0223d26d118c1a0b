"""`/on-call/schedules/{slug}`: one schedule, its rotations and the weeks ahead."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse

from tocsin_access.dependencies import page_viewer
from tocsin_access.directory import Directory
from tocsin_access.principal import Principal
from tocsin_chassis.render import page
from tocsin_chassis.requests import RequestReading
from tocsin_chassis.routing import page_router
from tocsin_paging.domain.errors import NotFoundError
from tocsin_paging.domain.override import Duty
from tocsin_paging.domain.references import as_id
from tocsin_paging.domain.rotation import Rotation, RotationVersion
from tocsin_paging.domain.schedule import Schedule, shifts
from tocsin_paging.store.on_call import duties_of
from tocsin_paging.store.schedules import ScheduleRepository
from tocsin_paging.web.views import (
    cards,
    duties_named,
    handovers,
    lanes,
    people_of,
    start_of_day,
    zone_of,
)

router = page_router()
Reader = Annotated[Principal, Depends(page_viewer("paging:read"))]
AHEAD, LISTED = timedelta(days=14), timedelta(days=70)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class RotationView:
    """A rotation in words. `planned` says from when another plan counts, and who is in it."""

    duty: Duty
    people: tuple[str, ...]
    handoff: str
    planned_from: datetime | None = None
    planned: tuple[str, ...] = ()


@router.get("/on-call/schedules/{slug}", name="schedule_page")
async def schedule_page(request: Request, viewer: Reader, reading: RequestReading, slug: str) -> Response:
    """Who is on call, who takes turns and when they hand over, and each shift of the weeks ahead."""
    repository, since = ScheduleRepository(reading.conn), reading.now - timedelta(days=1)
    stored = await repository.with_slug(slug, since=since)
    if stored is None:
        if (known := as_id(slug)) and (by_id := await repository.get(known, since=since)):
            return RedirectResponse(f"/on-call/schedules/{by_id.schedule.slug}", 303)
        raise NotFoundError("There is no such schedule. It may have been removed.")
    schedule, zone = stored.schedule, zone_of(viewer)
    names = await Directory(reading.conn).names(people_of([schedule]))
    start = start_of_day(reading.now, zone)
    return page(
        request,
        "schedule.html",
        viewer,
        now=reading.now,
        schedule=schedule,
        cards=await cards(reading.conn, duties_of(schedule, at=reading.now)),
        lanes=lanes(schedule, start, end=start + AHEAD, now=reading.now, names=names, titled=False),
        start=start,
        end=start + AHEAD,
        zone=zone.key,
        rotations=[_view(schedule, duty, names=names, now=reading.now) for duty in duties_named(schedule)],
        shifts=[
            shift
            for duty in duties_named(schedule)
            for shift in shifts(schedule, reading.now, end=reading.now + LISTED, duty=duty)
        ],
        names=names,
        handovers=[one for one in handovers([schedule], names) if one.override.ends_at > reading.now],
        may_write=viewer.may("paging:write"),
    )


def _view(schedule: Schedule, duty: Duty, *, names: dict[UUID, str], now: datetime) -> RotationView:
    rotation = schedule.rotations.get(duty, Rotation())
    current = rotation.version_at(now) or (rotation.versions[0] if rotation.versions else None)
    if current is None:
        return RotationView(duty, people=(), handoff="")
    last = rotation.versions[-1]
    planned = last if last.effective_from > now else None
    return RotationView(
        duty,
        people=_people(current, names),
        handoff=_handoff(current),
        planned_from=planned.effective_from if planned else None,
        planned=_people(planned, names) if planned else (),
    )


def _people(version: RotationVersion, names: dict[UUID, str]) -> tuple[str, ...]:
    return tuple(names.get(person, "Somebody") for person in version.plan.participants)


def _handoff(version: RotationVersion) -> str:
    plan = version.plan
    often = "every week" if plan.weeks == 1 else f"every {plan.weeks} weeks"
    return f"{DAYS[plan.weekday]} {plan.at:%H:%M} {plan.zone}, {often}"
