"""The public report on an incident: made, moved, published and hidden."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from tocsin_bus.unit_of_work import Cause, UnitOfWork
from tocsin_comms.domain.component import followers
from tocsin_comms.domain.errors import IncidentNotKnown, NotForThePublic, NothingToHide
from tocsin_comms.domain.incident import Incident
from tocsin_comms.domain.report import Report, Shown, Update, decide_visibility
from tocsin_comms.domain.revision import Facts, Posted, revise
from tocsin_comms.domain.states import Visibility
from tocsin_comms.store.components import ComponentRepository
from tocsin_comms.store.incidents import IncidentRepository
from tocsin_comms.store.pages import PageRepository
from tocsin_comms.store.reports import ReportRepository
from tocsin_comms.usecases.components import OpenPage, open_page
from tocsin_comms.usecases.rules import Rules
from tocsin_runtime.ids import new_id


@dataclass(frozen=True, slots=True)
class Turn:
    """An incident as an event left it, and what a person then wrote for the public."""

    incident: Incident
    cause: Cause
    posted: Posted | None = None


async def keep_reports(
    uow: UnitOfWork, turns: Sequence[Turn], *, unreported: Container[UUID], rules: Rules
) -> None:
    """Make the reports say, turn by turn, what the incidents now are, if they are to have any, and the components show
    it.

    The incidents are locked. Those that are `unreported` cannot have a report yet: they are new.
    """
    incidents = {turn.incident.id for turn in turns}
    reports = await ReportRepository(uow.conn).bare([id_ for id_ in incidents if id_ not in unreported])
    components = await ComponentRepository(uow.conn).all()
    if not reports and not any(followers(components, turn.incident) for turn in turns):
        return  # as most incidents: they need not queue up for the page
    page = await open_page(uow, await PageRepository(uow.conn).lock(), reports=reports)
    for turn in turns:
        uow.cause = turn.cause
        await _keep(uow, page, turn, rules=rules)
    await page.close()


async def publish(
    uow: UnitOfWork, named: UUID | int, *, rules: Rules, title: str | None = None, body: str | None = None
) -> Report:
    """Show an incident to the world, now and until somebody hides it; `title` and `body` replace the drafted
    words.

    What nobody has seen yet begins with one statement of now, not with a trail of drafts.
    Raises IncidentNotKnown, and NotForThePublic for a drill or an incident that is marked internal.
    """
    incident = await _known(uow, named)
    if incident.drill or not incident.public:
        raise NotForThePublic(
            f"{incident.reference} is {_private(incident)}, so it is not shown to the public."
        )
    page = await _page_for(uow, incident)
    current = page.report(incident.id)
    unseen = current is None or current.published_at is None
    if current is not None and unseen:
        await ReportRepository(uow.conn).drop_drafts(current)
    shown = Shown(Visibility.PUBLIC, "published_by_hand")
    facts = _facts(uow, incident, page, shown=shown, rules=rules)
    revision = revise(None if unseen else current, facts)
    report = revision.report
    if current is not None and unseen:
        report = replace(report, id=current.id, created_at=current.created_at, version=current.version + 1)
        report = replace(report, title=current.title, title_by_hand=current.title_by_hand)
    if title:
        report = replace(report, title=title, title_by_hand=True)
    report = replace(report, by_hand=True, updated_at=uow.now)
    return await _apply(uow, page, report, told=_worded(revision.told, report, body, uow))


async def hide(uow: UnitOfWork, named: UUID | int) -> Report:
    """Take an incident off the page until somebody publishes it.

    Raises IncidentNotKnown and NothingToHide.
    """
    incident = await _known(uow, named)
    page = await _page_for(uow, incident)
    current = page.report(incident.id)
    if current is None:
        raise NothingToHide(f"{incident.reference} has no public report; there is nothing to hide.")
    hidden = replace(
        current,
        visibility=Visibility.HIDDEN,
        reason="hidden_by_hand",
        by_hand=True,
        version=current.version + 1,
        updated_at=uow.now,
    )
    return await _apply(uow, page, hidden, told=None)


async def _keep(uow: UnitOfWork, page: OpenPage, turn: Turn, *, rules: Rules) -> None:
    incident, current = turn.incident, page.report(turn.incident.id)
    shown = decide_visibility(
        incident,
        current,
        followed=bool(followers(page.components, incident)),
        mode=page.settings.publish,
        state=page.settings.states[incident.severity],
    )
    if shown.visibility is None:
        return
    revision = revise(current, _facts(uow, incident, page, shown=shown, rules=rules, posted=turn.posted))
    if revision.report != current:
        await page.put(revision.report, told=revision.told)


async def _page_for(uow: UnitOfWork, incident: Incident) -> OpenPage:
    settings = await PageRepository(uow.conn).lock()
    return await open_page(uow, settings, reports=await ReportRepository(uow.conn).bare([incident.id]))


async def _apply(uow: UnitOfWork, page: OpenPage, report: Report, *, told: Update | None) -> Report:
    await page.put(report, told=told)
    await page.close()
    uow.announce("comms")
    return await ReportRepository(uow.conn).of_incident(report.incident_id) or report


def _worded(told: Update | None, report: Report, body: str | None, uow: UnitOfWork) -> Update | None:
    """The statement with a person's words in place of the draft's."""
    if not body:
        return told
    if told is not None:
        return replace(told, body=body, author="person")
    return Update(new_id(), report.status, body, uow.now, author="person", affected=report.affected)


def _facts(
    uow: UnitOfWork,
    incident: Incident,
    page: OpenPage,
    *,
    shown: Shown,
    rules: Rules,
    posted: Posted | None = None,
) -> Facts:
    return Facts(
        incident=incident,
        page=page.settings,
        followers=followers(page.components, incident),
        shown=shown,
        interval=_until_told(incident, rules, now=uow.now),
        now=uow.now,
        report_id=new_id(),
        update_id=new_id(),
        posted=posted,
    )


def _until_told(incident: Incident, rules: Rules, *, now: datetime) -> timedelta:
    """Within what the next update is promised; at least a minute."""
    due = incident.update_due_at
    if due is None or due <= now:
        return rules.cadence.interval(incident.severity)
    return max(due - now, timedelta(minutes=1))


async def _known(uow: UnitOfWork, named: UUID | int) -> Incident:
    repository = IncidentRepository(uow.conn)
    found = await repository.find(named)
    followed = await repository.lock(found) if found else None
    if followed is None:
        called = f"INC-{named}" if isinstance(named, int) else str(named)
        raise IncidentNotKnown(f"No incident {called}. Give its id or its number, such as INC-42.")
    return followed.incident


def _private(incident: Incident) -> str:
    return "a drill" if incident.drill else "marked internal"
