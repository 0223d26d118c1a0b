"""The files of the theme by name: what is in them, and the URL under which every service serves them."""

from functools import cache
from hashlib import sha256
from pathlib import Path

STATIC = Path(__file__).parent / "static"
PREFIX = "/_/theme"
SPRITE = "icons.svg"

_COMPONENTS = tuple(sorted(path.name for path in (STATIC / "css").glob("*.css")))
_BARE = ("badge", "button", "field", "notice", "panel")

BUNDLES = {
    "console.css": ("tokens.css", "base.css", "layout.css", *(f"css/{name}" for name in _COMPONENTS)),
    "bare.css": ("tokens.css", "base.css", "bare.css", *(f"css/{name}.css" for name in _BARE)),
    "public.css": ("public.css",),
    "icons.svg": ("vendor/lucide-1.62.0.svg",),
}
"""Each layout asks for one style sheet, put together from its parts when first asked for, so there is no build step."""


class UnknownAsset(LookupError):
    """A template named a file that the theme does not have."""


@cache
def content(name: str) -> bytes:
    """The bytes of a theme file or bundle; raises UnknownAsset for any other name."""
    parts = BUNDLES.get(name, (name,))
    paths = [STATIC / part for part in parts]
    if any(STATIC not in path.resolve().parents or not path.is_file() for path in paths):
        raise UnknownAsset(name)
    return b"\n".join(path.read_bytes() for path in paths)


@cache
def digest(name: str) -> str:
    """Eight hex digits that change when the file changes."""
    return sha256(content(name)).hexdigest()[:8]


@cache
def asset(name: str) -> str:
    """The URL of a theme file, with its digest, so that it can be cached for a year."""
    return f"{PREFIX}/{name}?v={digest(name)}"


@cache
def icon_names() -> frozenset[str]:
    """The Lucide icons in the sprite."""
    symbols = content(SPRITE).decode().split('<symbol id="')[1:]
    return frozenset(symbol.split('"', 1)[0] for symbol in symbols)
