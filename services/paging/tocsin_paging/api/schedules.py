"""`/api/v1/schedules`: rotations and who has which shift."""

from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from tocsin_access.dependencies import require
from tocsin_access.directory import Directory
from tocsin_access.principal import Principal
from tocsin_chassis.listing import Listing, ListQueryParams, link_next
from tocsin_chassis.moments import Moment
from tocsin_chassis.preconditions import IfMatch, etag
from tocsin_chassis.requests import RequestReading, RequestUnitOfWork
from tocsin_chassis.routing import api_router
from tocsin_paging.api.fields import Name, Slug, Text, TimeZone
from tocsin_paging.domain.errors import InvalidChangeError, NotFoundError
from tocsin_paging.domain.override import Duty
from tocsin_paging.domain.person import slug_of
from tocsin_paging.domain.rotation import Rotation
from tocsin_paging.domain.schedule import shifts
from tocsin_paging.store.schedules import ScheduleFilter, ScheduleRepository, StoredSchedule
from tocsin_paging.usecases.schedules import (
    RotationWish,
    ScheduleWish,
    change_schedule,
    create_schedule,
    put_schedule,
    remove_schedule,
    schedule_to_change,
)
from tocsin_runtime.reading import Reading

router = api_router(prefix="/api/v1/schedules", tags=["schedules"])
Reader = Annotated[Principal, Depends(require("paging:read"))]
Administrator = Annotated[Principal, Depends(require("paging:admin"))]
Reference = Annotated[str, Field(min_length=1, max_length=254, description="An id, or a name.")]
Person = Annotated[str, Field(min_length=1, max_length=254, description="An id, or an e-mail address.")]
LONGEST_SPAN = timedelta(days=366)


class Weekday(StrEnum):
    """Days on which a hand-off can be, in order."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


DAYS = tuple(Weekday)


class RotationBody(BaseModel):
    """Who takes turns. The hand-off is on the wall clock of the schedule's zone, in summer and winter alike."""

    model_config = ConfigDict(extra="forbid")
    participants: list[Person] = Field(max_length=100, description="In the order of their turns.")
    handoff_day: Weekday = Weekday.MONDAY
    handoff_time: time = time(9)
    weeks: int = Field(default=1, ge=1, le=52, description="How many weeks a turn lasts.")
    effective_from: Moment | None = Field(
        default=None, description="From when it counts. Left out: now. A change never counts from earlier."
    )

    def wish(self) -> RotationWish:
        """The same without its transport."""
        return RotationWish(
            tuple(self.participants),
            weekday=DAYS.index(self.handoff_day),
            at=self.handoff_time,
            weeks=self.weeks,
            effective_from=self.effective_from,
        )


class ScheduleBody(BaseModel):
    """A schedule to be added. Without a slug, one is made from the name."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    slug: Slug | None = None
    timezone: TimeZone = "UTC"
    team: Reference | None = None
    rotations: dict[Duty, RotationBody] = Field(default_factory=dict)

    def wish(self) -> ScheduleWish:
        """The same without its transport."""
        rotations = {duty: body.wish() for duty, body in self.rotations.items()}
        return ScheduleWish(self.name, zone=self.timezone, team=self.team, rotations=rotations)


class SchedulePatch(BaseModel):
    """What shall be different; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    name: Name | None = None
    timezone: TimeZone | None = None
    team: Reference | None = None
    rotations: dict[Duty, RotationBody] = Field(default_factory=dict)

    def wish(self, stored: StoredSchedule) -> ScheduleWish:
        """The whole schedule as it shall be."""
        schedule = stored.schedule
        kept = self.team if "team" in self.model_fields_set else str(stored.team_id or "")
        return ScheduleWish(
            self.name or schedule.name,
            zone=self.timezone or schedule.zone,
            team=kept or None,
            rotations={duty: body.wish() for duty, body in self.rotations.items()},
        )


class RotationOut(BaseModel):
    """A rotation as planned last; `effective_from` lies ahead while an older plan still counts."""

    participants: list[UUID]
    handoff_day: Weekday
    handoff_time: time
    weeks: int
    timezone: str
    effective_from: datetime


class ScheduleOut(BaseModel):
    """A schedule."""

    id: UUID
    slug: str
    name: str
    timezone: str
    team_id: UUID | None
    rotations: dict[Duty, RotationOut]
    version: int


class ShiftOut(BaseModel):
    """A stretch of time with one answer to "who is on call". `user_id` is null in a gap."""

    role: Duty
    starts_at: datetime
    ends_at: datetime
    user_id: UUID | None
    user: str | None
    reason: str
    why: str
    turn: int | None
    override_id: UUID | None


@router.get("", name="list_schedules")
async def list_schedules(
    request: Request,
    response: Response,
    reading: RequestReading,
    page: ListQueryParams,
    _: Reader,
    slug: Text | None = None,
    name: Text | None = None,
    team_id: UUID | None = None,
    timezone: Text | None = None,
) -> Listing[ScheduleOut]:
    """Schedules in the order in which they were made."""
    wanted = ScheduleFilter(slug=slug, name=name, team_id=team_id, zone=timezone)
    after = UUID(page.after[0]) if page.after else None
    found = await ScheduleRepository(reading.conn).listed(
        wanted, since=reading.now, after=after, limit=page.limit + 1
    )
    shown, cursor = page.cut(found, lambda stored: [str(stored.schedule.id)])
    link_next(request, response, cursor)
    return Listing(items=[schedule_out(stored) for stored in shown], next=cursor)


@router.post("", name="create_schedule", status_code=201)
async def add_schedule(
    response: Response, uow: RequestUnitOfWork, _: Administrator, body: ScheduleBody
) -> ScheduleOut:
    """Add a schedule. 409 when the slug is taken."""
    stored = await create_schedule(uow, body.slug or slug_of(body.name), body.wish())
    response.headers["Location"] = f"/api/v1/schedules/{stored.schedule.id}"
    return _tagged(response, stored)


@router.put("/by-slug/{slug}", name="put_schedule")
async def replace_schedule(
    check: IfMatch,
    response: Response,
    uow: RequestUnitOfWork,
    _: Administrator,
    slug: Slug,
    body: ScheduleBody,
) -> ScheduleOut:
    """Make the schedule with this slug be so: 201 when added, else 200. Doing it again changes nothing.

    Whoever is on call stays until the next hand-off. A rotation that is left out ends now; overrides stay.
    """
    if body.slug not in (None, slug):
        raise InvalidChangeError("The slug in the path and the one in the body differ.", pointer="/slug")
    stored, added = await put_schedule(uow, slug, body.wish(), check=check)
    response.status_code = 201 if added else 200
    return _tagged(response, stored)


@router.get("/{schedule_id}", name="get_schedule")
async def get_schedule(
    response: Response, reading: RequestReading, _: Reader, schedule_id: UUID
) -> ScheduleOut:
    """One schedule."""
    return _tagged(response, await _found(reading, schedule_id))


@router.patch("/{schedule_id}", name="update_schedule")
async def update_schedule(
    check: IfMatch,
    response: Response,
    uow: RequestUnitOfWork,
    _: Administrator,
    schedule_id: UUID,
    body: SchedulePatch,
) -> ScheduleOut:
    """Change a schedule. Whoever is on call stays until the next hand-off; the past stays as it was."""
    stored = await schedule_to_change(uow, schedule_id)
    check(stored.version)
    return _tagged(response, await change_schedule(uow, stored, body.wish(stored)))


@router.delete("/{schedule_id}", name="delete_schedule", status_code=204, responses={409: {}})
async def delete_schedule(
    check: IfMatch, uow: RequestUnitOfWork, _: Administrator, schedule_id: UUID
) -> None:
    """Remove a schedule. 409 while a policy aims at it."""
    stored = await schedule_to_change(uow, schedule_id)
    check(stored.version)
    await remove_schedule(uow, stored)


@router.get("/{schedule_id}/shifts", name="list_shifts")
async def list_shifts(
    request: Request,
    response: Response,
    reading: RequestReading,
    page: ListQueryParams,
    _: Reader,
    schedule_id: UUID,
    start: Annotated[Moment | None, Query(description="Left out: now.")] = None,
    end: Annotated[Moment | None, Query(description="Left out: two weeks after the start.")] = None,
    role: Duty = Duty.PRIMARY,
) -> Listing[ShiftOut]:
    """Who is on call when, without gap or overlap; a gap in cover is a shift of nobody. A year at most."""
    begins, ends = start or reading.now, end
    if page.after:  # all pages tell of one span
        begins, ends = (datetime.fromisoformat(moment) for moment in page.after[:2])
    ends = ends or begins + timedelta(days=14)
    if not begins < ends <= begins + LONGEST_SPAN:
        raise InvalidChangeError("The end lies after the start, and at most a year.", pointer="end")
    stored = await ScheduleRepository(reading.conn).get(schedule_id, since=begins)
    if stored is None:
        raise NotFoundError(f"There is no schedule {schedule_id}.")
    span = [begins.isoformat(), ends.isoformat()]
    whole = shifts(stored.schedule, begins, end=ends, duty=role)
    found, cursor = page.cut_whole(whole, lambda shift: [*span, shift.starts_at.isoformat()])
    link_next(request, response, cursor)
    people = {shift.on_call.user_id for shift in found if shift.on_call.user_id}
    names = await Directory(reading.conn).names(people)
    return Listing(
        items=[
            ShiftOut(
                role=role,
                starts_at=shift.starts_at,
                ends_at=shift.ends_at,
                user_id=shift.on_call.user_id,
                user=names.get(shift.on_call.user_id) if shift.on_call.user_id else None,
                reason=shift.on_call.why.value,
                why=shift.on_call.explain(),
                turn=shift.on_call.turn,
                override_id=shift.on_call.override.id if shift.on_call.override else None,
            )
            for shift in found
        ],
        next=cursor,
    )


async def _found(reading: Reading, schedule_id: UUID) -> StoredSchedule:
    stored = await ScheduleRepository(reading.conn).get(schedule_id, since=reading.now)
    if stored is None:
        raise NotFoundError(f"There is no schedule {schedule_id}.")
    return stored


def _tagged(response: Response, stored: StoredSchedule) -> ScheduleOut:
    response.headers["ETag"] = etag(stored.version)
    return schedule_out(stored)


def schedule_out(stored: StoredSchedule) -> ScheduleOut:
    """A schedule as the API shows it."""
    schedule = stored.schedule
    return ScheduleOut(
        id=schedule.id,
        slug=schedule.slug,
        name=schedule.name,
        timezone=schedule.zone,
        team_id=stored.team_id,
        rotations={duty: _rotation_out(rotation) for duty, rotation in schedule.rotations.items()},
        version=stored.version,
    )


def _rotation_out(rotation: Rotation) -> RotationOut:
    version = rotation.versions[-1]
    return RotationOut(
        participants=list(version.plan.participants),
        handoff_day=DAYS[version.plan.weekday],
        handoff_time=version.plan.at,
        weeks=version.plan.weeks,
        timezone=version.plan.zone,
        effective_from=version.effective_from,
    )
