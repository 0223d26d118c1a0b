"""A storm: 5,000 related alerts of one service in 10 s, while another service's alerts page as ever."""

import asyncio

from bench.configuration import SERVICES_PATH
from bench.generator import Measured, Shot
from bench.rows.page import CONNECTIONS, RATE, arrived, percentile, warm_up
from bench.session import Session
from bench.system import System

ROW = "storm, 5,000 related alerts in 10 s"
ALERTS, SECONDS = 5_000, 10.0
_WITHIN = 300.0


async def measure_storm(session: Session, system: System) -> None:
    """Nothing of the service `storm` may have happened before."""
    assert system.ledger is not None
    await warm_up(session, system)
    calm, calm_pages = await _others(session, system)
    await session.sink.reset()
    before = await system.ledger.counts()
    shot = Shot(system.targets["storm"], connections=16, count=ALERTS, rate=ALERTS / SECONDS, stamps=True)
    storm, (_, pages) = await asyncio.gather(
        session.generator.load(shot, system.processes), _others(session, system, within=SECONDS)
    )
    others = int(RATE * SECONDS)
    after = await system.ledger.through(before, alerts=storm.accepted + others, pages=others, within=_WITHIN)
    arrivals = await arrived(session, storm.run, expected=1)
    traffic = await session.sink.traffic(SERVICES_PATH)
    session.note(
        ROW,
        system.name,
        {
            "first_page_ms": (min(arrivals.values()) - storm.stamps[0]) / 1e6,
            "notifications": float(traffic.count),
            "last_page_s": max(0.0, (traffic.last_ns - storm.end_ns) / 1e9),
            "refused": float(storm.sent - storm.accepted),
            "lost": float(storm.accepted + others - (after.joined - before.joined)),
            "accept_p50_ms": storm.p50_ms,
            "accept_p99_ms": storm.p99_ms,
            "calm_accept_p99_ms": calm.p99_ms,
            "accept_p99_ratio": storm.p99_ms / calm.p99_ms,
            "cpu_ms_while_sending": storm.cpu_ms,
            **{f"cpu_ms_{name}": ms for name, ms in storm.cpu_ms_per_alert.items()},
            "others_p99_ms": percentile(pages, 99),
            "others_p99_ratio": percentile(pages, 99) / percentile(calm_pages, 99),
        },
    )


async def _others(
    session: Session, system: System, *, within: float | None = None
) -> tuple[Measured, list[float]]:
    """Alerts of others at their usual rate, and how long their pages took."""
    seconds = within or session.profile.storm_probe_seconds
    shot = Shot(
        system.targets["singles"],
        connections=CONNECTIONS,
        count=int(RATE * seconds),
        rate=RATE,
        stamps=True,
    )
    posted = await session.generator.load(shot)
    return posted, posted.to_arrival(await arrived(session, posted.run, expected=posted.accepted))
