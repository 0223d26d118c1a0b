"""The catalogue of services is kept: who answers for what, and what its alerts become."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from tocsin_access.directory import Directory, tell
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.directory import ServiceChanged
from tocsin_incidents.domain.catalogue import Service, is_slug, slug_of
from tocsin_incidents.domain.errors import Invalid, NameTaken, NotFound, UnknownReference
from tocsin_incidents.store.services import ServiceRepository
from tocsin_incidents.usecases.record import Check
from tocsin_runtime.ids import new_id

Changes = Mapping[str, Any]
"""Fields of a Service by name, as they shall be."""


async def add_service(uow: UnitOfWork, changes: Changes) -> Service:
    """A new service; without a slug it gets one from its name. Raises Invalid or NameTaken."""
    catalogue = ServiceRepository(uow.conn)
    await catalogue.lock_names()
    slug = changes.get("slug") or slug_of(changes["name"])
    service = Service(new_id(), 1, **{**changes, "slug": slug})
    await _check_references(uow, changes)
    return await _save(uow, service)


async def change_service(
    uow: UnitOfWork, service_id: UUID, *, changes: Changes, check: Check | None = None
) -> Service:
    """Change the named fields. Raises NotFound, Invalid, NameTaken, and whatever `check` raises."""
    catalogue = ServiceRepository(uow.conn)
    await catalogue.lock_names()
    service = await _existing(catalogue, service_id)
    if check is not None:
        check(service.version)
    await _check_references(uow, changes)
    return await _change(uow, service, changes=changes)


async def put_service(
    uow: UnitOfWork, slug: str, *, changes: Changes, check: Check | None = None
) -> tuple[Service, bool]:
    """The service with this slug as it shall be, and whether it is new; the same again changes nothing.

    For configuration as code: a team or policy may have been made a moment ago and be unknown here still.
    """
    catalogue = ServiceRepository(uow.conn)
    await catalogue.lock_names()
    service = await catalogue.with_slug(slug)
    if check is not None:
        check(service.version if service else None)
    if service is None:
        return await _save(uow, Service(new_id(), 1, slug=slug, **changes)), True
    return await _change(uow, service, changes=changes), False


async def remove_service(uow: UnitOfWork, service_id: UUID, *, check: Check | None = None) -> None:
    """Take it out of the catalogue; its incidents keep its name. Raises NotFound."""
    catalogue = ServiceRepository(uow.conn)
    await catalogue.lock_names()
    service = await _existing(catalogue, service_id)
    if check is not None:
        check(service.version)
    await _tell(uow, replace(service, version=service.version + 1, deleted=True))


async def _existing(catalogue: ServiceRepository, service_id: UUID) -> Service:
    service = await catalogue.get(service_id)
    if service is None:
        raise unknown_service(str(service_id))
    return service


def unknown_service(called: str) -> NotFound:
    """What to say when there is no such service."""
    return NotFound(f"There is no service {called[:80]}. GET /api/v1/services lists them.")


async def _change(uow: UnitOfWork, service: Service, *, changes: Changes) -> Service:
    changed = replace(service, **changes)
    if changed == service:
        return service
    return await _save(uow, replace(changed, version=service.version + 1))


async def _save(uow: UnitOfWork, service: Service) -> Service:
    if not is_slug(service.slug):
        detail = (
            "Give a slug of lower-case letters, digits and inner dashes, at most 64, such as checkout-api;"
            " neither “new” nor an id."
        )
        raise Invalid("/slug", detail)
    rivals = await ServiceRepository(uow.conn).called(service.names)
    for rival in rivals:
        if rival.id != service.id:
            shared = ", ".join(sorted(rival.names & service.names))
            raise NameTaken(
                f"“{shared}” is a name of the service {rival.slug}. Choose another, or change that one."
            )
    await _tell(uow, service)
    return service


async def _tell(uow: UnitOfWork, service: Service) -> None:
    await ServiceRepository(uow.conn).save(service)
    event = ServiceChanged(
        id=service.id,
        version=service.version,
        deleted=service.deleted,
        name=service.name,
        slug=service.slug,
        aliases=list(service.aliases),
        description=service.description,
        team_id=service.team_id,
        escalation_policy_id=service.escalation_policy_id,
        severity_map=dict(service.severity_map),
        auto_resolve=service.auto_resolve,
        runbook_url=service.runbook_url,
    )
    await tell(uow, event)
    uow.announce("service")


async def _check_references(uow: UnitOfWork, changes: Changes) -> None:
    directory = Directory(uow.conn)
    team_id, policy_id = changes.get("team_id"), changes.get("escalation_policy_id")
    if team_id is not None and await directory.team(team_id) is None:
        raise UnknownReference("/team_id", "There is no such team. GET /api/v1/teams lists them.")
    if policy_id is not None and await directory.policy(policy_id) is None:
        raise UnknownReference(
            "/escalation_policy_id", "There is no such policy. GET /api/v1/escalation-policies lists them."
        )
