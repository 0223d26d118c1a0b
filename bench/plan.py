"""The order of a run: round by round, each system fresh and alone."""

import traceback
from collections.abc import Collection, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager

from bench.alertmanager import alertmanager
from bench.rows.accept import measure_accepting
from bench.rows.growth import measure_growth
from bench.rows.idle import measure_idle, measure_start
from bench.rows.page import measure_paging
from bench.rows.storm import measure_storm
from bench.rows.through import measure_through
from bench.session import Session
from bench.tocsin import FIVE, UP, Hosted, five_processes, one_process

ROWS = ("accept", "page", "through", "storm", "idle", "growth")
_ON_WHOLE_SYSTEMS = {"page", "through", "storm", "idle"}


async def measure(session: Session, rows: Collection[str]) -> None:
    """Measure these rows and note what is found."""
    for turn in range(1, session.profile.rounds + 1):
        session.round = turn
        print(f"round {session.round} of {session.profile.rounds}", flush=True)
        if "accept" in rows:
            with _kept_going(session, "accept"):
                await measure_accepting(session)
        if "page" in rows and session.alertmanager:
            folder = session.folder("alertmanager")
            with _kept_going(session, "POST to page, Alertmanager"):
                async with alertmanager(folder, sink=session.sink.origin) as system:
                    await measure_paging(session, system)
        if _ON_WHOLE_SYSTEMS.intersection(rows):
            await _whole_systems(session, rows)
        session.clear()
    if "growth" in rows:
        with _kept_going(session, "growth"):
            await measure_growth(session)


@contextmanager
def _kept_going(session: Session, what: str) -> Iterator[None]:
    """A failure costs the figures that were to come of it, not those of half an hour."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - it is shown, kept, and ends the run with exit code 1
        traceback.print_exc()
        session.book.failed.append(f"{what}, round {session.round}: {error!r}"[:300])


async def _whole_systems(session: Session, rows: Collection[str]) -> None:
    sink = session.sink.origin
    if session.kafka is not None:
        folder = session.folder("five")
        with _kept_going(session, FIVE):
            await _rows_of(session, five_processes(folder, sink=sink, kafka=session.kafka), rows)
    with _kept_going(session, UP):
        await _rows_of(session, one_process(session.folder("up"), sink=sink), rows)


async def _rows_of(
    session: Session, starting: AbstractAsyncContextManager[Hosted], rows: Collection[str]
) -> None:
    """Idle comes first, while nothing has happened; the start last, on data."""
    async with starting as hosted:
        once = "idle" in rows and session.round == 1
        if once:
            await measure_idle(session, hosted.system)
        if "page" in rows:
            await measure_paging(session, hosted.system)
        if "storm" in rows:
            await measure_storm(session, hosted.system)
        if "through" in rows:
            await measure_through(session, hosted.system)
        if once:
            await measure_start(session, hosted)
