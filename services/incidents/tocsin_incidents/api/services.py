"""/api/v1/services: the catalogue of services."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from tocsin_chassis.listing import Listing, ListQueryParams, link_next
from tocsin_chassis.once_told import RequestUnits
from tocsin_chassis.preconditions import IfMatch, etag
from tocsin_chassis.requests import ReadConnection, RequestUnitOfWork
from tocsin_chassis.routing import api_router
from tocsin_incidents.api.dependencies import Configurer, Reader
from tocsin_incidents.api.fields import Link, Name, Remark
from tocsin_incidents.domain.catalogue import Service, complete_map
from tocsin_incidents.domain.errors import UnknownReference
from tocsin_incidents.domain.severity import AlertSeverity, Severity
from tocsin_incidents.store.services import ServiceFilter, ServiceRepository
from tocsin_incidents.usecases.keep_catalogue import (
    add_service,
    change_service,
    put_service,
    remove_service,
    unknown_service,
)
from tocsin_runtime.errors import Code, FieldError, Problem

router = api_router(prefix="/api/v1/services", tags=["services"])

MapBody = dict[AlertSeverity, Severity | None]
SlugText = Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$")]
SlugInPath = Annotated[str, Path(max_length=64, pattern=r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$")]
NOT_NULL = ("name", "slug", "description", "aliases", "severity_map", "auto_resolve")


class ServiceBody(BaseModel):
    """A service as it shall be. `severity_map` completes itself by the default: critical SEV-1 … info none (null)."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    description: Remark = ""
    aliases: list[Name] = Field(default=[], max_length=50)
    team_id: UUID | None = None
    escalation_policy_id: UUID | None = None
    severity_map: MapBody = {}
    auto_resolve: bool = True
    runbook_url: Link | None = None


class NewServiceBody(ServiceBody):
    """Without a slug it gets one made from its name."""

    slug: SlugText | None = None


class ChangeServiceBody(BaseModel):
    """Only what is sent is changed; null takes a team, a policy or a runbook away."""

    model_config = ConfigDict(extra="forbid")
    name: Name | None = None
    slug: SlugText | None = None
    description: Remark | None = None
    aliases: Annotated[list[Name], Field(max_length=50)] | None = None
    team_id: UUID | None = None
    escalation_policy_id: UUID | None = None
    severity_map: MapBody | None = None
    auto_resolve: bool | None = None
    runbook_url: Link | None = None


class ServiceView(BaseModel):
    """One service of the catalogue."""

    id: UUID
    version: int
    slug: str
    name: str
    description: str
    aliases: list[str]
    team_id: UUID | None
    escalation_policy_id: UUID | None
    severity_map: MapBody
    auto_resolve: bool
    runbook_url: str | None

    @staticmethod
    def of(service: Service) -> "ServiceView":
        """The service as the API shows it."""
        return ServiceView(**{name: getattr(service, name) for name in ServiceView.model_fields})


class Filters(BaseModel):
    """Filters of the catalogue. `name` is any that a service goes by: its slug, its name or an alias."""

    slug: Annotated[str | None, Query(max_length=64)] = None
    name: Annotated[str | None, Query(max_length=100)] = None
    team_id: UUID | None = None
    escalation_policy_id: UUID | None = None
    auto_resolve: bool | None = None


@router.get("", response_model=Listing[ServiceView])
async def list_services(
    request: Request,
    response: Response,
    page: ListQueryParams,
    principal: Reader,
    conn: ReadConnection,
    filters: Annotated[Filters, Query()],
) -> Listing[ServiceView]:
    """The catalogue, by name."""
    after = (str(page.after[0]), UUID(page.after[1])) if page.after else None
    wanted = ServiceFilter(**filters.model_dump())
    rows = await ServiceRepository(conn).page(wanted, limit=page.limit + 1, after=after)
    shown, cursor = page.cut(rows, lambda service: [service.name, str(service.id)])
    link_next(request, response, cursor)
    return Listing(items=[ServiceView.of(service) for service in shown], next=cursor)


@router.post("", status_code=201, response_model=ServiceView)
async def create_service(
    body: NewServiceBody, response: Response, principal: Configurer, units: RequestUnits
) -> ServiceView:
    """A new service. 409 when another goes by one of its names."""
    changes = _changes(body.model_dump())
    service = await units.once_told(lambda uow: add_service(uow, changes), UnknownReference)
    response.headers["Location"] = f"/api/v1/services/{service.id}"
    return _answer(service, response)


@router.get("/{service_id}", response_model=ServiceView)
async def read_service(
    service_id: UUID, response: Response, principal: Reader, conn: ReadConnection
) -> ServiceView:
    """One service."""
    service = await ServiceRepository(conn).get(service_id)
    if service is None:
        raise unknown_service(str(service_id))
    return _answer(service, response)


@router.get("/by-slug/{slug}", response_model=ServiceView)
async def read_service_by_slug(
    slug: SlugInPath, response: Response, principal: Reader, conn: ReadConnection
) -> ServiceView:
    """One service by its slug."""
    service = await ServiceRepository(conn).with_slug(slug)
    if service is None:
        raise unknown_service(slug)
    return _answer(service, response)


@router.put("/by-slug/{slug}", response_model=ServiceView)
async def put_service_by_slug(
    slug: SlugInPath,
    body: ServiceBody,
    response: Response,
    principal: Configurer,
    uow: RequestUnitOfWork,
    check: IfMatch,
) -> ServiceView:
    """The whole service as it shall be, for `tocsin apply`: 201 when new, and the same again changes nothing."""
    service, is_new = await put_service(uow, slug, changes=_changes(body.model_dump()), check=check)
    if is_new:
        response.status_code = 201
        response.headers["Location"] = f"/api/v1/services/{service.id}"
    return _answer(service, response)


@router.patch("/{service_id}", response_model=ServiceView)
async def patch_service(
    service_id: UUID,
    body: ChangeServiceBody,
    response: Response,
    principal: Configurer,
    units: RequestUnits,
    check: IfMatch,
) -> ServiceView:
    """Change what is sent."""
    changes = body.model_dump(exclude_unset=True)
    for name in NOT_NULL:
        if name in changes and changes[name] is None:
            detail = "This cannot be null. Leave it out to keep it as it is."
            raise Problem(
                422, Code.INVALID_REQUEST, f"{name}: {detail}", errors=[FieldError(f"/{name}", detail)]
            )
    wanted = _changes(changes)
    service = await units.once_told(
        lambda uow: change_service(uow, service_id, changes=wanted, check=check), UnknownReference
    )
    return _answer(service, response)


@router.delete("/{service_id}", status_code=204)
async def delete_service(
    service_id: UUID, principal: Configurer, uow: RequestUnitOfWork, check: IfMatch
) -> None:
    """Take it out of the catalogue. Its incidents keep its name; its alerts open incidents by the default map."""
    await remove_service(uow, service_id, check=check)


def _changes(body: dict[str, Any]) -> dict[str, Any]:
    changes = dict(body)
    if "aliases" in changes:
        changes["aliases"] = tuple(dict.fromkeys(changes["aliases"]))
    if "severity_map" in changes:
        changes["severity_map"] = complete_map(changes["severity_map"])
    return changes


def _answer(service: Service, response: Response) -> ServiceView:
    response.headers["ETag"] = etag(service.version)
    return ServiceView.of(service)
