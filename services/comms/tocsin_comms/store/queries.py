"""What pages and lists read."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_comms.domain.report import Report
from tocsin_comms.domain.site import ShownComponent, Site, StatusPage
from tocsin_comms.domain.uptime import daily, share_up
from tocsin_comms.store.components import ComponentRepository
from tocsin_comms.store.incidents import Followed, load
from tocsin_comms.store.maintenances import MaintenanceRepository
from tocsin_comms.store.messages import Message
from tocsin_comms.store.pages import PageRepository
from tocsin_comms.store.reports import ReportRepository
from tocsin_comms.store.tables import incidents, messages

WINDOW = timedelta(days=90)
MOST_REPORTS = 100
MOST_WORKS = 20
MOST_INCIDENTS = 50
_RUNNING = incidents.c.status.not_in(("resolved", "closed"))


@dataclass(frozen=True, slots=True)
class Told:
    """An open incident beside what the world is told of it."""

    followed: Followed
    report: Report | None


@dataclass(frozen=True, slots=True)
class HowMany:
    """The number of open incidents, and of those among them whose update is overdue."""

    open: int
    overdue: int


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """What a list of messages is narrowed to; None means any. `incident_id` may be the incident's number.

    Without `dropped` those are left out that were never sent because newer ones said more.
    """

    incident_id: UUID | int | None = None
    channel: str | None = None
    state: str | None = None
    kind: str | None = None
    dropped: bool = True


async def site(
    conn: AsyncConnection, now: datetime, *, base_url: str, page: StatusPage | None = None
) -> Site:
    """All that the world may see at `now`; a page without components when nothing was set up.

    Links lead to the page's own address if it has one, else to `base_url`. Who has read the page's row gives it: it
    must be read before all the rest, so that its revision never promises more than is there.
    """
    page = page or await PageRepository(conn).load()
    components = await ComponentRepository(conn).all()
    history = await ComponentRepository(conn).history(now - WINDOW)
    shown = [
        ShownComponent(
            component,
            daily(history.get(component.id, []), now, zone=page.zone, days=WINDOW.days),
            share_up(history.get(component.id, []), now, days=WINDOW.days),
        )
        for component in components
    ]
    works = await MaintenanceRepository(conn).since(now - WINDOW)
    return Site(
        page=page,
        base_url=page.url.rstrip("/") or base_url,
        now=now,
        components=tuple(shown),
        reports=tuple(await ReportRepository(conn).shown(now - WINDOW, MOST_REPORTS)),
        works=tuple(works[-MOST_WORKS:]),
    )


async def open_incidents(conn: AsyncConnection) -> list[Told]:
    """What is open, at most MOST_INCIDENTS: the one whose update is due first at the top, then the gravest."""
    due_first = (incidents.c.update_due_at.nulls_last(), incidents.c.severity, incidents.c.number)
    query = select(incidents).where(_RUNNING).order_by(*due_first).limit(MOST_INCIDENTS)
    followed = [load(row) for row in (await conn.execute(query)).mappings()]
    reports = await ReportRepository(conn).of_incidents([each.incident.id for each in followed])
    return [Told(each, reports.get(each.incident.id)) for each in followed]


async def how_many_open(conn: AsyncConnection) -> HowMany:
    """How many incidents are open in all, also where a list shows only some."""
    overdue = func.count().filter(incidents.c.update_overdue_since.is_not(None))
    row = (await conn.execute(select(func.count(), overdue).where(_RUNNING))).one()
    return HowMany(row[0], overdue=row[1])


async def told_of(conn: AsyncConnection, incident_id: UUID) -> Told | None:
    """One incident beside what the world is told of it; null when comms never heard of it."""
    query = select(incidents).where(incidents.c.id == incident_id)
    row = (await conn.execute(query)).mappings().one_or_none()
    if row is None:
        return None
    reports = await ReportRepository(conn).of_incidents([incident_id])
    return Told(load(row), reports.get(incident_id))


async def list_messages(
    conn: AsyncConnection, wanted: MessageFilter, *, limit: int, before: int | None = None
) -> list[Message]:
    """Messages, the newest first; those queued before the one at position `before`."""
    query = select(messages, incidents.c.number).outerjoin(
        incidents, incidents.c.id == messages.c.incident_id
    )
    query = query.where(*_conditions(wanted))
    if before is not None:
        query = query.where(messages.c.position < before)
    rows = await conn.execute(query.order_by(messages.c.position.desc()).limit(limit))
    return [Message(**row) for row in rows.mappings()]


def _conditions(wanted: MessageFilter) -> list[Any]:
    same = {name: getattr(wanted, name) for name in ("channel", "state", "kind")}
    conditions: list[Any] = [messages.c[name] == value for name, value in same.items() if value is not None]
    if wanted.incident_id is not None:
        conditions.append(_of_incident(wanted.incident_id))
    if not wanted.dropped:
        conditions.append(messages.c.state != "dropped")
    return conditions


def _of_incident(ref: UUID | int) -> Any:
    return incidents.c.number == ref if isinstance(ref, int) else messages.c.incident_id == ref
