"""Kinds of text that bodies hold."""

from typing import Annotated

from pydantic import BeforeValidator, StringConstraints

from tocsin_incidents.domain.opening import SUMMARY_LIMIT, TITLE_LIMIT
from tocsin_runtime.text import clean


# Written last, it runs first: what is left after cleaning must keep the limits.
def _cleaned(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


Cleaned = BeforeValidator(_cleaned)

Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_LIMIT), Cleaned
]
Summary = Annotated[str, StringConstraints(strip_whitespace=True, max_length=SUMMARY_LIMIT), Cleaned]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), Cleaned]
Body = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000), Cleaned]
Remark = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000), Cleaned]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000), Cleaned]
Link = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=2_000, pattern=r"^https?://[^\s]+$"), Cleaned
]
