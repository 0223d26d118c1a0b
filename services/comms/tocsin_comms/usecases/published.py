"""The public page as it was last rendered: what its readers get, whatever else is down."""

import asyncio

import structlog

from tocsin_comms.domain.report import Report
from tocsin_comms.domain.site import Site
from tocsin_comms.usecases.render import File, Files, Renderer

log = structlog.get_logger("tocsin.comms.published")
FIRST_WAIT = 5.0


class Published:
    """Holds one rendering in memory. The first readers after a start wait up to five seconds for it."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self._files: Files = {}
        self._ready = asyncio.Event()
        self.site: Site | None = None

    def show(self, site: Site) -> Files:
        """Render the site, show it from now on, and return its files."""
        self._files = self._renderer.site(site)
        self.site = site
        self._ready.set()
        return self._files

    @property
    def rendered(self) -> bool:
        """Whether there is anything to show."""
        return bool(self._files)

    async def file(self, path: str) -> File | None:
        """What this path answers; null when there is no such public file, or nothing was rendered in time."""
        if not self._files:
            await self._wait()
        return self._files.get(path)

    def older(self, report: Report) -> File | None:
        """The page of a report that is not among those kept; null before anything was rendered."""
        return self._renderer.incident(report, self.site) if self.site else None

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(FIRST_WAIT):
                await self._ready.wait()
        except TimeoutError:
            log.warning("status_page.not_rendered_yet")
