"""What is measured: something that takes alerts, with its processes."""

from dataclasses import dataclass, field

import httpx2

from bench.generator import Target
from bench.ledger import Ledger


@dataclass(frozen=True)
class System:
    """A running system. `targets`: `web` for related alerts of one service, `singles` for alerts apart.

    `ledger` is there when the system has a database of which it can be asked what became of the alerts.
    """

    name: str
    processes: dict[str, list[int]]
    targets: dict[str, Target]
    ledger: Ledger | None = None
    client: httpx2.AsyncClient | None = field(default=None, repr=False)
