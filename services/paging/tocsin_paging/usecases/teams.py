"""Adding, changing and removing teams."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from tocsin_access.directory import tell
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.directory import TeamChanged
from tocsin_paging.domain.errors import InvalidChangeError, NameTakenError, NotFoundError
from tocsin_paging.domain.person import Team, team_changed
from tocsin_paging.store.people import PeopleRepository, email_key
from tocsin_paging.store.teams import TeamRepository
from tocsin_paging.usecases.checks import Check
from tocsin_runtime.ids import new_id


@dataclass(frozen=True)
class Members:
    """Who shall be in a team, by id or by e-mail address; both None leaves it as it is."""

    ids: frozenset[UUID] | None = None
    emails: frozenset[str] | None = None


async def add_team(uow: UnitOfWork, *, name: str, slug: str, members: Members) -> Team:
    """Add a team. Raises NameTakenError when the slug is taken, InvalidChangeError for people who do not exist."""
    team = Team(new_id(), name=name, slug=slug, member_ids=await _member_ids(uow, members) or frozenset())
    if not await TeamRepository(uow.conn).add(team, now=uow.now):
        raise NameTakenError(f"There is a team {slug} already. Use another slug.")
    await _tell(uow, team)
    return team


async def team_to_change(uow: UnitOfWork, team_id: UUID) -> Team:
    """The team, locked until the commit. Raises NotFoundError."""
    team = await TeamRepository(uow.conn).get(team_id, lock=True)
    if team is None:
        raise NotFoundError(f"There is no team {team_id}.")
    return team


async def change_team(uow: UnitOfWork, team: Team, *, name: str | None, members: Members) -> Team:
    """Change the locked team; nothing is told when nothing differs."""
    after = team_changed(team, name=name, member_ids=await _member_ids(uow, members))
    if after is not team:
        await _save(uow, after)
    return after


async def put_team(
    uow: UnitOfWork, slug: str, *, name: str, members: Members, check: Check | None = None
) -> tuple[Team, bool]:
    """The team with that slug as wanted, and whether it was added. Doing it again changes nothing.

    Raises whatever `check` raises.
    """
    known = await TeamRepository(uow.conn).with_slug(slug, lock=True)
    if check is not None:
        check(known.version if known else None)
    if known is None:
        return await add_team(uow, name=name, slug=slug, members=members), True
    return await change_team(uow, known, name=name, members=members), False


async def remove_team(uow: UnitOfWork, team: Team) -> None:
    """Remove the locked team; its people stay."""
    after = replace(team, member_ids=frozenset(), version=team.version + 1)
    await TeamRepository(uow.conn).remove(after, now=uow.now)
    await _tell(uow, after, deleted=True)


async def leave_all_teams(uow: UnitOfWork, user_id: UUID) -> None:
    """Take somebody out of every team."""
    for team in await TeamRepository(uow.conn).of_person(user_id, lock=True):
        await _save(uow, team_changed(team, name=None, member_ids=team.member_ids - {user_id}))


async def _save(uow: UnitOfWork, team: Team) -> None:
    await TeamRepository(uow.conn).save(team, now=uow.now)
    await _tell(uow, team)


async def _member_ids(uow: UnitOfWork, members: Members) -> frozenset[UUID] | None:
    if members.emails is not None:
        return await _by_email(uow, members.emails)
    if members.ids is None:
        return None
    known = await PeopleRepository(uow.conn).existing(members.ids)
    if unknown := members.ids - known:
        raise InvalidChangeError(_nobody(str(user_id) for user_id in unknown), pointer="/member_ids")
    return known


async def _by_email(uow: UnitOfWork, emails: frozenset[str]) -> frozenset[UUID]:
    known = await PeopleRepository(uow.conn).with_emails(emails)
    if unknown := {email for email in emails if email_key(email) not in known}:
        raise InvalidChangeError(_nobody(unknown), pointer="/members")
    return frozenset(known.values())


def _nobody(names: Iterable[str]) -> str:
    return f"Nobody is known as {', '.join(sorted(names))}. Add them first."


async def _tell(uow: UnitOfWork, team: Team, *, deleted: bool = False) -> None:
    members = sorted(team.member_ids)
    event = TeamChanged(
        id=team.id,
        version=team.version,
        deleted=deleted,
        name=team.name,
        slug=team.slug,
        member_ids=members,
    )
    await tell(uow, event)
    uow.announce("people")
