"""From the POST to the page in the receiver's hands, at an even rate of alerts that each page somebody."""

import asyncio

from bench.generator import Shot
from bench.session import Session
from bench.system import System

ROW = "POST to page received, 20/s"
RATE = 20.0
CONNECTIONS = 4
WARM = 40
_WITHIN = 60.0


async def measure_paging(session: Session, system: System) -> None:
    """Latency counts from when each alert was due."""
    await warm_up(session, system)
    await session.sink.reset()
    count = int(RATE * session.profile.page_seconds)
    shot = Shot(
        system.targets["singles"],
        connections=CONNECTIONS,
        count=count,
        rate=RATE,
        stamps=True,
    )
    posted = await session.generator.load(shot, system.processes)
    latencies = await arrived(session, posted.run, expected=posted.accepted)
    found = posted.to_arrival(latencies)
    session.note(
        ROW,
        system.name,
        {
            "p50_ms": percentile(found, 50),
            "p99_ms": percentile(found, 99),
            "max_ms": percentile(found, 100),
            "missing": float(posted.accepted - len(found)),
            "errors": float(sum(posted.errors.values())),
            "accept_p50_ms": posted.p50_ms,
            "accept_p99_ms": posted.p99_ms,
            "cpu_ms_while_sending": posted.cpu_ms,
            "foreign_share": posted.foreign_share,
        },
    )


async def warm_up(session: Session, system: System) -> None:
    """The same before it counts, so that every pooled connection has its statements; then all of it is done."""
    shot = Shot(system.targets["singles"], connections=CONNECTIONS, count=WARM, rate=RATE)
    posted = await session.generator.load(shot)
    await arrived(session, posted.run, expected=posted.accepted)


async def arrived(session: Session, run: str, *, expected: int) -> dict[str, int]:
    """Wait until notifications name so many alerts, or no more come."""
    arrivals: dict[str, int] = {}
    async with asyncio.timeout(_WITHIN):
        while True:
            before, arrivals = len(arrivals), await session.sink.arrivals(run)
            if len(arrivals) >= expected or (arrivals and len(arrivals) == before):
                return arrivals
            await asyncio.sleep(2.0)


def percentile(ordered: list[float], percent: int) -> float:
    """Of sorted values, nearest rank; 0 of none."""
    if not ordered:
        return 0.0
    return ordered[max(-(-len(ordered) * percent // 100), 1) - 1]
