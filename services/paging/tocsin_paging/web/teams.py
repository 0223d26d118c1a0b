"""`/people/teams`: teams and their members."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from tocsin_access.dependencies import page_viewer
from tocsin_access.principal import Principal
from tocsin_chassis.render import page
from tocsin_chassis.requests import ReadConnection, RequestUnitOfWork
from tocsin_chassis.routing import page_router
from tocsin_paging.domain.errors import ConflictError, NotFoundError
from tocsin_paging.domain.person import Team, slug_of
from tocsin_paging.store.people import PeopleRepository, PersonFilter
from tocsin_paging.store.teams import TeamRepository
from tocsin_paging.usecases.teams import Members, add_team, change_team, remove_team, team_to_change
from tocsin_paging.web.forms import Checked, checked

router = page_router()
Reader = Annotated[Principal, Depends(page_viewer("paging:read"))]
Administrator = Annotated[Principal, Depends(page_viewer("paging:admin"))]
Text = Annotated[str, Form()]
Ids = Annotated[list[UUID], Form(default_factory=list)]
MOST_SHOWN = 1000


@router.get("/people/teams", name="teams_page")
async def teams_page(request: Request, viewer: Reader, conn: ReadConnection) -> Response:
    """All teams by name, with their people."""
    teams = sorted(await TeamRepository(conn).listed(limit=MOST_SHOWN), key=lambda team: team.name.lower())
    people = await PeopleRepository(conn).listed(PersonFilter(), limit=MOST_SHOWN)
    names = {team.id: sorted(p.name for p in people if p.id in team.member_ids) for team in teams}
    may_change = viewer.may("paging:admin")
    return page(
        request, "teams.html", viewer, may_change=may_change, teams=teams, names=names, total=len(people)
    )


@router.post("/people/teams", name="add_team_form")
async def add_team_form(
    request: Request, viewer: Administrator, uow: RequestUnitOfWork, member_ids: Ids, name: Text = ""
) -> Response:
    """Add a team, with a slug made from its name."""
    typed = checked(name=name)
    if not typed.errors:
        wanted, members = typed.values["name"], Members(ids=frozenset(member_ids))
        try:
            team = await add_team(uow, name=wanted, slug=slug_of(wanted), members=members)
            return RedirectResponse(f"/people/teams/{team.id}", 303)
        except ConflictError:
            typed.errors["name"] = "A team with nearly this name exists. Choose another name."
    return await _form(request, viewer, uow.conn, typed=typed, members=frozenset(member_ids))


@router.get("/people/teams/new", name="new_team_page")
async def new_team_page(request: Request, viewer: Administrator, conn: ReadConnection) -> Response:
    """The form for a new team."""
    return await _form(request, viewer, conn, typed=Checked({"name": ""}), members=frozenset())


@router.get("/people/teams/{team_id}", name="team_page")
async def team_page(request: Request, viewer: Reader, conn: ReadConnection, team_id: UUID) -> Response:
    """One team: its people, and for administrators the form to change it."""
    team = await TeamRepository(conn).get(team_id)
    if team is None:
        raise NotFoundError("There is no such team. It may have been removed.")
    typed = Checked({"name": team.name})
    return await _form(request, viewer, conn, typed=typed, members=team.member_ids, team=team)


@router.post("/people/teams/{team_id}", name="change_team_form")
async def change_team_form(
    request: Request,
    viewer: Administrator,
    uow: RequestUnitOfWork,
    team_id: UUID,
    member_ids: Ids,
    name: Text = "",
) -> Response:
    """Change a team's name and members."""
    team, typed = await team_to_change(uow, team_id), checked(name=name)
    members = frozenset(member_ids)
    if typed.errors:
        return await _form(request, viewer, uow.conn, typed=typed, members=members, team=team)
    await change_team(uow, team, name=typed.values["name"], members=Members(ids=members))
    return RedirectResponse("/people/teams", 303)


@router.post("/people/teams/{team_id}/remove", name="remove_team_form")
async def remove_team_form(viewer: Administrator, uow: RequestUnitOfWork, team_id: UUID) -> Response:
    """Remove a team; its people stay."""
    await remove_team(uow, await team_to_change(uow, team_id))
    return RedirectResponse("/people/teams", 303)


async def _form(
    request: Request,
    viewer: Principal,
    conn: ReadConnection,
    *,
    typed: Checked,
    members: frozenset[UUID],
    team: Team | None = None,
) -> Response:
    people = await PeopleRepository(conn).listed(PersonFilter(), limit=MOST_SHOWN)
    context = {
        "team": team,
        "people": sorted(people, key=lambda person: person.name.lower()),
        "members": members,
        "values": typed.values,
        "errors": typed.errors,
        "may_change": viewer.may("paging:admin"),
    }
    return page(request, "team.html", viewer, status_code=422 if typed.errors else 200, **context)
