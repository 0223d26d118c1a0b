"""Keeps the public page in memory and in its folder:

rendered on each change, and each minute as a sign of life.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog
from prometheus_client import Gauge

from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_comms.domain.report import Report
from tocsin_comms.domain.site import Site
from tocsin_comms.domain.states import ComponentState
from tocsin_comms.store.queries import revision, site
from tocsin_comms.usecases.render import File, Files, Renderer, folder_files
from tocsin_runtime.clock import monotonic

log = structlog.get_logger("tocsin.comms.publish")
HEARTBEAT = 60.0
FIRST_WAIT = 5.0


class Writes(Protocol):
    """Where the files go beside memory."""

    def write(self, files: Mapping[str, bytes]) -> int: ...


class Publisher:
    """What readers of the public page get: never the database, always the last rendering, however old."""

    def __init__(
        self,
        open_uow: OpenUnitOfWork,
        renderer: Renderer,
        *,
        base_url: str,
        folder: Writes | None = None,
        own_files: Mapping[str, Path] | None = None,
    ) -> None:
        self._open_uow = open_uow
        self._renderer = renderer
        self._base_url = base_url
        self._folder = folder
        self._own = {path: file.read_bytes() for path, file in (own_files or {}).items()}
        self._revision = -1
        self._rendered_at = 0.0
        self._files: Files = {}
        self._ready = asyncio.Event()
        self.site: Site | None = None

    async def run_once(self) -> int:
        """Render if something changed or a minute is over.

        What cannot be written to the folder is tried again.
        """
        async with self._open_uow() as uow:
            current = await revision(uow.conn)
            if current == self._revision and monotonic() - self._rendered_at < HEARTBEAT:
                return 0
            gathered = await site(uow.conn, uow.now, base_url=self._base_url)
        await self._publish(gathered)
        self._revision, self._rendered_at = gathered.page.revision, monotonic()
        return 0

    async def file(self, path: str) -> File | None:
        """What this path answers now; null when there is no such public file, or nothing was rendered in
        time.
        """
        if not self._files:
            await self._wait()
        return self._files.get(path)

    def older(self, report: Report) -> File | None:
        """The page of a report that is not among those kept; null before anything was rendered."""
        return self._renderer.incident(report, self.site) if self.site else None

    @property
    def rendered(self) -> bool:
        """Whether there is anything to show."""
        return bool(self._files)

    def age(self) -> float:
        """Seconds since the last rendering that was also written; infinite before the first."""
        return monotonic() - self._rendered_at if self._rendered_at else float("inf")

    async def _publish(self, gathered: Site) -> None:
        self._files = self._renderer.site(gathered)
        self.site = gathered
        self._ready.set()
        if self._folder is not None:
            files = folder_files(self._files, self._own)
            written = await asyncio.to_thread(self._folder.write, files)
            log.debug("status_page.written", files=written, revision=gathered.page.revision)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(FIRST_WAIT):
                await self._ready.wait()
        except TimeoutError:
            log.warning("status_page.not_rendered_yet")


def watch(publisher: Publisher, *, age: Gauge, components: Gauge) -> None:
    """Let the gauges follow: the page's age in seconds, and how many components show each state."""
    age.set_function(publisher.age)
    for state in ComponentState:
        components.labels(state=state.value).set_function(partial(_count, publisher, state))


def _count(publisher: Publisher, state: ComponentState) -> float:
    shown = publisher.site
    return sum(each.component.state is state for each in shown.components) if shown else 0
