"""How many incidents are open, for the metrics."""

from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_incidents.domain.severity import Severity
from tocsin_incidents.store.queries import open_by_severity
from tocsin_incidents.usecases.desk import Desk


async def measure_open(open_uow: OpenUnitOfWork, desk: Desk) -> int:
    """Set the gauge; returns 0, so that the worker waits its turn."""
    async with open_uow() as uow:
        counts = await open_by_severity(uow.conn)
    for severity in Severity:
        desk.measures.open.labels(str(severity)).set(counts.get(severity, 0))
    return 0
