"""Kinds of text that bodies hold."""

from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field, StringConstraints

from tocsin_incidents.domain.opening import SUMMARY_LIMIT, TITLE_LIMIT
from tocsin_runtime.text import clean


def _cleaned(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


Cleaned = BeforeValidator(_cleaned)

Title = Annotated[
    str, Cleaned, StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_LIMIT)
]
Summary = Annotated[str, Cleaned, StringConstraints(strip_whitespace=True, max_length=SUMMARY_LIMIT)]
Name = Annotated[str, Cleaned, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Body = Annotated[str, Cleaned, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
Remark = Annotated[str, Cleaned, StringConstraints(strip_whitespace=True, max_length=2_000)]
Reason = Annotated[str, Cleaned, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
Link = Annotated[
    str, Cleaned, StringConstraints(strip_whitespace=True, max_length=2_000, pattern=r"^https?://[^\s]+$")
]
Moment = Annotated[AwareDatetime, Field(description="RFC 3339 with an offset, such as 2026-11-24T03:12:00Z")]
