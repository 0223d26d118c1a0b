"""The table of what a service listens to: event type -> handler."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tocsin_bus.unit_of_work import Cause, UnitOfWork
from tocsin_events.base import Event, Topic
from tocsin_events.envelope import Envelope

Handler = Callable[[Any, UnitOfWork], Awaitable[None]]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True, slots=True)
class Heard:
    """One of several events that are handled together. What follows from it alone is caused by `cause`."""

    event: Any
    cause: Cause


ManyHandler = Callable[[Sequence[Heard], UnitOfWork], Awaitable[None]]
M = TypeVar("M", bound=ManyHandler)


@dataclass(frozen=True)
class DeadLetter:
    """An event that no try could handle. `envelope` is None when its bytes could not be read at all."""

    topic: Topic
    type: str
    envelope: Envelope | None
    reason: str


DeadHandler = Callable[[DeadLetter, UnitOfWork], Awaitable[None]]


class Subscriptions:
    """Handlers by event type. `consumer` is the group: each event reaches each consumer once in effect."""

    def __init__(self, consumer: str) -> None:
        self.consumer = consumer
        self._handlers: dict[type[Event], Handler] = {}
        self._many: dict[type[Event], ManyHandler] = {}
        self._ahead: dict[type[Event], Handler] = {}
        self.dead_handler: DeadHandler | None = None

    def on(self, *kinds: type[Event]) -> Callable[[H], H]:
        """Register the decorated coroutine for these event types; one handler a type.

        It runs inside a unit of work in which the inbox already knows the event, so a redelivery never gets here.
        """

        def register(handler: H) -> H:
            for kind in kinds:
                if kind in self._handlers:
                    raise ValueError(f"{kind.__name__} has a handler already")
                self._handlers[kind] = handler
            return handler

        return register

    def on_many(self, *kinds: type[Event]) -> Callable[[M], M]:
        """The same for events that come in storms: the handler gets all of a batch that follow each other, in order.

        It sets `uow.cause` to an event's own before it emits what follows from that event alone.
        """

        def register(handler: M) -> M:
            async def handle_one(event: Event, uow: UnitOfWork) -> None:
                await handler([Heard(event, uow.cause)], uow)

            self.on(*kinds)(handle_one)
            self._many |= dict.fromkeys(kinds, handler)
            return handler

        return register

    def on_ahead(self, *kinds: type[Event]) -> Callable[[H], H]:
        """Register what is done with these when their teller brings them itself, before it answers (R27).

        The inbox knows the event from then on, so the bus's copy is dropped. Older events of its key may still be on
        the bus: the handler sees to it that they do not undo what this one says.
        """

        def register(handler: H) -> H:
            self._ahead |= dict.fromkeys(kinds, handler)
            return handler

        return register

    def on_dead(self, handler: DeadHandler) -> DeadHandler:
        """Register what is done when an event goes dead, so that nobody waits in vain for its effect (R18)."""
        self.dead_handler = handler
        return handler

    def include(self, other: "Subscriptions") -> None:
        """Take over another table's handlers, under this consumer's name."""
        for kind, handler in other._handlers.items():
            self.on(kind)(handler)
        self._many |= other._many
        self._ahead |= other._ahead

    def many_for(self, event: Event) -> ManyHandler | None:
        """The handler that takes several such events at once, if there is one."""
        return self._many.get(type(event))

    def handler_for(self, event: Event) -> Handler | None:
        """The handler, or None for an event this service does not care about."""
        return self._handlers.get(type(event))

    def ahead_for(self, event: Event) -> Handler | None:
        """The handler for an event that comes ahead of the bus; None when it can wait for the bus."""
        return self._ahead.get(type(event))

    def handles(self, kind: type[Event]) -> bool:
        """True when events of this type have a handler here."""
        return kind in self._handlers

    def topics(self) -> frozenset[Topic]:
        """The topics that the handled types live on."""
        return frozenset(kind.TOPIC for kind in self._handlers)
