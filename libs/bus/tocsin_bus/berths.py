"""Room at a runner of this process for what a transaction is about to send: then nobody need claim it (R29).

The row of such a sending is written as claimed already. A page for one incident leaves a transaction earlier for it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tocsin_bus.sending import Sending


class Berth(Protocol):
    """Room for one sending, to be used or given back."""

    def use(self, sending: "Sending", *, since: float) -> None:
        """Send it now: it is committed, and was claimed after the monotonic moment `since`."""
        ...

    def give_back(self) -> None:
        """Nothing was committed, or nobody knows; what was after all is left to whoever claims it when it lapses."""
        ...


Berths = Callable[[str, str], Berth | None]
"""Asks for a berth by provider and destination. There is none while anything else may wait for it."""


def no_berth(_provider: str, _destination: str) -> Berth | None:
    """Where no runner is, whoever has one claims what is due."""
    return None
