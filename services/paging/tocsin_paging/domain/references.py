"""Ids and names in one place of a request."""

from uuid import UUID


def as_id(text: str) -> UUID | None:
    """Return the id that the text is, or None when it is a name."""
    try:
        return UUID(text)
    except ValueError:
        return None
