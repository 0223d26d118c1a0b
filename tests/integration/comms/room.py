"""The comms service in a test: real database, its own consumers and timers, and a clock that the test moves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from prometheus_client import CollectorRegistry, Counter

from tocsin_bus.send_runner import SendRunner
from tocsin_bus.sending import Provider
from tocsin_bus.timers import TimerRunner
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_comms.consumers import subscriptions_for, timers_for
from tocsin_comms.domain.report import Report
from tocsin_comms.domain.site import Site
from tocsin_comms.domain.states import ComponentState
from tocsin_comms.store.components import ComponentRepository
from tocsin_comms.store.incidents import Followed, IncidentRepository
from tocsin_comms.store.messages import Message
from tocsin_comms.store.pages import PageRepository
from tocsin_comms.store.queries import MessageFilter, list_messages, site
from tocsin_comms.store.reports import ReportRepository
from tocsin_comms.usecases.deliver import Deliveries
from tocsin_comms.usecases.rules import Rules
from tocsin_comms.usecases.setup import Wanted, set_up
from tocsin_events.base import REGISTRY, Event
from tocsin_events.incidents import (
    Incident,
    IncidentAcknowledged,
    IncidentOpened,
    IncidentResolved,
    IncidentStatus,
    IncidentStatusChanged,
    IncidentUpdatePosted,
    Severity,
)
from tocsin_runtime.clock import ManualClock

BASE = "https://tocsin.test"
SHOP = UUID(int=1)
MAIL = UUID(int=2)
MINUTE = timedelta(minutes=1)
TEMPLATES = Path(__file__).parents[3] / "services/comms/tocsin_comms/web/templates"


@dataclass
class Story:
    """One incident as the incidents service would tell it; each change is a new version."""

    opened_at: datetime
    incident_id: UUID = field(default_factory=uuid4)
    number: int = 42
    version: int = 0
    facts: dict[str, Any] = field(default_factory=dict)

    def now_is(self, **changed: Any) -> Incident:
        """The incident after these changes."""
        self.version += 1
        self.facts |= changed
        given: dict[str, Any] = {
            "title": "Checkout p99 over 2 s on db-prod-7",
            "severity": Severity.SEV2,
            "status": IncidentStatus.DETECTED,
            "service_id": SHOP,
            "service": "shop",
            "alert_count": 1,
        }
        silence = 15 if self.facts.get("severity") is Severity.SEV1 else 30
        given["next_update_due_at"] = self.opened_at + silence * MINUTE
        return Incident(
            incident_id=self.incident_id,
            number=self.number,
            version=self.version,
            opened_at=self.opened_at,
            detected_at=self.opened_at,
            response_due_at=self.opened_at + timedelta(hours=1),
            **{**given, **self.facts},
        )


class Room:
    """What a test does and sees."""

    def __init__(
        self, open_uow: OpenUnitOfWork, clock: ManualClock, *, provider: Provider | None = None
    ) -> None:
        self.open_uow = open_uow
        self.clock = clock
        self.rules = Rules(BASE, "C0INCIDENTS" if provider else None)
        self.subscriptions = subscriptions_for(self.rules)
        self.timers = TimerRunner(timers_for(self.rules), open_uow)
        counted = Counter("messages", "of a test", ["channel", "outcome"], registry=CollectorRegistry())
        self.sender = SendRunner(provider, Deliveries(counted), open_uow) if provider else None

    def chat_in(self, channel: str) -> None:
        """From now on messages are queued for this channel; nothing sends them."""
        self.rules = Rules(BASE, channel)
        self.subscriptions = subscriptions_for(self.rules)

    async def page(
        self, *components: tuple[str, frozenset[UUID]], publish: str = "automatic", **settings: Any
    ) -> None:
        """Set up the status page with these components."""
        async with self.open_uow() as uow:
            current = await PageRepository(uow.conn).lock()
            values = {"name": "Acme", "publish": type(current.publish)(publish), **settings}
            wanted = [Wanted(name, service_ids=services) for name, services in components]
            changed = type(current)(
                id=current.id,
                version=current.version,
                revision=current.revision,
                updated_at=current.updated_at,
                **values,
            )
            await set_up(uow, current, wanted, settings=changed)

    async def shop(self, publish: str = "automatic", **settings: Any) -> None:
        """A page with a checkout that follows the shop, and a mail that follows the mail service."""
        pair = (("Checkout", frozenset({SHOP})), ("Mail", frozenset({MAIL})))
        await self.page(*pair, publish=publish, **settings)

    async def hear(self, *events: Event) -> None:
        """Consume events, each in a transaction of its own."""
        for event in events:
            handler = self.subscriptions.handler_for(event)
            assert handler is not None, f"comms does not consume {type(event).__name__}"
            async with self.open_uow() as uow:
                await handler(event, uow)

    async def opened(self, number: int = 42, **facts: Any) -> Story:
        """An incident opens."""
        story = Story(self.clock.moment, number=number)
        await self.hear(IncidentOpened(incident=story.now_is(**facts)))
        return story

    async def acknowledged(self, story: Story) -> None:
        """Somebody takes it."""
        now = self.clock.moment
        due = now + 30 * MINUTE
        taken = story.now_is(status=IncidentStatus.ACKNOWLEDGED, acknowledged_at=now, next_update_due_at=due)
        await self.hear(IncidentAcknowledged(incident=taken))

    async def moved(self, story: Story, status: IncidentStatus, **facts: Any) -> None:
        """The lifecycle goes on."""
        previous = story.facts.get("status", IncidentStatus.DETECTED)
        told = story.now_is(status=status, **facts)
        await self.hear(IncidentStatusChanged(incident=told, previous=previous))

    async def updated(
        self,
        story: Story,
        body: str,
        *,
        public: bool = True,
        next_due_at: datetime | None = None,
        **more: Any,
    ) -> None:
        """An update is written."""
        at = self.clock.moment
        due = next_due_at or at + 30 * MINUTE
        told: dict[str, Any] = {"update_id": uuid4(), "body": body, "public": public, "posted_at": at, **more}
        now_is = story.now_is(next_update_due_at=due)
        await self.hear(IncidentUpdatePosted(incident=now_is, next_due_at=due, **told))

    async def resolved(self, story: Story) -> None:
        """It is over."""
        over = story.now_is(
            status=IncidentStatus.RESOLVED, resolved_at=self.clock.moment, next_update_due_at=None
        )
        await self.hear(IncidentResolved(incident=over, reason="by_hand"))

    async def fire(self) -> int:
        """Fire what is due."""
        return await self.timers.run_once()

    async def send(self) -> None:
        """Send until nothing is due."""
        assert self.sender is not None
        while await self.sender.run_once():
            continue

    async def states(self) -> dict[str, ComponentState]:
        """What the components show."""
        async with self.open_uow() as uow:
            return {each.name: each.state for each in await ComponentRepository(uow.conn).all()}

    async def report(self, story: Story) -> Report:
        """The report on an incident; there must be one."""
        found = await self.report_if_any(story)
        assert found is not None
        return found

    async def report_if_any(self, story: Story) -> Report | None:
        """The report, if there is one."""
        async with self.open_uow() as uow:
            return await ReportRepository(uow.conn).of_incident(story.incident_id)

    async def followed(self, story: Story) -> Followed:
        """What comms knows of an incident."""
        async with self.open_uow() as uow:
            found = await IncidentRepository(uow.conn).get(story.incident_id)
        assert found is not None
        return found

    async def site(self) -> Site:
        """What the world sees."""
        async with self.open_uow() as uow:
            return await site(uow.conn, uow.now, base_url=BASE)

    async def messages(self, story: Story) -> Sequence[Message]:
        """What was sent about an incident, the oldest first."""
        async with self.open_uow() as uow:
            wanted = MessageFilter(incident_id=story.incident_id)
            return (await list_messages(uow.conn, wanted, limit=200))[::-1]

    async def told(self, kind: str) -> list[Event]:
        """The events of this type that comms emitted, in order."""
        async with self.open_uow() as uow:
            rows = await uow.conn.exec_driver_sql("SELECT type, data FROM outbox ORDER BY position")
            return [REGISTRY[row.type].model_validate_json(row.data) for row in rows if row.type == kind]
