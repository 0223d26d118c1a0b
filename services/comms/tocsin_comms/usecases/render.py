"""Every file of the public page, made from one gathered site; the live page and the folder show these same
bytes.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from math import floor
from urllib.parse import unquote
from uuid import UUID

from tocsin_comms.domain.feeds import atom, rss
from tocsin_comms.domain.report import Report
from tocsin_comms.domain.site import ShownComponent, Site
from tocsin_comms.domain.states import ComponentState
from tocsin_comms.domain.statuspage import documents, stamp
from tocsin_theme.assets import PREFIX, UnknownAsset, content
from tocsin_theme.theme import Theme, Viewer
from tocsin_theme.uptime import Day

HTML, JSON = "text/html; charset=utf-8", "application/json; charset=utf-8"
ATOM, RSS = "application/atom+xml; charset=utf-8", "application/rss+xml; charset=utf-8"
_ASSETS = re.compile(rf"{PREFIX}/([^\"'?#\s)]+)")
_IMPORTS = re.compile(r"url\(\s*[\"']?([^\"')?#]+)")


@dataclass(frozen=True, slots=True)
class File:
    """What one URL answers. `etag` follows from the bytes."""

    body: bytes
    kind: str
    etag: str


Files = Mapping[str, File]
"""By the URL's path."""


@dataclass(frozen=True, slots=True)
class Measure:
    """How much a page shows: of bars those of `all`, of `troubled` components, or of `none`."""

    which_bars: str
    most_open: int
    updates_each: int
    most_recent: int
    letters: int
    most_listed: int
    most_told: int
    troubled_only: bool = False

    def bars(self, shown: ShownComponent) -> list[Day]:
        """The days of a component, as the theme draws them."""
        if self.which_bars == "none" or (self.which_bars == "troubled" and _fine(shown)):
            return []
        return [Day(day.date, day.state.value if day.state else "unknown", day.down) for day in shown.days]


MEASURES = (
    Measure("all", most_open=10, updates_each=3, most_recent=10, letters=600, most_listed=100, most_told=100),
    Measure(
        "troubled", most_open=10, updates_each=2, most_recent=10, letters=300, most_listed=100, most_told=30
    ),
    Measure("none", most_open=10, updates_each=1, most_recent=5, letters=120, most_listed=75, most_told=10),
    Measure(
        "none",
        most_open=3,
        updates_each=1,
        most_recent=0,
        letters=60,
        most_listed=50,
        most_told=3,
        troubled_only=True,
    ),
)
"""From full to bare; a page is as full as is light enough."""

MOST_BYTES = 60_000


class Renderer:
    """Renders with the service's theme. Pages of reports that did not change are not rendered again."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._incidents: dict[UUID, tuple[tuple[object, ...], File]] = {}
        self._fitted: dict[str, int] = {}

    def site(self, site: Site) -> Files:
        """All files of the site."""
        files = {
            "/status": self._again("status.html", "/status", site),
            "/status/history": self._again("status_history.html", "/status/history", site),
            "/status/history.atom": _file(atom(site), ATOM),
            "/status/history.rss": _file(rss(site), RSS),
            "/status/heartbeat.json": _json({"updated_at": stamp(site.now), "revision": site.page.revision}),
        }
        for path, document in documents(site).items():
            files[f"/status/api/v2/{path}"] = _json(document)
        for report in site.reports:
            files[incident_path(report)] = self._kept(report, site)
        self._incidents = {report.id: self._incidents[report.id] for report in site.reports}
        return files

    def incident(self, report: Report, site: Site) -> File:
        """The page of one report, also of one too old for the site's own list."""
        return self._html("status_incident.html", incident_path(report), site, report=report)[0]

    def _kept(self, report: Report, site: Site) -> File:
        version = (report.version, len(report.updates), site.page.version, site.base_url)
        known = self._incidents.get(report.id)
        if known is None or known[0] != version:
            self._incidents[report.id] = (version, self.incident(report, site))
        return self._incidents[report.id][1]

    def _again(self, template: str, path: str, site: Site) -> File:
        """A page that each change renders anew. It begins one measure fuller than what fitted last: in a storm it is
        not rendered for each measure that is too full anyway, and after the storm it fills up again.
        """
        begin = max(0, self._fitted.get(path, 0) - 1)
        file, self._fitted[path] = self._html(template, path, site, begin=begin)
        return file

    def _html(
        self, template: str, path: str, site: Site, *, begin: int = 0, **more: object
    ) -> tuple[File, int]:
        """As full as fits into the weight that a page may have, and the place of that measure."""
        reader = Viewer(None, "", role="public", timezone=site.page.time_zone)
        for place in range(begin, len(MEASURES)):
            measure = MEASURES[place]
            context = {"now": site.now, "site": site, "site_name": site.page.name, "percent": percent}
            context |= {"bars": measure.bars, **asdict(measure), **more}
            body = self._theme.render(template, path=path, viewer=reader, **context).encode()
            if len(body) <= MOST_BYTES:
                break
        return _file(body, HTML), place


def incident_path(report: Report) -> str:
    """Where a report's page is."""
    return f"/status/incidents/{report.id}"


def folder_files(files: Files, own: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a folder from which any web server shows the same pages at the same URLs.

    `own` are further files by path, such as the page's script. Style sheets, fonts and icons come along.
    """
    found = {_place(path): file.body for path, file in files.items()}
    found["index.html"] = files["/status"].body
    found.update({path.lstrip("/"): body for path, body in own.items()})
    pages = (file.body.decode() for file in files.values() if file.kind == HTML)
    names = {unquote(name) for page in pages for name in _ASSETS.findall(page)}
    for name in sorted(names | {inner for outer in names for inner in _inside(outer)}):
        found[f"{PREFIX.lstrip('/')}/{name}"] = content(name)
    return found


def _inside(name: str) -> set[str]:
    """The theme files that a style sheet asks for."""
    if not name.endswith(".css"):
        return set()
    wanted = {link.removeprefix(f"{PREFIX}/") for link in _IMPORTS.findall(content(name).decode())}
    return {link for link in wanted if _exists(link)}


def _exists(name: str) -> bool:
    try:
        content(name)
    except UnknownAsset:
        return False
    return True


def _place(path: str) -> str:
    """Pages become `index.html` of a folder, so that their URL needs no ending."""
    last = path.rsplit("/", 1)[-1]
    return path.lstrip("/") if "." in last else f"{path.lstrip('/')}/index.html"


def percent(share: float | None) -> str:
    """`99.98 % up`; rounded down, so that 100 % means that nothing was down. Empty without a record."""
    return "" if share is None else f"{floor(share * 10_000) / 100:.2f} % up"


def _fine(shown: ShownComponent) -> bool:
    return all(day.state in (None, ComponentState.OPERATIONAL) for day in shown.days)


def _json(document: object) -> File:
    return _file(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), JSON)


def _file(body: bytes, kind: str) -> File:
    return File(body, kind, f'"{sha256(body).hexdigest()[:16]}"')
