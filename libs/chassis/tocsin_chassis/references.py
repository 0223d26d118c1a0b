"""How callers name an incident: by its id, or by its short number, in any parameter (INC-42, inc-42, 42)."""

import re
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, WithJsonSchema

_NUMBER = re.compile(r"(?:inc-)?([1-9][0-9]{0,8})", re.IGNORECASE)
_SHOWN = WithJsonSchema({"type": "string", "description": "INC-42, 42 or the id", "examples": ["INC-42"]})


def incident_named(text: object) -> UUID | int:
    """The id, or the number as an int. Raises ValueError for what is neither."""
    if isinstance(text, str) and (number := _NUMBER.fullmatch(text.strip())):
        return int(number[1])
    try:
        return UUID(str(text))
    except ValueError:
        raise ValueError("an incident's number, such as INC-42, or its id") from None


IncidentName = Annotated[UUID | int, BeforeValidator(incident_named), _SHOWN]
"""A parameter that names an incident."""
