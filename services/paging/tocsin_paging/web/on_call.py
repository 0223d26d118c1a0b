"""`/on-call`: who is on call now, what runs, and the next two weeks."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from tocsin_access.dependencies import page_viewer
from tocsin_access.directory import Directory
from tocsin_access.principal import Principal
from tocsin_chassis.render import page
from tocsin_chassis.requests import RequestReading, RequestUnitOfWork
from tocsin_chassis.routing import page_router
from tocsin_paging.domain.errors import InvalidChangeError, NotFoundError
from tocsin_paging.domain.escalation import State
from tocsin_paging.domain.override import Duty
from tocsin_paging.domain.references import as_id
from tocsin_paging.domain.schedule import Schedule
from tocsin_paging.domain.wall_clock import first_instant, last_instant
from tocsin_paging.store.escalations import EscalationRepository
from tocsin_paging.store.on_call import duties_of
from tocsin_paging.store.pages import PageFilter, PageRepository
from tocsin_paging.store.schedules import ScheduleRepository
from tocsin_paging.usecases.acknowledge import Person, acknowledge_incident
from tocsin_paging.usecases.context import pager_of
from tocsin_paging.usecases.overrides import OverrideWish, add_override, end_override
from tocsin_paging.usecases.schedules import schedule_to_change
from tocsin_paging.web.views import (
    cards,
    handovers,
    lanes,
    people_of,
    start_of_day,
    zone_of,
)
from tocsin_runtime.errors import Code, Problem
from tocsin_runtime.reading import Reading
from tocsin_runtime.text import clean

router = page_router()
Reader = Annotated[Principal, Depends(page_viewer("paging:read"))]
Writer = Annotated[Principal, Depends(page_viewer("paging:write"))]
Text = Annotated[str, Form()]
AHEAD = timedelta(days=14)
LOCAL_FORM = "%Y-%m-%dT%H:%M"
NOBODY = (
    "This token acts for nobody, and this form is for people. Use POST /api/v1/incidents/{id}/acknowledge."
)
RECENT, MOST_UNANSWERED, MOST_ANSWERED = 12, 50, 25


@router.get("/on-call", name="on_call_page")
async def on_call_page(
    request: Request, viewer: Reader, reading: RequestReading, take_over: str = ""
) -> Response:
    """Who is on call now and how to reach them, what is being escalated, and two weeks of shifts.

    `take_over` is the slug of the schedule with which the form to take over begins.
    """
    return await _shown(request, viewer, reading, errors={}, typed={}, wanted=take_over)


@router.post("/on-call/overrides", name="take_over_form")
async def take_over(
    request: Request,
    viewer: Writer,
    uow: RequestUnitOfWork,
    duty: Text = "",
    user: Text = "",
    starts_at: Text = "",
    ends_at: Text = "",
    note: Text = "",
) -> Response:
    """Take over. Times are the wall clock of the reader: a start means its first instant, an end its last."""
    typed = {"duty": duty, "user": user, "starts_at": starts_at, "ends_at": ends_at, "note": note}
    errors = dict[str, str]()
    begins, ends = _local(starts_at), _local(ends_at)
    schedule_id, _, role = duty.partition(":")
    if begins is None:
        errors["starts_at"] = "Enter a day and a time."
    if ends is None:
        errors["ends_at"] = "Enter a day and a time."
    if role not in set(Duty) or as_id(schedule_id) is None:
        errors["duty"] = "Choose what to take over."
    if errors or begins is None or ends is None:
        return await _shown(request, viewer, uow, errors=errors, typed=typed)
    zone = zone_of(viewer)
    wish = OverrideWish(
        user,
        starts_at=first_instant(begins, zone),
        ends_at=last_instant(ends, zone),
        duty=Duty(role),
        note=clean(note)[:500],
    )
    try:
        stored = await schedule_to_change(uow, UUID(schedule_id))
        await add_override(uow, stored, wish, by=viewer.name)
    except (InvalidChangeError, NotFoundError) as error:
        return await _shown(request, viewer, uow, errors={"ends_at": str(error)}, typed=typed)
    return RedirectResponse(f"/on-call/schedules/{stored.schedule.slug}", 303)


@router.post("/on-call/schedules/{schedule_id}/overrides/{override_id}/end", name="end_override_form")
async def end_override_form(
    viewer: Writer, uow: RequestUnitOfWork, schedule_id: UUID, override_id: UUID
) -> Response:
    """Take an override back; one that runs ends now."""
    stored = await schedule_to_change(uow, schedule_id)
    await end_override(uow, stored, override_id)
    return RedirectResponse(f"/on-call/schedules/{stored.schedule.slug}", 303)


@router.post("/on-call/incidents/{incident_id}/acknowledge", name="acknowledge_form")
async def acknowledge_form(
    request: Request, viewer: Writer, uow: RequestUnitOfWork, incident_id: UUID
) -> Response:
    """Answer from the console. A second answer changes nothing."""
    if viewer.user_id is None:
        raise Problem(403, Code.NOT_ALLOWED, NOBODY)
    by = Person(viewer.user_id, name=viewer.name)
    await acknowledge_incident(uow, incident_id, by, via="page", pager=pager_of(request))
    return RedirectResponse("/on-call", 303)


async def _shown(
    request: Request,
    viewer: Principal,
    reading: Reading,
    *,
    errors: dict[str, str],
    typed: dict[str, str],
    wanted: str = "",
) -> Response:
    stored = await ScheduleRepository(reading.conn).listed(since=reading.now - timedelta(days=1))
    schedules = [one.schedule for one in stored]
    names = await Directory(reading.conn).names(people_of(schedules))
    now, zone = (
        [duties for schedule in schedules for duties in duties_of(schedule, at=reading.now)],
        zone_of(viewer),
    )
    start = start_of_day(reading.now, zone)
    escalations = EscalationRepository(reading.conn)
    return page(
        request,
        "on_call.html",
        viewer,
        status_code=422 if errors else 200,
        now=reading.now,
        cards=await cards(reading.conn, now),
        cases=[
            *await escalations.gravest(State.TRIGGERED, limit=MOST_UNANSWERED),
            *await escalations.gravest(State.ACKNOWLEDGED, limit=MOST_ANSWERED),
        ],
        running=sum((await escalations.count_by_state()).values()),
        pages=await PageRepository(reading.conn).listed(PageFilter(), limit=RECENT),
        lanes=[
            lane
            for one in schedules
            for lane in lanes(one, start, end=start + AHEAD, now=reading.now, names=names)
        ],
        start=start,
        end=start + AHEAD,
        zone=zone.key,
        schedules=schedules,
        handovers=[one for one in handovers(schedules, names) if one.override.ends_at > reading.now],
        people=[(str(user.id), user.name) for user in await Directory(reading.conn).users()],
        duties=_choices(schedules),
        may_write=viewer.may("paging:write"),
        typed=typed or _suggested(viewer, reading.now, schedules=schedules, wanted=wanted),
        errors=errors,
    )


def _choices(schedules: Sequence[Schedule]) -> list[tuple[str, str]]:
    return [(f"{one.id}:{duty}", f"{one.name}, {duty}") for one in schedules for duty in Duty]


def _suggested(
    viewer: Principal, now: datetime, *, schedules: Sequence[Schedule], wanted: str
) -> dict[str, str]:
    """Return what the form begins with: the reader takes over from the next full hour for four hours."""
    duty = next((f"{one.id}:{Duty.PRIMARY}" for one in schedules if one.slug == wanted), "")
    begins = now.astimezone(zone_of(viewer)).replace(minute=0) + timedelta(hours=1)
    return {
        "duty": duty,
        "user": str(viewer.user_id or ""),
        "starts_at": begins.strftime(LOCAL_FORM),
        "ends_at": (begins + timedelta(hours=4)).strftime(LOCAL_FORM),
        "note": "",
    }


def _local(text: str) -> datetime | None:
    """Read what a browser's date and time field sends; None when it is none, or in no sensible year."""
    try:
        found = datetime.strptime(text[:16], LOCAL_FORM).replace(tzinfo=UTC)
    except ValueError:
        return None
    return found.replace(tzinfo=None) if 2000 <= found.year < 2200 else None
