"""What senders, users and attackers put where something else was meant. Raw JSON, so that all of it can be said."""

from collections.abc import Iterator
from typing import Any

import orjson

JSON: tuple[str, ...] = (
    "9" * 5_000,
    "-9223372036854775809",
    "2147483648",
    "-1",
    "0",
    "1.5",
    "1e400",
    "NaN",
    "null",
    "true",
    "[]",
    "{}",
    '""',
    '" "',
    "[null]",
    "[[]]",
    r'"\ud800"',
    r'"a\u0000b"',
    r'["\ud800"]',
    r'{"\ud800":"\ud800"}',
    r'{"\u0000":"\u0000"}',
    "[" * 5_000 + "]" * 5_000,
    '{"a":' * 900 + "1" + "}" * 900,
    '"' + "x" * 100_000 + '"',
    '"' + "\U0001f468\u200d" * 300 + '"',
    '"\u202e\u2066\u2028\u0085"',
    '"\u0130\u0131\u017f\u212a"',
    '"9999-12-31T23:59:59Z"',
    '"0001-01-01T00:00:00Z"',
    '"23:59:60"',
    '"../etc"',
    '"posixrules"',
    '"http://[::1"',
    '"https://a:99999/"',
    '"http://\u2100.com"',
    r'"a\r\nBcc: x@y.z"',
    '"P999999999999D"',
    '"<script>alert(1)</script>"',
    '"\' OR 1=1 --"',
)
TEXT: tuple[str, ...] = (
    "",
    " ",
    "a\x00b",
    "x" * 20_000,
    "\u202e\u2028",
    "9" * 400,
    "-1",
    "9999-12-31T23:59",
    "not a time",
    "../etc",
    "http://[::1",
    "http://\u2100.com",
    "a\r\nBcc: x@y.z",
    "00000000-0000-0000-0000-000000000000",
    "<script>alert(1)</script>",
    "%00",
    "{{ 7 * 7 }}",
)


class Raw(str):
    """JSON as it shall be sent."""

    __slots__ = ()


def dumped(value: Any) -> str:
    """JSON of a value that holds raw parts."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{dumped(name)}:{dumped(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dumped, value)) + "]"
    return orjson.dumps(value).decode()


Place = tuple[str | int, ...]


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Every place of a body at which another value can stand, the whole of it first."""
    yield at
    if isinstance(value, dict):
        for name, part in value.items():
            yield from places(part, (*at, name))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*at, 0))


def with_value(value: Any, at: Place, other: Raw) -> Any:
    """The body with another value at that place."""
    if not at:
        return other
    first, rest = at[0], at[1:]
    if isinstance(value, dict):
        return {
            name: with_value(part, rest, other) if name == first else part for name, part in value.items()
        }
    return [with_value(part, rest, other) if index == first else part for index, part in enumerate(value)]
