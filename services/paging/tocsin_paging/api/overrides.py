"""`/api/v1/schedules/{id}/overrides`: taking over for a while."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from tocsin_access.dependencies import require
from tocsin_access.principal import Principal
from tocsin_chassis.listing import Listing, ListQueryParams, link_next
from tocsin_chassis.moments import Moment
from tocsin_chassis.requests import ReadConnection, RequestReading, RequestUnitOfWork
from tocsin_chassis.routing import api_router
from tocsin_paging.api.schedules import Person, Reader
from tocsin_paging.domain.errors import NotFoundError
from tocsin_paging.domain.override import Duty, Override
from tocsin_paging.store.schedules import ScheduleRepository
from tocsin_paging.usecases.overrides import OverrideWish, add_override, end_override
from tocsin_paging.usecases.schedules import schedule_to_change
from tocsin_runtime.text import clean

router = api_router(prefix="/api/v1/schedules/{schedule_id}/overrides", tags=["schedules"])
Writer = Annotated[Principal, Depends(require("paging:write"))]


class OverrideBody(BaseModel):
    """`user` takes over from `replaces`, or from whoever it would be."""

    model_config = ConfigDict(extra="forbid")
    user: Person
    starts_at: Moment
    ends_at: Moment
    role: Duty = Duty.PRIMARY
    replaces: Person | None = None
    note: str = Field(default="", max_length=500)


class OverrideOut(BaseModel):
    """An override. The end is excluded."""

    id: UUID
    role: Duty
    user_id: UUID
    replaces: UUID | None
    starts_at: datetime
    ends_at: datetime
    created_by: str
    note: str


@router.get("", name="list_overrides")
async def list_overrides(
    request: Request,
    response: Response,
    reading: RequestReading,
    page: ListQueryParams,
    _: Reader,
    schedule_id: UUID,
    since: Moment | None = None,
    role: Duty | None = None,
    user_id: UUID | None = None,
) -> Listing[OverrideOut]:
    """Overrides that have not ended by `since` (left out: now), in the order in which they were made."""
    stored = await ScheduleRepository(reading.conn).get(schedule_id, since=since or reading.now)
    if stored is None:
        raise NotFoundError(f"There is no schedule {schedule_id}.")
    wanted = [
        override
        for override in sorted(stored.schedule.overrides, key=lambda override: override.id)
        if role in (None, override.duty) and user_id in (None, override.user_id)
    ]
    shown, cursor = page.cut_whole(wanted, lambda override: [str(override.id)])
    link_next(request, response, cursor)
    return Listing(items=[override_out(override) for override in shown], next=cursor)


@router.post("", name="create_override", status_code=201)
async def create_override(
    response: Response, uow: RequestUnitOfWork, by: Writer, schedule_id: UUID, body: OverrideBody
) -> OverrideOut:
    """Take over. It begins now at the earliest: what has passed stays as it was."""
    stored = await schedule_to_change(uow, schedule_id)
    wish = OverrideWish(
        body.user,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        duty=body.role,
        replaces=body.replaces,
        note=clean(body.note),
    )
    override = await add_override(uow, stored, wish, by=by.name)
    response.headers["Location"] = f"/api/v1/schedules/{schedule_id}/overrides/{override.id}"
    return override_out(override)


@router.get("/{override_id}", name="get_override")
async def get_override(conn: ReadConnection, _: Reader, schedule_id: UUID, override_id: UUID) -> OverrideOut:
    """One override, also when it has ended. 404 once it was taken back before it began."""
    override = await ScheduleRepository(conn).override(schedule_id, override_id)
    if override is None:
        raise NotFoundError(f"There is no override {override_id} of this schedule.")
    return override_out(override)


@router.delete("/{override_id}", name="delete_override", status_code=204)
async def delete_override(uow: RequestUnitOfWork, _: Writer, schedule_id: UUID, override_id: UUID) -> None:
    """Take an override back. One that runs ends now."""
    await end_override(uow, await schedule_to_change(uow, schedule_id), override_id)


def override_out(override: Override) -> OverrideOut:
    """An override as the API shows it."""
    return OverrideOut(
        id=override.id,
        role=override.duty,
        user_id=override.user_id,
        replaces=override.replaces,
        starts_at=override.starts_at,
        ends_at=override.ends_at,
        created_by=override.created_by,
        note=override.note,
    )
