"""What a transport must do. Two do it: Kafka and PostgreSQL; one behaviour suite runs over both."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from tocsin_events.base import Topic
from tocsin_events.envelope import Envelope


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """A part of a topic that keeps its order."""

    topic: Topic
    number: int


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of a partition. `envelope` is None when the bytes are none of ours: then `problem` says why."""

    partition: Partition
    offset: int
    envelope: Envelope | None
    raw_headers: Mapping[str, str]
    raw_data: bytes
    problem: str | None = None


OnRevoked = Callable[[frozenset[Partition]], Awaitable[None]]


class BusUnavailable(Exception):
    """The bus cannot be reached now. Nothing is lost: what waits goes out when it is back."""


class Consumer(Protocol):
    """One member of a group. It owns the partitions that `assigned` names, and no other member owns them then."""

    async def start(self) -> None:
        """Join the group. Raises BusUnavailable."""
        ...

    async def fetch(self, *, wait: float, limit: int) -> dict[Partition, list[Record]]:
        """The next records of the assigned partitions, in order, at most `limit` in all; empty after `wait` seconds.

        Each call goes on where the one before ended. Raises BusUnavailable.
        """
        ...

    def finished(self, partition: Partition, next_offset: int) -> None:
        """All before `next_offset` is done; stored in the background within 100 ms, never backwards."""
        ...

    def rewind(self, partition: Partition, offset: int) -> None:
        """Fetch again from `offset` on."""
        ...

    def assigned(self) -> frozenset[Partition]:
        """What this member owns now."""
        ...

    def behind(self) -> bool:
        """Whether more waits than was fetched, as far as this member knows."""
        ...

    async def lag(self) -> dict[Partition, tuple[int, int]]:
        """For each owned partition the stored position and the end offset."""
        ...

    async def close(self) -> None:
        """Store positions, leave the group, so that others take over at once."""
        ...


class Bus(Protocol):
    """Publish and consume; everything else is built on these."""

    async def start(self) -> None:
        """Make ready to publish. Returns even when the bus is away: `publish` waits for it."""
        ...

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Returns once all are stored in order. It waits as long as the bus is away, and never sends twice by itself.

        Raises BusUnavailable when the outcome is unknown and the caller must send again.
        """
        ...

    def consumer(
        self, *, group: str, topics: Iterable[Topic], on_revoked: OnRevoked, gather: float = 0.0
    ) -> Consumer:
        """A new member of `group`. `on_revoked` is awaited before a partition goes to another member.

        With `gather`, records may come some tenths of a second later, and more of them at once.
        """
        ...

    async def end_offsets(self, topic: Topic) -> dict[Partition, int]:
        """Where the topic ends now. Raises BusUnavailable."""
        ...

    async def positions(self, group: str, topic: Topic) -> dict[Partition, int]:
        """Where the group stands, whoever owns the partitions. Raises BusUnavailable."""
        ...

    async def ready(self) -> bool:
        """True when the bus answers within a second."""
        ...

    async def upkeep(self) -> None:
        """Housekeeping that the transport wants done now and then; safe to call at any time."""
        ...

    def a_key_each(self, topic: Topic) -> Sequence[UUID]:
        """A fixed key that falls on each partition of the topic, in their order, by what is known without asking."""
        ...

    @property
    def shares_fate_with_outbox(self) -> bool:
        """True when the bus is down exactly when the outbox is: there is then no way round it to look for (R22)."""
        ...

    async def close(self) -> None:
        """Stop publishing and free all connections."""
        ...
