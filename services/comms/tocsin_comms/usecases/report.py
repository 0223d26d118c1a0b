"""The public report on an incident: made, moved, published and hidden."""

from dataclasses import replace
from datetime import datetime, timedelta

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_comms.domain.component import Component
from tocsin_comms.domain.errors import IncidentNotKnown, NotForThePublic, NothingToHide
from tocsin_comms.domain.incident import Incident
from tocsin_comms.domain.report import Report, Shown, Update, decide_visibility
from tocsin_comms.domain.revision import Facts, Posted, revise
from tocsin_comms.domain.site import StatusPage
from tocsin_comms.domain.states import Visibility
from tocsin_comms.store.components import ComponentRepository
from tocsin_comms.store.incidents import IncidentRepository
from tocsin_comms.store.pages import PageRepository
from tocsin_comms.store.reports import ReportRepository
from tocsin_comms.usecases.components import show_components
from tocsin_comms.usecases.rules import Rules
from tocsin_runtime.ids import new_id


async def keep_report(
    uow: UnitOfWork, incident: Incident, *, rules: Rules, posted: Posted | None = None
) -> None:
    """Make the report say what the incident now is, if it is to have one, and the components show it."""
    current = await ReportRepository(uow.conn).of_incident(incident.id)
    if current is None and not await _followers(uow, incident):
        return  # as most incidents: they need not queue up for the page
    page = await PageRepository(uow.conn).lock(uow.now)
    followers = await _followers(uow, incident)
    shown = decide_visibility(
        incident,
        current,
        followed=bool(followers),
        mode=page.publish,
        state=page.states[incident.severity],
    )
    if shown.visibility is None:
        return
    facts = _facts(uow, incident, page, followers=followers, shown=shown, rules=rules, posted=posted)
    await _revise(uow, current, facts)


async def publish(
    uow: UnitOfWork, reference: str, *, rules: Rules, title: str | None = None, body: str | None = None
) -> Report:
    """Show an incident to the world, now and until somebody hides it; `title` and `body` replace the drafted
    words.

    What nobody has seen yet begins with one statement of now, not with a trail of drafts.
    Raises IncidentNotKnown, and NotForThePublic for a drill or an incident that is marked internal.
    """
    incident = await _known(uow, reference)
    if incident.drill or not incident.public:
        raise NotForThePublic(
            f"{incident.reference} is {_private(incident)}, so it is not shown to the public."
        )
    page = await PageRepository(uow.conn).lock(uow.now)
    followers = await _followers(uow, incident)
    current = await ReportRepository(uow.conn).of_incident(incident.id)
    unseen = current is None or current.published_at is None
    if current is not None and unseen:
        await ReportRepository(uow.conn).drop_drafts(current)
    shown = Shown(Visibility.PUBLIC, "published_by_hand")
    facts = _facts(uow, incident, page, followers=followers, shown=shown, rules=rules)
    revision = revise(None if unseen else current, facts)
    report = revision.report
    if current is not None and unseen:
        report = replace(report, id=current.id, created_at=current.created_at, version=current.version + 1)
        report = replace(report, title=current.title, title_by_hand=current.title_by_hand)
    if title:
        report = replace(report, title=title, title_by_hand=True)
    report = replace(report, by_hand=True, updated_at=uow.now)
    return await _apply(uow, page, report, told=_worded(revision.told, report, body, uow))


async def hide(uow: UnitOfWork, reference: str) -> Report:
    """Take an incident off the page until somebody publishes it.

    Raises IncidentNotKnown and NothingToHide.
    """
    incident = await _known(uow, reference)
    page = await PageRepository(uow.conn).lock(uow.now)
    current = await ReportRepository(uow.conn).of_incident(incident.id)
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


async def _revise(uow: UnitOfWork, current: Report | None, facts: Facts) -> None:
    revision = revise(current, facts)
    if revision.report != current:
        await _apply(uow, facts.page, revision.report, told=revision.told)


async def _apply(uow: UnitOfWork, page: StatusPage, report: Report, *, told: Update | None) -> Report:
    repository = ReportRepository(uow.conn)
    await repository.save(report)
    if told is not None:
        await repository.say(report, told)
    await show_components(uow, page)
    uow.announce("comms")
    return await repository.of_incident(report.incident_id) or report


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
    page: StatusPage,
    *,
    followers: list[Component],
    shown: Shown,
    rules: Rules,
    posted: Posted | None = None,
) -> Facts:
    return Facts(
        incident=incident,
        page=page,
        followers=followers,
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


async def _followers(uow: UnitOfWork, incident: Incident) -> list[Component]:
    every = await ComponentRepository(uow.conn).all()
    return [component for component in every if component.follows(incident.service_id)]


async def _known(uow: UnitOfWork, reference: str) -> Incident:
    repository = IncidentRepository(uow.conn)
    found = await repository.find(reference)
    followed = await repository.lock(found) if found else None
    if followed is None:
        raise IncidentNotKnown(f"No incident {reference!r}. Give its id or its number, such as INC-42.")
    return followed.incident


def _private(incident: Incident) -> str:
    return "a drill" if incident.drill else "marked internal"
