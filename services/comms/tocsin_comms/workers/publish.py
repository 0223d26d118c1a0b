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

from tocsin_comms.domain.states import ComponentState
from tocsin_comms.store.pages import PageRepository
from tocsin_comms.store.queries import site
from tocsin_comms.usecases.published import Published
from tocsin_comms.usecases.render import folder_files
from tocsin_runtime.clock import monotonic
from tocsin_runtime.reading import OpenReading

log = structlog.get_logger("tocsin.comms.publish")
HEARTBEAT = 60.0
REST, LONGEST_REST = 10.0, 3.0
"""After a rendering it rests for so many times as long as that took, and for so many seconds at most: in a storm of
incidents what changes meanwhile is shown together, and pages and messages have the processor."""


class Writes(Protocol):
    """Where the files go beside memory."""

    def write(self, files: Mapping[str, bytes]) -> int: ...


class Publisher:
    """Renders into memory, and from there into the folder, if there is one."""

    def __init__(
        self,
        open_reading: OpenReading,
        published: Published,
        *,
        base_url: str,
        folder: Writes | None = None,
        own_files: Mapping[str, Path] | None = None,
    ) -> None:
        self.published = published
        self._open_reading = open_reading
        self._base_url = base_url
        self._folder = folder
        self._own = {path: file.read_bytes() for path, file in (own_files or {}).items()}
        self._revision = -1
        self._written_at = 0.0
        self._rested_at = 0.0

    async def run_once(self) -> int:
        """Render if something changed or a minute is over.

        What cannot be written to the folder is tried again.
        """
        await asyncio.sleep(self._rested_at - monotonic())
        async with self._open_reading() as look:
            page = await PageRepository(look.conn).load()
            current = page.revision
            if current == self._revision and monotonic() - self._written_at < HEARTBEAT:
                return 0
            gathered = await site(look.conn, look.now, base_url=self._base_url, page=page)
        began = monotonic()
        files = self.published.show(gathered)
        self._rested_at = monotonic() + min(LONGEST_REST, REST * (monotonic() - began))
        if self._folder is not None:
            written = await asyncio.to_thread(self._folder.write, folder_files(files, self._own))
            log.debug("status_page.written", files=written, revision=gathered.page.revision)
        self._revision, self._written_at = current, monotonic()
        return 0

    def age(self) -> float:
        """Seconds since the last rendering that was also written; infinite before the first."""
        return monotonic() - self._written_at if self._written_at else float("inf")


def watch(publisher: Publisher, *, age: Gauge, components: Gauge) -> None:
    """Let the gauges follow: the page's age in seconds, and how many components show each state."""
    age.set_function(publisher.age)
    for state in ComponentState:
        components.labels(state=state.value).set_function(partial(_count, publisher, state))


def _count(publisher: Publisher, state: ComponentState) -> float:
    shown = publisher.published.site
    return sum(each.component.state is state for each in shown.components) if shown else 0
