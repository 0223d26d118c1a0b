"""`/api/v1/on-call`: who would be paged, now or at any time, and why."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel

from tocsin_access.dependencies import require
from tocsin_access.directory import Directory
from tocsin_access.principal import Principal
from tocsin_chassis.listing import ListQuery, ListQueryParams, link_next
from tocsin_chassis.moments import Moment
from tocsin_chassis.requests import RequestReading
from tocsin_chassis.routing import api_router
from tocsin_paging.api.told import ServiceTold
from tocsin_paging.domain.errors import InvalidChangeError
from tocsin_paging.domain.override import Duty
from tocsin_paging.domain.references import as_id
from tocsin_paging.store.on_call import (
    Duties,
    on_call_everywhere,
    on_call_of_policy,
    on_call_of_schedule,
    on_call_of_service,
)

router = api_router(prefix="/api/v1/on-call", tags=["on-call"])
Reader = Annotated[Principal, Depends(require("paging:read"))]
Reference = Annotated[str | None, Query(min_length=1, max_length=254, description="An id, or a name.")]


class ScheduleRef(BaseModel):
    """A schedule by its names."""

    id: UUID
    slug: str
    name: str


class OnCallOut(BaseModel):
    """Somebody, or in a gap nobody, and why. `since` and `until` are those of the shift, null far away."""

    user_id: UUID | None
    user: str | None
    role: Duty | None
    step: int | None
    schedule: ScheduleRef | None
    reason: str
    why: str
    turn: int | None
    since: datetime | None
    until: datetime | None


class OnCallAnswer(BaseModel):
    """The answer for an instant. `next` is the cursor of the page after it, null on the last."""

    at: datetime
    items: list[OnCallOut]
    next: str | None = None


@router.get("", name="on_call", responses={404: {}}, dependencies=[ServiceTold])
async def on_call(
    request: Request,
    response: Response,
    reading: RequestReading,
    page: ListQueryParams,
    _: Reader,
    service: Reference = None,
    policy: Reference = None,
    schedule: Reference = None,
    at: Annotated[Moment | None, Query(description="Left out: now.")] = None,
) -> OnCallAnswer:
    """Who is on call for a service, a policy or a schedule, or for every schedule when none is named."""
    named = [
        name for name, given in {"service": service, "policy": policy, "schedule": schedule}.items() if given
    ]
    if len(named) > 1:
        raise InvalidChangeError("Name one of service, policy and schedule.", pointer=named[-1])
    moment = datetime.fromisoformat(page.after[0]) if page.after else at or reading.now
    began = moment.isoformat()  # all pages tell of one moment
    if service:
        found = await on_call_of_service(reading.conn, service, at=moment)
    elif policy:
        found = await on_call_of_policy(reading.conn, policy, at=moment)
    elif schedule:
        found = await on_call_of_schedule(reading.conn, schedule, at=moment)
    else:
        after = _place(page.after)
        found = await on_call_everywhere(reading.conn, at=moment, after=after, limit=page.limit + 1)
    if named:
        shown, cursor = _cut_short(page, found, began)
    else:
        shown, cursor = page.cut(found, lambda duties: [began, *_place_of(duties)])
    link_next(request, response, cursor)
    names = await Directory(reading.conn).names(duties.user_id for duties in shown if duties.user_id)
    return OnCallAnswer(at=moment, items=[_out(duties, names) for duties in shown], next=cursor)


def _cut_short(page: ListQuery, found: list[Duties], began: str) -> tuple[list[Duties], str | None]:
    """Cut the few of one service, policy or schedule by their number, as text: all cursors here look alike."""
    shown, cursor = page.cut_whole(list(enumerate(found)), lambda numbered: [began, f"{numbered[0]:06}", ""])
    return [duties for _, duties in shown], cursor


def _place_of(duties: Duties) -> tuple[str, str]:
    return (str(duties.schedule.id) if duties.schedule else "", duties.duty or "")


def _place(after: list[Any] | None) -> tuple[UUID, Duty] | None:
    """Where the page before ended; None for a cursor that was given for something else, which begins anew."""
    schedule_id = as_id(after[1]) if after else None
    return (schedule_id, Duty(after[2])) if after and schedule_id else None


def _out(duties: Duties, names: dict[UUID, str]) -> OnCallOut:
    schedule = duties.schedule
    return OnCallOut(
        user_id=duties.user_id,
        user=names.get(duties.user_id) if duties.user_id else None,
        role=duties.duty,
        step=duties.step,
        schedule=ScheduleRef(id=schedule.id, slug=schedule.slug, name=schedule.name) if schedule else None,
        reason=duties.reason,
        why=duties.why,
        turn=duties.turn,
        since=duties.since,
        until=duties.until,
    )
