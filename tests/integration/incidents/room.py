"""The service without its web server: events go in as handlers get them, what it tells comes out."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select, text

from tocsin_bus.timers import TimerRunner
from tocsin_bus.unit_of_work import Cause, OpenUnitOfWork
from tocsin_events.alerts import Alert, AlertOpened, AlertRepeated, AlertResolved, AlertSeverity
from tocsin_events.base import REGISTRY, Event
from tocsin_incidents.consumers import subscriptions_for, timers_for
from tocsin_incidents.domain.incident import Actor, Incident
from tocsin_incidents.domain.timeline import Entry
from tocsin_incidents.store.incidents import COLUMNS, load
from tocsin_incidents.store.tables import incidents
from tocsin_incidents.store.timeline import TimelineRepository
from tocsin_incidents.usecases.desk import Desk
from tocsin_incidents.usecases.settle import settle_all
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.ids import new_id

E = TypeVar("E", bound=Event)

ANA = Actor(UUID(int=0xA), "Ana")
BO = Actor(UUID(int=0xB), "Bo")
MINUTE = timedelta(minutes=1)


@dataclass
class Room:
    """Every event and timer is handled in a unit of work of its own, as the runners do."""

    open_uow: OpenUnitOfWork
    clock: ManualClock
    desk: Desk
    integration_id: UUID = field(default_factory=new_id)

    def alert(self, group_id: UUID, **changes: Any) -> Alert:
        """A critical alert of that group, received now."""
        now = self.clock.moment
        plain: dict[str, Any] = {
            "alert_id": new_id(),
            "integration_id": self.integration_id,
            "group_id": group_id,
            "group_key": "alertname=High",
            "dedup_key": str(new_id()),
            "severity": AlertSeverity.CRITICAL,
            "title": "Checkout answers 500",
            "source": "alertmanager",
            "started_at": now,
            "received_at": now,
        }
        return Alert(**(plain | changes))

    async def hear(self, *events: Event, cause: Cause | None = None) -> None:
        """Handle each event as the consumer runner would."""
        subscriptions = subscriptions_for(self.desk)
        for event in events:
            handler = subscriptions.handler_for(event)
            assert handler is not None, f"nobody handles {event.TYPE}"
            async with self.open_uow(cause=cause) as uow:
                await handler(event, uow)

    async def fires(self, alert: Alert) -> Alert:
        """The alert opens and all is settled."""
        await self.hear(AlertOpened(alert=alert))
        await self.settle()
        return alert

    async def repeats(self, alert: Alert, **changes: Any) -> None:
        """The alert is told again."""
        before = alert.severity
        alert = alert.model_copy(update={"count": alert.count + 1, **changes})
        previous = before if before != alert.severity else None
        await self.hear(AlertRepeated(alert=alert, previous_severity=previous))
        await self.settle()

    async def clears(self, *alerts: Alert, reason: str = "resolved_by_sender") -> None:
        """The alerts end and all is settled."""
        for alert in alerts:
            await self.hear(AlertResolved(alert=alert, ended_at=self.clock.moment, reason=reason))
        await self.settle()

    async def settle(self) -> None:
        """Run the settling worker until nothing is left to do now."""
        while await settle_all(self.open_uow, self.desk):
            continue

    async def pass_time(self, by: timedelta) -> None:
        """Move on and fire what has come due."""
        self.clock.forward(by)
        await TimerRunner(timers_for(self.desk), self.open_uow).run_once()

    async def incidents(self) -> list[Incident]:
        """All incidents, the first first."""
        async with self.open_uow() as uow:
            rows = await uow.conn.execute(select(*COLUMNS).order_by(incidents.c.number))
            return [load(row) for row in rows]

    async def only(self) -> Incident:
        """The one incident there is."""
        (incident,) = await self.incidents()
        return incident

    async def story(self, incident: Incident | None = None) -> list[Entry]:
        """The timeline, the first entry first."""
        incident = incident or await self.only()
        async with self.open_uow() as uow:
            entries = await TimelineRepository(uow.conn).newest(incident.id, limit=1000)
        return entries[::-1]

    async def told(self, kind: type[E]) -> list[E]:
        """The events of this type that were told, in order."""
        return [event for event in await self.all_told() if isinstance(event, kind)]

    async def all_told(self) -> list[Event]:
        """Everything that was told, in order."""
        async with self.open_uow() as uow:
            rows = await uow.conn.execute(text("SELECT type, data FROM outbox ORDER BY position"))
            return [REGISTRY[row.type].model_validate_json(row.data) for row in rows]

    async def run(self, sql: str, **arguments: object) -> Any:
        """A bare statement, for what no use case does."""
        async with self.open_uow() as uow:
            return await uow.conn.execute(text(sql), arguments)

    def uow(self) -> Any:
        """A unit of work of one's own."""
        return self.open_uow()
