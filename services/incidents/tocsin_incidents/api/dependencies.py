"""What the routes of the API ask for."""

from datetime import datetime
from typing import Annotated, cast

from fastapi import Depends, Path, Request

from tocsin_access.dependencies import require
from tocsin_access.principal import Principal
from tocsin_chassis.requests import ReadConnection, get_service
from tocsin_incidents.domain.incident import Actor, Ref, ref_of
from tocsin_incidents.usecases.desk import Desk


def desk_of(request: Request) -> Desk:
    """The desk of this app."""
    return cast("Desk", request.app.state.desk)


def ref_in_path(incident: Annotated[str, Path(description="INC-42, 42 or the id")]) -> Ref:
    """Which incident is meant; 404 for what cannot be one."""
    return ref_of(incident)


async def now_of(request: Request, conn: ReadConnection) -> datetime:
    """The time that what was read is shown at."""
    return await get_service(request).platform.clock.now(conn)


def actor_of(principal: Principal) -> Actor:
    """Whoever is calling, as the timeline names them."""
    return Actor(principal.user_id, principal.name)


Now = Annotated[datetime, Depends(now_of)]
CurrentDesk = Annotated[Desk, Depends(desk_of)]
IncidentRef = Annotated[Ref, Depends(ref_in_path)]
Reader = Annotated[Principal, Depends(require("incidents:read"))]
Responder = Annotated[Principal, Depends(require("incidents:write"))]
Configurer = Annotated[Principal, Depends(require("config:write"))]
