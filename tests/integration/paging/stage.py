"""A small stage for paging: people, policies and incidents, and the runners turned by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from prometheus_client import CollectorRegistry

from tocsin_access.directory import tell
from tocsin_bus.send_runner import SendRunner
from tocsin_bus.sending import Outcome, Sending, Sent
from tocsin_bus.timers import TimerRunner
from tocsin_bus.unit_of_work import Cause, OpenUnitOfWork
from tocsin_events.base import Event
from tocsin_events.directory import Role, UserChanged
from tocsin_events.incidents import (
    Incident,
    IncidentAcknowledged,
    IncidentEvent,
    IncidentOpened,
    IncidentStatus,
    Severity,
)
from tocsin_paging.consumers import subscriptions_of
from tocsin_paging.domain.contact import Channel, Contact
from tocsin_paging.domain.links import Links
from tocsin_paging.domain.page import Page
from tocsin_paging.domain.policy import Policy, Step, Target, TargetKind
from tocsin_paging.store.contacts import ContactRepository
from tocsin_paging.store.escalations import Case, EscalationRepository
from tocsin_paging.store.pages import PageFilter, PageRepository
from tocsin_paging.store.policies import PolicyRepository, StoredPolicy
from tocsin_paging.usecases.pager import Figures, Pager
from tocsin_paging.workers.escalate import timers_of
from tocsin_paging.workers.send import OutgoingPages
from tocsin_runtime.clock import ManualClock
from tocsin_runtime.ids import new_id
from tocsin_runtime.metrics import Metrics

MINUTE = timedelta(minutes=1)


def make_pager() -> Pager:
    """A pager with figures of its own."""
    figures = Figures(Metrics(CollectorRegistry(), "paging"))
    return Pager(Links("http://tocsin.test", key=b"k" * 32), figures=figures)


@dataclass
class Tray:
    """A provider that keeps what it is given and answers what it is told to."""

    name: str = Channel.EMAIL.value
    one_place: bool = True
    answers: list[Outcome] = field(default_factory=list)
    taken: list[Sending] = field(default_factory=list)

    async def send(self, sending: Sending) -> Outcome:
        self.taken.append(sending)
        return self.answers.pop(0) if self.answers else Sent("250 taken")


@dataclass
class Stage:
    """Everything a test needs to play an incident; time moves only by `forward`."""

    open_uow: OpenUnitOfWork
    clock: ManualClock
    pager: Pager = field(default_factory=make_pager)
    numbers: int = 41

    async def person(
        self,
        name: str,
        *,
        channels: Sequence[tuple[Channel, str]] = (),
        role: Role = Role.RESPONDER,
        timezone: str = "UTC",
    ) -> UUID:
        """Somebody whom the directory knows; without channels they are reached by their e-mail address."""
        user_id = new_id()
        email = f"{name.lower()}@example.org"
        event = UserChanged(id=user_id, version=1, name=name, email=email, role=role, timezone=timezone)
        async with self.open_uow() as uow:
            await tell(uow, event)
            for channel, address in channels:
                contact = Contact(new_id(), user_id=user_id, channel=channel, address=address)
                await ContactRepository(uow.conn).add(contact, now=uow.now)
        return user_id

    async def policy(self, *steps: Sequence[UUID], repeats: int = 0, default: bool = True) -> UUID:
        """A policy whose steps name people, 5 minutes apart."""
        made = tuple(
            Step(tuple(Target(TargetKind.USER, user) for user in users), 5 * MINUTE) for users in steps
        )
        policy = Policy(new_id(), "Core", steps=made, repeats=repeats)
        stored = StoredPolicy(
            policy, slug=f"core-{policy.id.hex[-6:]}", team_id=None, is_default=default, version=1
        )
        async with self.open_uow() as uow:
            await PolicyRepository(uow.conn).add(stored, now=uow.now)
        return policy.id

    def incident(self, **changes: object) -> Incident:
        """An incident that was detected just now."""
        self.numbers += 1
        now = self.clock.moment
        incident = Incident(
            incident_id=new_id(),
            number=self.numbers,
            version=1,
            title="Checkout is down",
            severity=Severity.SEV2,
            status=IncidentStatus.DETECTED,
            opened_at=now,
            detected_at=now,
            response_due_at=now + 60 * MINUTE,
        )
        return incident.model_copy(update=changes)

    async def open(self, *, cause: Cause | None = None, **changes: object) -> Incident:
        """An incident that opens; paging hears of it."""
        incident = self.incident(**changes)
        await self.hear(IncidentOpened(incident=incident), cause=cause)
        return incident

    async def acknowledged(self, incident: Incident, by: UUID | None, *, name: str = "Somebody") -> None:
        """The incidents service took an answer; `by` is None for a token that acts for nobody."""
        await self.hear(IncidentAcknowledged(incident=incident, actor_id=by, actor_name=name))

    async def hear(self, *events: Event | IncidentEvent, cause: Cause | None = None) -> None:
        """Let paging handle these events, each in a unit of work of its own."""
        for event in events:
            handler = subscriptions_of(self.pager).handler_for(event)
            assert handler is not None
            async with self.open_uow(cause=cause) as uow:
                await handler(event, uow)

    async def forward(self, by: timedelta) -> int:
        """Move time on and fire what is due then."""
        self.clock.forward(by)
        return await TimerRunner(timers_of(self.pager), self.open_uow).run_once()

    async def send(self, provider: object) -> int:
        """Let a provider's runner claim, send and record once."""
        runner = SendRunner(provider, OutgoingPages(self.pager), self.open_uow)  # type: ignore[arg-type]
        return await runner.run_once()

    async def case(self, incident: Incident) -> Case:
        """The escalation as it now is."""
        async with self.open_uow() as uow:
            case = await EscalationRepository(uow.conn).get(incident.incident_id)
        assert case is not None
        return case

    async def pages(self, incident: Incident | None = None) -> list[Page]:
        """The pages of an incident, or all, oldest first."""
        wanted = PageFilter(incident_id=incident.incident_id if incident else None)
        async with self.open_uow() as uow:
            found = await PageRepository(uow.conn).listed(wanted, limit=200)
        return [replace(page) for page in reversed(found)]

    async def told_to(self, incident: Incident) -> list[tuple[int, int, str]]:
        """Who was paged for it: (round, step, name)."""
        return sorted((page.round, page.step, page.user_name) for page in await self.pages(incident))
