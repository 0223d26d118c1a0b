"""Handlers that fail in the ways that handlers fail, and records to hand to them."""

from collections.abc import Callable, Sequence
from uuid import UUID

from tests.ledger import SCHEMA, envelope, record_effect
from tocsin_bus.protocol import Partition, Record
from tocsin_bus.subscriptions import DeadLetter, Subscriptions
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_events.base import Topic
from tocsin_events.envelope import Envelope
from tocsin_events.status import ComponentStateChanged


class Refused(Exception):
    """The handler cannot handle this event, however often it tries."""


class Ledger:
    """Subscriptions that record effects, except while `broken` says why a number fails."""

    def __init__(self) -> None:
        self.subscriptions = Subscriptions(SCHEMA)
        self.broken: dict[int, Callable[[], Exception]] = {}
        self.tries: list[int] = []
        self.dead: list[DeadLetter] = []
        self.on_effect: Callable[[UnitOfWork, int], None] = lambda uow, number: None

        @self.subscriptions.on(ComponentStateChanged)
        async def record(event: ComponentStateChanged, uow: UnitOfWork) -> None:
            number = int(event.name)
            self.tries.append(number)
            await record_effect(uow, event)
            self.on_effect(uow, number)
            if number in self.broken:
                raise self.broken[number]()

        @self.subscriptions.on_dead
        async def buried(letter: DeadLetter, uow: UnitOfWork) -> None:
            self.dead.append(letter)
            if letter.envelope is not None:
                uow.schedule("fallback-page", letter.envelope.key, uow.now)


def records(key: UUID, numbers: Sequence[int]) -> list[Record]:
    """Records of one partition, as a consumer fetches them."""
    return [as_record(envelope(key, number), offset=number) for number in numbers]


def as_record(one: Envelope, *, offset: int = 0) -> Record:
    """One envelope as it comes from the bus."""
    return Record(Partition(Topic.STATUS, 0), offset, one, one.headers(), one.data)
