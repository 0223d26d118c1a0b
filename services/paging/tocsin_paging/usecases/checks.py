"""What somebody may demand of that which they change."""

from collections.abc import Callable

Check = Callable[[int | None], None]
"""Raises where a change was not to begin from this version; None: there is none yet."""
