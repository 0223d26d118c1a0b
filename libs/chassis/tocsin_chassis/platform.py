"""What the host gives to each service: one process or five, the services cannot tell."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tocsin_access.access import AskOwner
from tocsin_bus.protocol import Bus
from tocsin_events.envelope import Envelope
from tocsin_runtime.clock import Clock, DatabaseClock
from tocsin_runtime.database import Database
from tocsin_runtime.schemas import role_of
from tocsin_runtime.settings import PlatformSettings

Courier = Callable[[Sequence[Envelope]], Awaitable[None]]
"""Brings events straight to one service, past the bus; returns once that service has committed them (R22)."""


@dataclass(frozen=True)
class Platform:
    """The bus is started and closed by the host, as it may be shared. `couriers` are by service name.

    `heralds` are couriers too, which bring what cannot wait for the bus before an answer is given (R27).
    `wedged` is told the service whose consumer makes no progress; the host decides what to do about it.
    `ask_owner` asks paging about a token that a copy does not know yet; without it paging is asked at its address.
    """

    settings: PlatformSettings
    bus: Bus
    clock: Clock = field(default_factory=DatabaseClock)
    couriers: Mapping[str, Courier] = field(default_factory=dict)
    heralds: Mapping[str, Courier] = field(default_factory=dict)
    wedged: Callable[[str], None] = lambda service: None
    ask_owner: AskOwner | None = None

    def database_for(self, service: str) -> Database:
        """A fresh pool in the service's own role and schema; the service closes it."""
        settings = self.settings
        role = None if settings.has_own_login(service) else role_of(service)
        return Database(settings.database_for(service), schema=service, role=role)
