"""Rendering pages: one Jinja environment per service over its own templates and the shared ones."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from json import dumps
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import ClassVar
from uuid import UUID

from jinja2 import BytecodeCache, ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from tocsin_runtime.clock import process_now
from tocsin_theme.assets import SPRITE, UnknownAsset, asset, icon_names
from tocsin_theme.filters import FILTERS
from tocsin_theme.lanes import laid_out
from tocsin_theme.moments import rendered_at, zone_of
from tocsin_theme.navigation import navigation
from tocsin_theme.uptime import bars
from tocsin_theme.words import word

_TEMPLATES = Path(__file__).parent / "templates"
_NO_SWAP = [204, 304, "401", "403", "404", "5xx"]  # live.js says these; a form in error (409, 422) is shown
_HTMX = dumps({"implicitInheritance": True, "includeIndicatorCSS": False, "noSwap": _NO_SWAP})


@dataclass(frozen=True)
class Viewer:
    """Who looks at the page. No Viewer at all means nobody is logged in."""

    user_id: UUID | None
    name: str
    role: str
    csrf: str = ""
    timezone: str | None = None

    @property
    def initials(self) -> str:
        """One or two letters for the avatar."""
        return initials(self.name)


class Theme:
    """What a service renders its pages with; safe to share between requests."""

    def __init__(
        self,
        service: str,
        templates: Path,
        *,
        public_url: str = "",
        clock: Callable[[], datetime] = process_now,
    ) -> None:
        """Templates are looked up in the service's folder first, then among the shared ones."""
        self._service = service
        self._public_url = public_url.rstrip("/")
        self._clock = clock
        self.env = _environment(templates)

    def render(self, template: str, *, path: str, viewer: Viewer | None, **context: object) -> str:
        """The page as HTML. `now` in the context fixes the moment that ages are counted from.

        Raises jinja2.TemplateNotFound, and UndefinedError for a name that the context lacks.
        """
        now = context.pop("now", None)
        moment = now if isinstance(now, datetime) else self._clock()
        with rendered_at(moment, zone_of(viewer.timezone if viewer else None)):
            return self.env.get_template(template).render(
                service=self._service,
                public_url=self._public_url,
                path=path,
                viewer=viewer,
                navigation=navigation(path),
                now=moment,
                **context,
            )


def initials(name: str) -> str:
    """`Ana Ruiz` becomes AR, `ana` becomes A; a question mark for an empty name."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


def icon(name: str, label: str = "", size: str = "") -> Markup:
    """A Lucide icon; silent to screen readers without a label. UnknownAsset for a name not in the sprite."""
    if name not in icon_names():
        raise UnknownAsset(f"icon {name}")
    spoken = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    kind = f"icon icon-{size}" if size else "icon"
    return Markup('<svg class="{}" {}><use href="{}#{}"/></svg>').format(kind, spoken, asset(SPRITE), name)


class _Compiled(BytecodeCache):
    """Templates are compiled once in a process: all services of `tocsin up` share the same components."""

    codes: ClassVar[dict[tuple[str, str], CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """The code, if this very text of this file was compiled before."""
        bucket.code = self.codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it."""
        if bucket.code is not None:
            self.codes[bucket.key, bucket.checksum] = bucket.code


def _environment(templates: Path) -> Environment:
    env = Environment(
        bytecode_cache=_Compiled(),
        loader=ChoiceLoader([FileSystemLoader(templates), FileSystemLoader(_TEMPLATES)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(FILTERS)
    env.filters["initials"] = initials
    env.globals.update(htmx_config=_HTMX, asset=asset, word=word, lay_out=laid_out, uptime_bars=bars)
    macros = SimpleNamespace(icon=icon)
    env.globals["ui"] = macros  # before the modules are made: macros call one another through it
    for name, macro in _macros(env):
        setattr(macros, name, macro)
    return env


def _macros(env: Environment) -> Iterator[tuple[str, object]]:
    for path in sorted((_TEMPLATES / "macros").glob("*.html")):
        module = env.get_template(f"macros/{path.name}").module
        yield from ((name, macro) for name, macro in vars(module).items() if not name.startswith("_"))
