"""Growth: what accepting costs and how long lists take when many alerts are open."""

from statistics import median
from time import perf_counter

from bench.generator import Shot
from bench.rows.accept import CELLS, ROW_64, figures_of, shot_of
from bench.session import Session
from bench.system import System
from bench.tocsin import DETECTOR, postgres_for, running_detector

ROW = "growth"
LISTS = ("/api/v1/alerts", "/api/v1/incidents", "/api/v1/pages")
_FILL_WITHIN = 1_800.0
_TRIES = 9


async def measure_growth(session: Session) -> None:
    """The detector accepts on an empty database, is filled with open alerts, and accepts again."""
    folder = session.folder("growth")
    async with postgres_for(folder) as postgres:
        async with running_detector(folder, postgres, lanes=0) as system:
            empty = await _accept(session, system)
        async with running_detector(folder, postgres, lanes=2) as system:
            await _fill(session, system)
            figures = await list_times(system)
        async with running_detector(folder, postgres, lanes=0) as system:
            assert system.ledger is not None
            opened = (await system.ledger.counts()).alerts
            full = await _accept(session, system)
    figures |= {
        "open_alerts": float(opened),
        "cpu_ms_empty": empty["cpu_ms"],
        "cpu_ms_full": full["cpu_ms"],
        "cpu_ratio": full["cpu_ms"] / empty["cpu_ms"],
    }
    session.note(ROW, DETECTOR, figures)
    session.clear()


async def list_times(system: System) -> dict[str, float]:
    """Milliseconds until the first page of each list that this system has is there."""
    assert system.client is not None
    figures: dict[str, float] = {}
    for path in LISTS:
        times = []
        for _ in range(_TRIES):
            began = perf_counter()
            answer = await system.client.get(path, params={"limit": 50})
            times.append(1000 * (perf_counter() - began))
        if answer.is_success:
            figures[f"list_ms_{path.rsplit('/', 1)[1]}"] = median(times)
    return figures


async def _accept(session: Session, system: System) -> dict[str, float]:
    cell = next(cell for cell in CELLS if cell.row == ROW_64)
    shot = shot_of(session, system, cell, piles_up=False)
    return figures_of(await session.generator.load(shot, system.processes))


async def _fill(session: Session, system: System) -> None:
    assert system.ledger is not None
    shot = Shot(
        system.targets["web"],
        connections=4,
        batch=50,
        count=session.profile.open_alerts,
        seconds=_FILL_WITHIN,
    )
    await session.generator.load(shot)
    await system.ledger.drained(within=_FILL_WITHIN)
