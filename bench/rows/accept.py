"""Accepting: how fast and how dear until an alert is acknowledged."""

from dataclasses import dataclass

from bench.alertmanager import alertmanager
from bench.generator import Measured, Shot
from bench.session import Session
from bench.system import System
from bench.tocsin import detector, one_process

ROW_64, ROW_1, ROW_50 = "accept, 64 connections", "accept, 1 connection", "accept, 50 alerts a request"
DRAIN_WITHIN = 300.0


@dataclass(frozen=True)
class Cell:
    """One kind of load. `backlog_share` is how much of a profile's backlog it may pile up."""

    row: str
    connections: int
    batch: int
    backlog_share: float


CELLS = (Cell(ROW_1, 1, 1, 0.25), Cell(ROW_64, 64, 1, 1.0), Cell(ROW_50, 16, 50, 2.0))


async def measure_accepting(session: Session) -> None:
    """All systems, one after another, each fresh and alone."""
    if session.alertmanager:
        async with alertmanager(session.folder("alertmanager")) as system:
            await _cells(session, system)
    async with detector(session.folder("detector"), lanes=0) as system:
        await _cells(session, system)
    async with detector(session.folder("detector"), lanes=2) as system:
        await _cells(session, system, piles_up=True)
    async with one_process(session.folder("up"), sink=session.sink.origin) as hosted:
        await _cells(session, hosted.system, piles_up=True)
    session.clear()


async def _cells(session: Session, system: System, *, piles_up: bool = False) -> None:
    for cell in CELLS:
        shot = shot_of(session, system, cell, piles_up=piles_up)
        session.note(cell.row, system.name, figures_of(await session.generator.load(shot, system.processes)))
        if piles_up and system.ledger is not None:
            await system.ledger.drained(within=DRAIN_WITHIN)


def shot_of(session: Session, system: System, cell: Cell, *, piles_up: bool) -> Shot:
    """Ten million alerts are never reached: the time ends the load of what does not pile up."""
    profile = session.profile
    return Shot(
        system.targets["web"],
        connections=cell.connections,
        batch=cell.batch,
        count=int(profile.backlog * cell.backlog_share)
        if piles_up
        else 10_000_000 // (1 if cell.batch > 1 else 5),
        seconds=profile.cell_seconds,
        warm=4 * cell.connections * cell.batch,
    )


def figures_of(found: Measured) -> dict[str, float]:
    """What a table may show."""
    return {
        "rate": found.rate,
        "p50_ms": found.p50_ms,
        "p99_ms": found.p99_ms,
        "cpu_ms": found.cpu_ms,
        "errors": float(sum(found.errors.values())),
        "accepted": float(found.accepted),
        "generator_share": found.own_share,
        "foreign_share": found.foreign_share,
    }
