"""Making components show what the open public incidents, and planned work, make of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_comms.domain.component import Change, Component, Trouble, changes, oldest
from tocsin_comms.domain.maintenance import in_maintenance
from tocsin_comms.domain.report import Report, Update
from tocsin_comms.domain.site import StatusPage
from tocsin_comms.store.components import ComponentRepository
from tocsin_comms.store.maintenances import MaintenanceRepository
from tocsin_comms.store.pages import PageRepository
from tocsin_comms.store.reports import ReportRepository
from tocsin_events.status import ComponentState, ComponentStateChanged

PUBLISHER = "publish"
"""The worker that renders the page anew."""


class OpenPage:
    """The page with what it follows from, read once, however many reports then change; its row must be locked.

    All that makes components show something is written under that lock, so only what is put here changes meanwhile.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        settings: StatusPage,
        *,
        components: Sequence[Component],
        worked_on: frozenset[UUID],
        others: Sequence[Trouble],
        reports: Mapping[UUID, Report],
    ) -> None:
        self.settings = settings
        self.components = list(components)
        self._uow = uow
        self._worked_on = worked_on
        self._others = others
        self._reports = dict(reports)
        self._put: set[UUID] = set()
        self._told: list[tuple[UUID, Update]] = []
        self._derived_from: tuple[Trouble, ...] | None = None

    def report(self, incident_id: UUID) -> Report | None:
        """The report on one of the incidents that it was opened for, as it now is."""
        return self._reports.get(incident_id)

    async def put(self, report: Report, *, told: Update | None) -> None:
        """The report is so from now on, and says that; the components follow at once. `close` writes both."""
        self._reports[report.incident_id] = report
        self._put.add(report.incident_id)
        if told is not None:
            self._told.append((report.id, told))
        await self.derive()

    async def derive(self) -> None:
        """Derive every component's state; keep and tell what changed."""
        mine = [report.trouble for report in self._reports.values()]
        troubles = oldest([*self._others, *(trouble for trouble in mine if trouble is not None)])
        if troubles == self._derived_from:
            return  # as in a storm, where the next incident is one more of the same
        self._derived_from = troubles
        for change in changes(
            self.components, troubles, states=self.settings.states, in_maintenance=self._worked_on
        ):
            await self._show(change)

    async def close(self) -> None:
        """Write what was put, and have the page rendered anew if anything was derived from it."""
        if self._derived_from is None:
            return
        repository = ReportRepository(self._uow.conn)
        if self._put:
            await repository.save([self._reports[incident_id] for incident_id in self._put])
        await repository.say(self._told)
        await PageRepository(self._uow.conn).touch(self.settings, self._uow.now)
        self._uow.wake(PUBLISHER)
        self._uow.announce("status")

    async def _show(self, change: Change) -> None:
        component, now = change.component, self._uow.now
        await ComponentRepository(self._uow.conn).show(component.id, change.verdict, now)
        self._uow.emit(_event(self._uow, change))
        place = self.components.index(component)
        self.components[place] = replace(
            component, state=change.verdict.state, state_since=now, updated_at=now
        )


async def open_page(uow: UnitOfWork, settings: StatusPage, *, reports: Mapping[UUID, Report]) -> OpenPage:
    """The page for changing the reports on some incidents: `reports` are those there are. `settings` is its locked
    row.
    """
    works = await MaintenanceRepository(uow.conn).since(uow.now)
    return OpenPage(
        uow,
        settings,
        components=await ComponentRepository(uow.conn).all(),
        worked_on=in_maintenance(works, uow.now),
        others=await ReportRepository(uow.conn).troubles(besides=reports.keys()),
        reports=reports,
    )


async def show_components(uow: UnitOfWork, page: StatusPage) -> None:
    """Derive every component's state, keep and tell what changed, and have the page rendered anew.

    The page's row must be locked; `page` is that row.
    """
    opened = await open_page(uow, page, reports={})
    await opened.derive()
    await opened.close()


def _event(uow: UnitOfWork, change: Change) -> ComponentStateChanged:
    return ComponentStateChanged(
        component_id=change.component.id,
        name=change.component.name,
        previous=ComponentState(change.component.state.value),
        state=ComponentState(change.verdict.state.value),
        incident_id=change.verdict.incident_id,
        at=uow.now,
    )
