"""Short names for paths and files."""

import re
from unicodedata import normalize

_STRANGE = re.compile(r"[^a-z0-9]+")


def slug_of(name: str) -> str:
    """Lower-case letters, digits and hyphens, at most 60; `integration` when nothing is left."""
    ascii_name = normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _STRANGE.sub("-", ascii_name).strip("-")[:60].strip("-") or "integration"
