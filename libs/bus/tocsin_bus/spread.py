"""Fixed keys that reach every partition of a topic, for what has to be tried everywhere (R21)."""

from collections.abc import Callable
from itertools import count
from uuid import UUID


def a_key_each(partitions: int, falls_on: Callable[[UUID], int]) -> tuple[UUID, ...]:
    """The smallest key that falls on each of the partitions 0, 1, 2…, in their order.

    Always the same ones, so that a compacted topic keeps no more of them than it has partitions.
    """
    found: dict[int, UUID] = {}
    for number in count(1):
        if len(found) == partitions:
            break
        key = UUID(int=number)
        found.setdefault(falls_on(key), key)
    return tuple(found[place] for place in range(partitions))
