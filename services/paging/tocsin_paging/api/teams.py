"""`/api/v1/teams`: teams and their members."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tocsin_access.dependencies import require
from tocsin_access.principal import Principal
from tocsin_chassis.listing import Listing, ListQueryParams, link_next
from tocsin_chassis.preconditions import IfMatch, etag
from tocsin_chassis.requests import ReadConnection, RequestUnitOfWork
from tocsin_chassis.routing import api_router
from tocsin_paging.api.fields import Email, Name, Slug, Text
from tocsin_paging.domain.errors import NotFoundError
from tocsin_paging.domain.person import Team, slug_of
from tocsin_paging.store.teams import TeamFilter, TeamRepository
from tocsin_paging.usecases.teams import Members, add_team, change_team, put_team, remove_team, team_to_change

router = api_router(prefix="/api/v1/teams", tags=["teams"])
Reader = Annotated[Principal, Depends(require("paging:read"))]
Administrator = Annotated[Principal, Depends(require("paging:admin"))]


class MemberFields(BaseModel):
    """Who is in a team: by id, or by e-mail address as files write it."""

    model_config = ConfigDict(extra="forbid")
    member_ids: list[UUID] | None = Field(default=None, max_length=1000)
    members: list[Email] | None = Field(default=None, max_length=1000, description="E-mail addresses.")

    @model_validator(mode="after")
    def _one_way(self) -> "MemberFields":
        if self.member_ids is not None and self.members is not None:
            raise ValueError("give member_ids or members, not both")
        return self

    def wanted(self) -> Members:
        """The same without its transport."""
        ids = None if self.member_ids is None else frozenset(self.member_ids)
        return Members(ids=ids, emails=None if self.members is None else frozenset(self.members))


class TeamBody(MemberFields):
    """A team to be added. Without a slug, one is made from the name."""

    name: Name
    slug: Slug | None = None


class TeamPut(MemberFields):
    """A team as it shall be. Members that are not given stay as they are."""

    name: Name


class TeamPatch(MemberFields):
    """What shall be different."""

    name: Name | None = None


class TeamOut(BaseModel):
    """A team."""

    id: UUID
    name: str
    slug: str
    member_ids: list[UUID]
    version: int


@router.get("", name="list_teams")
async def list_teams(
    request: Request,
    response: Response,
    conn: ReadConnection,
    page: ListQueryParams,
    _: Reader,
    slug: Text | None = None,
    name: Text | None = None,
    member_id: UUID | None = None,
) -> Listing[TeamOut]:
    """Teams in the order in which they were made."""
    wanted = TeamFilter(slug=slug, name=name, member_id=member_id)
    after = UUID(page.after[0]) if page.after else None
    found = await TeamRepository(conn).listed(wanted, after=after, limit=page.limit + 1)
    shown, cursor = page.cut(found, lambda team: [str(team.id)])
    link_next(request, response, cursor)
    return Listing(items=[team_out(team) for team in shown], next=cursor)


@router.post("", name="create_team", status_code=201)
async def create_team(
    response: Response, uow: RequestUnitOfWork, _: Administrator, body: TeamBody
) -> TeamOut:
    """Add a team. 409 when the slug is taken."""
    slug = body.slug or slug_of(body.name)
    team = await add_team(uow, name=body.name, slug=slug, members=body.wanted())
    response.headers["Location"] = f"/api/v1/teams/{team.id}"
    return _tagged(response, team)


@router.put("/by-slug/{slug}", name="put_team")
async def replace_team(
    check: IfMatch, response: Response, uow: RequestUnitOfWork, _: Administrator, slug: Slug, body: TeamPut
) -> TeamOut:
    """Make the team with this slug be so: 201 when added, else 200. Doing it again changes nothing."""
    team, added = await put_team(uow, slug, name=body.name, members=body.wanted(), check=check)
    response.status_code = 201 if added else 200
    return _tagged(response, team)


@router.get("/{team_id}", name="get_team")
async def get_team(response: Response, conn: ReadConnection, _: Reader, team_id: UUID) -> TeamOut:
    """One team."""
    team = await TeamRepository(conn).get(team_id)
    if team is None:
        raise NotFoundError(f"There is no team {team_id}.")
    return _tagged(response, team)


@router.patch("/{team_id}", name="update_team")
async def update_team(
    check: IfMatch,
    response: Response,
    uow: RequestUnitOfWork,
    _: Administrator,
    team_id: UUID,
    body: TeamPatch,
) -> TeamOut:
    """Change a team's name or members. Its slug stays."""
    team = await team_to_change(uow, team_id)
    check(team.version)
    return _tagged(response, await change_team(uow, team, name=body.name, members=body.wanted()))


@router.delete("/{team_id}", name="delete_team", status_code=204)
async def delete_team(check: IfMatch, uow: RequestUnitOfWork, _: Administrator, team_id: UUID) -> None:
    """Remove a team; its people stay."""
    team = await team_to_change(uow, team_id)
    check(team.version)
    await remove_team(uow, team)


def _tagged(response: Response, team: Team) -> TeamOut:
    response.headers["ETag"] = etag(team.version)
    return team_out(team)


def team_out(team: Team) -> TeamOut:
    """A team as the API shows it."""
    members = sorted(team.member_ids)
    return TeamOut(id=team.id, name=team.name, slug=team.slug, member_ids=members, version=team.version)
