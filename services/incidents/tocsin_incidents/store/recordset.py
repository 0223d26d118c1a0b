"""Several rows as one value of a statement, which `jsonb_populate_recordset` unfolds."""

from collections.abc import Iterable, Mapping
from uuid import UUID

import orjson


def recordset(rows: Iterable[Mapping[str, object]]) -> str:
    """The rows by column name, as JSON."""
    return orjson.dumps(list(rows), default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()


def _plain(value: object) -> str:
    """The driver's ids are of a class of its own, which orjson does not know."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
