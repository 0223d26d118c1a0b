"""`/api/v1/integrations`: who may send, with which key."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path, Query, Request, Response

from tocsin_access.dependencies import require
from tocsin_access.principal import Principal
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_chassis.listing import Listing, ListQueryParams, link_next
from tocsin_chassis.preconditions import IfMatch, etag
from tocsin_chassis.requests import ReadConnection, RequestUnitOfWork
from tocsin_chassis.routing import api_router
from tocsin_detector.api.schemas import (
    Action,
    ComparisonOut,
    IntegrationByName,
    IntegrationIn,
    IntegrationOut,
    IntegrationPatch,
    SettingsIn,
    integration_out,
)
from tocsin_detector.api.state import State
from tocsin_detector.domain.errors import NotFound
from tocsin_detector.domain.integration import Integration, Source
from tocsin_detector.store.catalogue import Catalogue
from tocsin_detector.store.integrations import IntegrationFilter, IntegrationRepository
from tocsin_detector.store.queries import DeliveryQueries
from tocsin_detector.usecases.health import Doing, health_of_each
from tocsin_detector.usecases.manage_integrations import (
    Wish,
    WithKey,
    change,
    compare,
    create,
    existing,
    remove,
    revoke,
    rotate,
    upsert,
    wish_of,
)
from tocsin_detector.usecases.warn import Warnings, warnings_about
from tocsin_runtime.errors import Code, Problem

router = api_router(prefix="/api/v1/integrations", tags=["integrations"])
MayRead = Annotated[Principal, Depends(require("alerts:read"))]
MayConfigure = Annotated[Principal, Depends(require("config:write"))]
Text = Annotated[str, Query(max_length=200)]
Slug = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
_IN_A_WISH = {"default_severity": "severity", "body_limit_bytes": "body_limit"}
"""Settings that a wish calls otherwise than the API."""


def integration_filter(
    slug: Text | None = None,
    name: Text | None = None,
    source: Source | None = None,
    service: Text | None = None,
) -> IntegrationFilter:
    """The filters of the list."""
    return IntegrationFilter(slug=slug, name=name, source=source, service=service)


Wanted = Annotated[IntegrationFilter, Depends(integration_filter)]


@router.post("", name="create_integration", status_code=201)
async def create_integration(
    _: MayConfigure, body: IntegrationIn, uow: RequestUnitOfWork, state: State, response: Response
) -> IntegrationOut:
    """Make an integration. The answer holds its key, which is never shown again."""
    wish = Wish(
        name=body.name,
        source=body.source,
        service=body.service,
        secret=body.secret,
        key=body.key,
        **_settings(body.settings),
    )
    made = await create(uow, state.keyring, wish)
    response.headers["Location"] = f"/api/v1/integrations/{made.integration.id}"
    response.headers["ETag"] = etag(made.integration.version)
    response.headers["Cache-Control"] = "no-store"
    return await _made(uow, made, state.public_url)


@router.put("/by-name/{slug}", name="put_integration")
async def put_integration(
    _: MayConfigure,
    slug: Slug,
    body: IntegrationByName,
    uow: RequestUnitOfWork,
    state: State,
    check: IfMatch,
    request: Request,
    response: Response,
) -> IntegrationOut:
    """Make it so: 201 when it is new (then with its key), else 200. The same body twice changes nothing."""
    known = await IntegrationRepository(uow.conn).named(slug, lock=True)
    if known is not None:
        check(known.version)
    elif "if-match" in request.headers:
        raise Problem(
            412, Code.CHANGED_MEANWHILE, f"There is no integration {slug}; leave If-Match out to make it."
        )
    made = await upsert(uow, state.keyring, slug, _wish(slug, body))
    response.status_code = 201 if made.created else 200
    response.headers["ETag"] = etag(made.integration.version)
    return await _made(uow, made, state.public_url)


@router.post("/by-name/{slug}/compare", name="compare_integration")
async def compare_integration(
    _: MayConfigure, slug: Slug, body: IntegrationByName, uow: RequestUnitOfWork, state: State
) -> ComparisonOut:
    """What PUT of the same body would do, without doing it: keys and secrets, which no answer shows, are compared."""
    # A ReadConnection would be a second one beside that of an Idempotency-Key: many at once would wait for ever.
    fields = await compare(IntegrationRepository(uow.conn), state.keyring, slug, _wish(slug, body))
    action: Action = "create" if fields is None else "change" if fields else "keep"
    return ComparisonOut(action=action, fields=fields or [])


@router.get("", name="list_integrations")
async def list_integrations(
    _: MayRead,
    wanted: Wanted,
    query: ListQueryParams,
    conn: ReadConnection,
    state: State,
    request: Request,
    response: Response,
) -> Listing[IntegrationOut]:
    """Integrations by name, with their health."""
    after = (str(query.after[0]), UUID(query.after[1])) if query.after else None
    found = await IntegrationRepository(conn).page(wanted, after=after, limit=query.limit + 1)
    shown, cursor = query.cut(found, lambda one: [one.name, str(one.id)])
    link_next(request, response, cursor)
    warnings = await warnings_about(Catalogue(conn), shown)
    doing = await health_of_each(DeliveryQueries(conn), shown)
    items = [_with_health(one, doing, state.public_url, warnings) for one in shown]
    return Listing(items=items, next=cursor)


@router.get("/{integration_id}", name="get_integration")
async def get_integration(
    _: MayRead, integration_id: UUID, conn: ReadConnection, state: State, response: Response
) -> IntegrationOut:
    """One integration, with its health."""
    known = await IntegrationRepository(conn).get(integration_id)
    if known is None:
        raise NotFound(f"There is no integration {integration_id}.")
    response.headers["ETag"] = etag(known.version)
    warnings = await warnings_about(Catalogue(conn), [known])
    return _with_health(
        known, await health_of_each(DeliveryQueries(conn), [known]), state.public_url, warnings
    )


@router.patch("/{integration_id}", name="change_integration")
async def change_integration(
    _: MayConfigure,
    integration_id: UUID,
    body: IntegrationPatch,
    uow: RequestUnitOfWork,
    state: State,
    check: IfMatch,
    response: Response,
) -> IntegrationOut:
    """Change what is given. Source and key stay; `rotate` gives another key."""
    known = await existing(uow, integration_id)
    check(known.version)
    given = body.model_dump(exclude_unset=True, include={"name", "service", "secret"})
    settings = _settings(body.settings, only_given=True) if body.settings is not None else {}
    changed = await change(uow, state.keyring, known, wish_of(known, **given, **settings))
    if body.revoked:
        changed = await revoke(uow, state.keyring, integration_id)
    response.headers["ETag"] = etag(changed.version)
    return await _made(uow, WithKey(changed, None), state.public_url)


@router.post("/{integration_id}/rotate", name="rotate_integration_key", status_code=201)
async def rotate_key(
    _: MayConfigure,
    integration_id: UUID,
    uow: RequestUnitOfWork,
    state: State,
    check: IfMatch,
    response: Response,
) -> IntegrationOut:
    """A fresh key; the old one opens nothing from now on."""
    check((await existing(uow, integration_id)).version)
    made = await rotate(uow, state.keyring, integration_id)
    response.headers["ETag"] = etag(made.integration.version)
    response.headers["Cache-Control"] = "no-store"
    return await _made(uow, made, state.public_url)


@router.delete("/{integration_id}", name="delete_integration", status_code=204)
async def delete_integration(
    _: MayConfigure, integration_id: UUID, uow: RequestUnitOfWork, state: State, check: IfMatch
) -> None:
    """Delete it; its alerts and deliveries stay."""
    check((await existing(uow, integration_id)).version)
    await remove(uow, state.keyring, integration_id)


async def _made(uow: UnitOfWork, made: WithKey, public_url: str) -> IntegrationOut:
    integration = made.integration
    warnings = await warnings_about(Catalogue(uow.conn), [integration])
    return integration_out(
        integration, public_url=public_url, key=made.key, warnings=warnings.get(integration.id, ())
    )


def _with_health(
    integration: Integration, doing: Mapping[UUID, Doing], public_url: str, warnings: Warnings
) -> IntegrationOut:
    health = doing[integration.id].health
    return integration_out(
        integration, public_url=public_url, health=health, warnings=warnings.get(integration.id, ())
    )


def _wish(slug: str, body: IntegrationByName) -> Wish:
    return Wish(
        name=body.name or slug,
        source=body.source,
        service=body.service,
        secret=body.secret,
        key=body.key,
        **_settings(body.settings),
    )


def _settings(settings: SettingsIn, *, only_given: bool = False) -> dict[str, Any]:
    """What a wish calls them: all, those left out at their defaults, or only those that were sent."""
    given = settings.model_dump(exclude_unset=only_given)
    return {_IN_A_WISH.get(name, name): value for name, value in given.items()}
