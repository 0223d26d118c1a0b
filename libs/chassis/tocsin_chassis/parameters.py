"""Query parameters that a route of the API does not have are refused: a misspelt filter must not let all through."""

from collections.abc import Iterator, Sequence

from fastapi import Request
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel

from tocsin_runtime.errors import Code, FieldError, Problem

STRICT = "/api/v1/"
"""Below this. What other tools call, and what people look at, may carry parameters of their own."""
MOST, LONGEST = 10, 60


def parameters_of(dependant: Dependant) -> frozenset[str]:
    """The names of all query parameters that a route and what it depends on take."""
    return frozenset(_names(dependant))


def strangers_of(request: Request, known: frozenset[str]) -> list[str]:
    """The names of parameters that the request has and the route has not."""
    return [name for name in dict.fromkeys(request.query_params) if name not in known]


def unknown_parameters(strangers: Sequence[str], known: frozenset[str]) -> Problem:
    """422 that names them, and those that there are."""
    there_are = f"There are: {', '.join(sorted(known))}." if known else "There are none."
    named = [name[:LONGEST] for name in strangers[:MOST]]
    errors = [FieldError(name, "no parameter of this resource") for name in named]
    return Problem(
        422, Code.UNKNOWN_PARAMETER, f"Not known here: {', '.join(named)}. {there_are}", errors=errors
    )


def _names(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        model = field.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield from (info.alias or name for name, info in model.model_fields.items())
        else:
            yield field.alias
    for dependency in dependant.dependencies:
        yield from _names(dependency)
