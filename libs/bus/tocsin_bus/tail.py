"""The last records that this process has published, so that its own consumers need not fetch them again."""

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice

from tocsin_bus.protocol import Partition, Record
from tocsin_events.envelope import Envelope

LENGTH = 200
"""Records kept of a partition; whoever is further behind asks the database."""


class Tail:
    """The end of each partition as far as this process has written it, without a gap."""

    def __init__(self) -> None:
        self._records: dict[Partition, deque[Record]] = {}

    def extend(self, partition: Partition, start: int, envelopes: Iterable[Envelope]) -> None:
        """These have been committed at `start` and after. What another process wrote before them makes a new tail."""
        kept = self._records.setdefault(partition, deque(maxlen=LENGTH))
        if kept and kept[-1].offset + 1 != start:
            if kept[-1].offset >= start:
                return  # an older publish is told late; what is kept already goes on after it
            kept.clear()
        for offset, envelope in enumerate(envelopes, start=start):
            kept.append(Record(partition, offset, envelope, envelope.headers(), envelope.data))

    def after(self, partition: Partition, start: int, *, limit: int) -> Sequence[Record]:
        """At most `limit` records from `start` on; none when the tail does not reach back so far."""
        kept = self._records.get(partition)
        if not kept or kept[0].offset > start:
            return ()
        first = start - kept[0].offset
        return tuple(islice(kept, first, first + limit))
