"""Taking over: somebody else is on call for a while."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_paging.domain.errors import InvalidChangeError, NotFoundError, at
from tocsin_paging.domain.override import Duty, Override
from tocsin_paging.store.schedules import ScheduleRepository, StoredSchedule
from tocsin_paging.usecases.references import user_named
from tocsin_runtime.ids import new_id

LONGEST_OVERRIDE = timedelta(days=366)


@dataclass(frozen=True)
class OverrideWish:
    """`user` takes over, from `replaces` or whoever it would be; both are ids or e-mail addresses. Times are UTC."""

    user: str
    starts_at: datetime
    ends_at: datetime
    duty: Duty = Duty.PRIMARY
    replaces: str | None = None
    note: str = ""


async def add_override(uow: UnitOfWork, stored: StoredSchedule, wish: OverrideWish, *, by: str) -> Override:
    """Add an override to the locked schedule. What has passed stays as it was: it begins now at the earliest.

    Raises `InvalidChangeError` when it would end before it begins, or lasts longer than a year.
    """
    starts_at = max(wish.starts_at, uow.now)
    if wish.ends_at <= starts_at:
        raise InvalidChangeError("An override ends after it begins, and in the future.", pointer="/ends_at")
    if wish.ends_at - starts_at > LONGEST_OVERRIDE:
        detail = "An override lasts a year at most. Change the rotation instead."
        raise InvalidChangeError(detail, pointer="/ends_at")
    with at("/user"):
        user_id = await user_named(uow, wish.user)
    with at("/replaces"):
        replaces = await user_named(uow, wish.replaces) if wish.replaces else None
    override = Override(
        new_id(),
        duty=wish.duty,
        user_id=user_id,
        starts_at=starts_at,
        ends_at=wish.ends_at,
        replaces=replaces,
        created_by=by,
        note=wish.note,
    )
    await ScheduleRepository(uow.conn).add_override(stored.schedule.id, override, now=uow.now)
    uow.announce("on-call")
    return override


async def end_override(uow: UnitOfWork, stored: StoredSchedule, override_id: UUID) -> None:
    """Take an override of the locked schedule back: from now on it no longer acts. Raises `NotFoundError`."""
    acting = (override for override in stored.schedule.overrides if override.id == override_id)
    override = next(acting, None)
    if override is None:
        raise NotFoundError("There is no such override, or it has ended.")
    await ScheduleRepository(uow.conn).end_override(override, now=uow.now)
    uow.announce("on-call")
