"""Finds what a request names: people by id or e-mail address, teams, schedules and policies by id or slug."""

from uuid import UUID

from tocsin_access.directory import Directory
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_paging.domain.errors import InvalidChangeError
from tocsin_paging.domain.references import as_id
from tocsin_paging.store.schedules import ScheduleRepository


async def user_named(uow: UnitOfWork, text: str) -> UUID:
    """Return the person with this id or e-mail address; raises `InvalidChangeError`."""
    directory, user_id = Directory(uow.conn), as_id(text)
    user = await directory.user(user_id) if user_id else await directory.user_with_email(text)
    if user is None:
        raise InvalidChangeError(f"There is no person {text}. Add them first, or correct the address.")
    return user.id


async def team_named(uow: UnitOfWork, text: str) -> UUID:
    """Return the team with this id or slug; raises `InvalidChangeError`."""
    directory, team_id = Directory(uow.conn), as_id(text)
    if team_id:
        team = await directory.team(team_id)
    else:
        team = next((team for team in await directory.teams() if team.slug == text), None)
    if team is None:
        raise InvalidChangeError(f"There is no team {text}. Add it first, or correct the name.")
    return team.id


async def schedule_named(uow: UnitOfWork, text: str) -> UUID:
    """Return the schedule with this id or slug; raises `InvalidChangeError`."""
    schedules, schedule_id = ScheduleRepository(uow.conn), as_id(text)
    if schedule_id:
        stored = await schedules.get(schedule_id, since=uow.now)
    else:
        stored = await schedules.with_slug(text, since=uow.now)
    if stored is None:
        raise InvalidChangeError(f"There is no schedule {text}. Add it first, or correct the name.")
    return stored.schedule.id
