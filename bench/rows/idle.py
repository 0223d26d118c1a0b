"""At rest: what it costs to be there, and how fast it is back."""

import asyncio
from time import monotonic

from bench.session import Session
from bench.system import System
from bench.tocsin import Hosted, is_ready, processes_of
from tocsin_testkit.waiting import eventually
from tocsin_testkit.world import FiveProcesses, OneProcess

ROW, ROW_START = "idle", "start"
_CALM = 30.0
"""Seconds in which what a start leaves to do (groups of consumers, first rounds of every worker) comes to its end."""


async def measure_idle(session: Session, system: System) -> None:
    """CPU as a share of one core over some quiet seconds, and memory."""
    await asyncio.sleep(_CALM)
    before = await session.generator.usage(system.processes)
    await asyncio.sleep(session.profile.idle_seconds)
    after = await session.generator.usage(system.processes)
    seconds = (after.at_ns - before.at_ns) / 1e9
    cpu = {name: 100 * (after.cpu_s[name] - before.cpu_s[name]) / seconds for name in after.cpu_s}
    tocsin = {name: share for name, share in cpu.items() if name != "kafka"}
    services = [mib for name, mib in after.pss_mib.items() if name not in {"kafka", "postgres"}]
    figures = {
        "cpu_percent": sum(tocsin.values()),
        "pss_mib": sum(mib for name, mib in after.pss_mib.items() if name != "kafka"),
        "service_pss_mib": max(services),
    }
    figures |= {f"cpu_percent_{name}": share for name, share in cpu.items()}
    figures |= {f"pss_mib_{name}": mib for name, mib in after.pss_mib.items()}
    session.note(ROW, system.name, figures)


async def measure_start(session: Session, hosted: Hosted) -> None:
    """A start on data that is there: all in one process, or each service alone while the others run."""
    if isinstance(hosted.world, OneProcess):
        hosted.world.process.terminate()
        seconds = await _start(hosted.world)
        session.note(ROW_START, hosted.system.name, {"ready_s": seconds})
        hosted.system.processes.update(processes_of(hosted.world))
    else:
        await _start_each(session, hosted.system, hosted.world)


async def _start(world: OneProcess) -> float:
    began = monotonic()
    world.process.start()
    await eventually(lambda: is_ready(world.client, world.process), within=60, every=0.02)
    return monotonic() - began


async def _start_each(session: Session, system: System, world: FiveProcesses) -> None:
    figures: dict[str, float] = {}
    for name, replicas in world.processes.items():
        replicas[0].terminate()
        began = monotonic()
        replicas[0].start()
        await world.ready(name)
        figures[f"ready_s_{name}"] = monotonic() - began
    figures["ready_s"] = max(figures.values())
    session.note(ROW_START, system.name, figures)
    system.processes.update(processes_of(world))
