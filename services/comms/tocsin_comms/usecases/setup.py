"""Setting up the page and its components, all at once or one by one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_comms.domain.component import Component
from tocsin_comms.domain.errors import ComponentNotKnown, Misnamed, NameTaken
from tocsin_comms.domain.site import StatusPage
from tocsin_comms.store.components import ComponentRepository
from tocsin_comms.store.pages import PageRepository
from tocsin_comms.usecases.components import show_components
from tocsin_runtime.ids import new_id


@dataclass(frozen=True, slots=True)
class Wanted:
    """A component as somebody wants it. Without `id` the one with that name is meant, whatever its case."""

    name: str
    description: str = ""
    group: str | None = None
    service_ids: frozenset[UUID] = frozenset()
    id: UUID | None = None


async def set_up(
    uow: UnitOfWork, page: StatusPage, wanted: Sequence[Wanted], *, settings: StatusPage
) -> tuple[StatusPage, bool]:
    """Make the page as described, its components in this order; what is not named goes.

    `page` is the locked row. The same description twice changes nothing: then the second value is false.
    Raises NameTaken, and Misnamed with a pointer into `components`.
    """
    repository = ComponentRepository(uow.conn)
    before = await repository.all()
    after = _matched(before, wanted)
    fresh = replace(
        settings, id=page.id, version=page.version, revision=page.revision, updated_at=page.updated_at
    )
    if after == before and fresh == page:
        return page, False
    await repository.remove([gone.id for gone in before if gone.id not in {kept.id for kept in after}])
    await _write(repository, before, after, uow)
    fresh = replace(fresh, version=page.version + 1, updated_at=uow.now)
    await PageRepository(uow.conn).save(fresh)
    await show_components(uow, fresh)
    uow.announce("comms")
    return fresh, True


async def put_component(uow: UnitOfWork, wanted: Wanted, *, position: int | None = None) -> Component:
    """Add a component at the end, or change the one with that id. Raises NameTaken and ComponentNotKnown."""
    page = await PageRepository(uow.conn).lock()
    before = await ComponentRepository(uow.conn).all()
    if wanted.id is not None and wanted.id not in {component.id for component in before}:
        raise ComponentNotKnown(f"The page has no component {wanted.id}.")
    if wanted.id is None and any(component.name.lower() == wanted.name.lower() for component in before):
        raise NameTaken(f"The page has a component called {wanted.name!r} already.")
    every = [wanted_of(component) for component in before if component.id != wanted.id]
    places = {component.id: place for place, component in enumerate(before)}
    place = position if position is not None else places.get(wanted.id or new_id(), len(every))
    every.insert(place, wanted)
    await set_up(uow, page, every, settings=page)
    after = await ComponentRepository(uow.conn).all()
    return next(component for component in after if component.name.lower() == wanted.name.lower())


async def remove_component(uow: UnitOfWork, component_id: UUID) -> None:
    """Take a component and its history off the page. Raises ComponentNotKnown."""
    page = await PageRepository(uow.conn).lock()
    before = await ComponentRepository(uow.conn).all()
    kept = [wanted_of(component) for component in before if component.id != component_id]
    if len(kept) == len(before):
        raise ComponentNotKnown(f"The page has no component {component_id}.")
    await set_up(uow, page, kept, settings=page)


def _matched(before: Sequence[Component], wanted: Sequence[Wanted]) -> list[Component]:
    by_id = {component.id: component for component in before}
    claimed = {each.id for each in wanted}
    by_name = {known.name.lower(): known for known in before if known.id not in claimed}
    seen: set[str] = set()
    after = []
    for position, each in enumerate(wanted):
        if each.name.lower() in seen:
            raise NameTaken(f"Two components are called {each.name!r}. Give each its own name.")
        seen.add(each.name.lower())
        if each.id is not None and each.id not in by_id:
            detail = f"The page has no component {each.id}. Leave the id out to add a new one."
            raise Misnamed(f"/components/{position}/id", detail)
        known = by_id[each.id] if each.id else by_name.get(each.name.lower())
        described = known or Component(new_id(), each.name, position)
        after.append(
            replace(
                described,
                name=each.name,
                position=position,
                description=each.description,
                group=each.group,
                service_ids=each.service_ids,
            )
        )
    return after


async def _write(
    repository: ComponentRepository, before: Sequence[Component], after: Sequence[Component], uow: UnitOfWork
) -> None:
    known = {component.id: component for component in before}
    renamed = [each for each in after if each.id in known and known[each.id].name != each.name]
    for each in renamed:  # names may be swapped, and no two may be equal even for a moment
        await repository.save(replace(each, name=f"{each.id}"), uow.now)
    for each in after:
        if each.id not in known:
            await repository.add(each, uow.now)
        elif known[each.id] != each:
            await repository.save(each, uow.now)


def wanted_of(component: Component) -> Wanted:
    """What somebody would have to want to get this component."""
    return Wanted(
        component.name, component.description, component.group, component.service_ids, id=component.id
    )
