"""W3C trace context: what callers say of the trace that they are part of."""

import re

_LENGTH = 55
_VALID = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}").fullmatch


def valid_traceparent(shown: str) -> str | None:
    """The header as it came, if it is one of version 00; None for anything else, which is as if none had come."""
    return shown if len(shown) == _LENGTH and _VALID(shown) else None
