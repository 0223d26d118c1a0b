"""A person, or a program, says that something is broken."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_incidents.domain.catalogue import Service, folded
from tocsin_incidents.domain.details import check_past
from tocsin_incidents.domain.errors import Invalid
from tocsin_incidents.domain.incident import Actor, Incident, Origin
from tocsin_incidents.domain.opening import Opening
from tocsin_incidents.domain.severity import Severity
from tocsin_incidents.store.services import ServiceRepository
from tocsin_incidents.usecases.desk import Desk
from tocsin_incidents.usecases.open_incident import open_incident
from tocsin_runtime.ids import new_id


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is said. `service` is a slug, a name, an alias or an id."""

    title: str
    severity: Severity
    origin: Origin
    service: str | None = None
    summary: str = ""
    impact_started_at: datetime | None = None
    public: bool = True
    drill: bool = False


async def declare(uow: UnitOfWork, desk: Desk, *, declaration: Declaration, actor: Actor) -> Incident:
    """Open an incident by hand. Raises Invalid for an unknown service or an impact that lies ahead."""
    check_past("impact_started_at", declaration.impact_started_at, now=uow.now)
    opening = Opening(
        declaration.title,
        declaration.severity,
        origin=declaration.origin,
        detected_at=uow.now,
        summary=declaration.summary,
        service=await _service(uow, declaration.service) if declaration.service else None,
        declared_by=actor.user_id,
        public=declaration.public and not declaration.drill,
        drill=declaration.drill,
        impact_started_at=declaration.impact_started_at,
    )
    return await open_incident(
        uow, desk, incident_id=new_id(), opening=opening, reason="declared", actor=actor
    )


async def _service(uow: UnitOfWork, called: str) -> Service:
    catalogue = ServiceRepository(uow.conn)
    try:
        service = await catalogue.get(UUID(called))
    except ValueError:
        service = next(iter(await catalogue.called([folded(called)])), None)
    if service is None:
        detail = f"No service is called “{called[:80]}”. GET /api/v1/services lists them; or leave it out."
        raise Invalid("/service", detail)
    return service
