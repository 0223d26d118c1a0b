"""Through: until alerts are deduplicated, grouped, in an incident, and the pages are made."""

from bench.configuration import SERVICES_PATH
from bench.generator import Shot
from bench.session import Session
from bench.system import System

ROW, ROW_INCIDENTS = "through, sustained", "through, an incident and a page for each alert"
_WITHIN = 600.0


async def measure_through(session: Session, system: System) -> None:
    """Related alerts of one service, and alerts that each open an incident and page somebody."""
    profile = session.profile
    await _measure(session, system, ROW, target="web", alerts=profile.through, pages=1)
    many = profile.through_incidents
    await _measure(session, system, ROW_INCIDENTS, target="singles", alerts=many, pages=many)


async def _measure(
    session: Session, system: System, row: str, *, target: str, alerts: int, pages: int
) -> None:
    """The rate is from the first post to the last row; CPU is all of Tocsin's, its database's and its broker's."""
    assert system.ledger is not None
    await session.sink.reset()
    before, used = await system.ledger.counts(), await session.generator.usage(system.processes)
    shot = Shot(system.targets[target], connections=16, count=alerts, seconds=300)
    posted = await session.generator.load(shot)
    pages = pages if not before.pages or target == "singles" else 0
    await system.ledger.through(before, alerts=posted.accepted, pages=pages, within=_WITHIN)
    after = await session.generator.usage(system.processes)
    seconds = (after.at_ns - posted.start_ns) / 1e9
    cpu = {name: after.cpu_s[name] - used.cpu_s[name] for name in after.cpu_s}
    figures = {
        "rate": posted.accepted / seconds,
        "cpu_ms": 1000 * sum(cpu.values()) / posted.accepted,
        "errors": float(sum(posted.errors.values())),
        "accept_rate": posted.rate,
        "accept_p99_ms": posted.p99_ms,
        "notifications": float((await session.sink.traffic(SERVICES_PATH)).count),
    }
    figures |= {f"cpu_ms_{name}": 1000 * spent / posted.accepted for name, spent in cpu.items()}
    session.note(row, system.name, figures)
