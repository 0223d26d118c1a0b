"""How many incidents are open, and how many of them paging seems not to know (R28), for the metrics."""

from datetime import timedelta

from tocsin_incidents.domain.severity import Severity
from tocsin_incidents.store.queries import open_by_severity, unpaged
from tocsin_incidents.usecases.desk import Desk
from tocsin_runtime.reading import OpenReading

HEARD_WITHIN = timedelta(minutes=2)
"""After an incident is opened; a page takes a second, and a provider that hangs is given up after fifteen."""


async def measure_open(open_reading: OpenReading, desk: Desk) -> int:
    """Set the gauges; returns 0, so that the worker waits its turn."""
    async with open_reading() as look:
        counts = await open_by_severity(look.conn)
        silent = await unpaged(look.conn, opened_before=look.now - HEARD_WITHIN)
    for severity in Severity:
        desk.measures.open.labels(str(severity)).set(counts.get(severity, 0))
    desk.measures.unpaged.set(silent)
    return 0
