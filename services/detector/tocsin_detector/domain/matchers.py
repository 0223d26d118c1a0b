"""Alertmanager's matchers, as amtool and its other clients write them: `name="value"`, with =, !=, =~ or !~."""

import re
from dataclasses import dataclass
from enum import StrEnum

_WRITTEN = re.compile(r'\s*"?([^"=!~\s{},]+)"?\s*(=~|!~|!=|=)\s*(.*?)\s*', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Comparison(StrEnum):
    """How a label's value is compared. A regular expression must match the whole value."""

    IS = "="
    IS_NOT = "!="
    MATCHES = "=~"
    MATCHES_NOT = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on one label; a label that is missing counts as empty."""

    name: str
    comparison: Comparison
    value: str


def read_matcher(written: str) -> Matcher:
    """The matcher. Raises ValueError when it is none."""
    read = _WRITTEN.fullmatch(written)
    if read is None:
        raise ValueError(f'{written[:100]!r} is not a matcher such as alertname=~"Disk.*"')
    name, comparison, value = read.groups()
    if len(value) > 1 and value.startswith('"') and value.endswith('"'):
        value = _ESCAPED.sub(lambda part: "\n" if part[1] == "n" else part[1], value[1:-1])
    return Matcher(name, Comparison(comparison), value)
