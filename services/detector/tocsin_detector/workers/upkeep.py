"""What happens by the clock: alerts expire, old bodies go, and the age of what waits is measured."""

from datetime import datetime, timedelta

from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_detector.store.lanes import LaneStore
from tocsin_detector.store.retention import clear_deliveries, clear_receipts
from tocsin_detector.usecases.end_alerts import expire_alerts
from tocsin_detector.usecases.figures import LaneFigures
from tocsin_runtime.clock import monotonic
from tocsin_runtime.reading import OpenReading

LONGEST_GAP = 30.0
"""After so many seconds without a look at the database, senders may not have been heard either."""


class Expiry:
    """Ends alerts that are not told again."""

    def __init__(self, open_uow: OpenUnitOfWork) -> None:
        self._open_uow = open_uow
        self._hearing_since: datetime | None = None
        self._looked = 0.0

    async def run_once(self) -> int:
        """Returns how many ended."""
        async with self._open_uow() as uow:
            if self._hearing_since is None or monotonic() - self._looked > LONGEST_GAP:
                self._hearing_since = uow.now
            ended = await expire_alerts(uow, not_before=self._hearing_since)
        self._looked = monotonic()
        return ended


class Retention:
    """Clears old bodies and receipts."""

    def __init__(self, open_uow: OpenUnitOfWork, *, days: int) -> None:
        self._open_uow = open_uow
        self._kept = timedelta(days=days)

    async def run_once(self) -> int:
        """Returns how many rows went."""
        async with self._open_uow() as uow:
            receipts = await clear_receipts(uow.conn, uow.now)
            return receipts + await clear_deliveries(uow.conn, uow.now - self._kept)


class Backlog:
    """Measures what waits for the lanes."""

    def __init__(self, open_reading: OpenReading, figures: LaneFigures) -> None:
        self._open_reading = open_reading
        self._figures = figures

    async def run_once(self) -> int:
        """Returns 0: there is never more to do."""
        async with self._open_reading() as look:
            waiting, oldest = await LaneStore(look.conn).backlog()
        self._figures.unprocessed.set(waiting)
        self._figures.unprocessed_age.set(max(0.0, (look.now - oldest).total_seconds()) if oldest else 0.0)
        return 0
