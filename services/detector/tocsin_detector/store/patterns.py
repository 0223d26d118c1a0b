"""Regular expressions that callers write, left to PostgreSQL, which gives up on one that takes too long."""

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

_MATCHES = text("SELECT CAST(:value AS text) ~ CAST(:pattern AS text)")
_INVALID = "2201B"


class BadPattern(Exception):
    """It is no regular expression; the text says which."""


def whole(pattern: str) -> str:
    """The pattern for a whole value, as Alertmanager means it."""
    return f"^(?:{pattern})$"


async def matches(conn: AsyncConnection, value: str, pattern: str) -> bool:
    """Whether the pattern matches the whole value. Raises BadPattern, after which the transaction can only end."""
    try:
        return bool((await conn.execute(_MATCHES, {"value": value, "pattern": whole(pattern)})).scalar_one())
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _INVALID:
            raise
        raise BadPattern(f"{pattern[:100]!r} is not a regular expression.") from error
