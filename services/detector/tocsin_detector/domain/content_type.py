"""Which content types may hold JSON."""

_JSON = frozenset({"application/json", "text/json"})
_CARELESS = frozenset({"text/plain", "application/x-www-form-urlencoded", "application/octet-stream"})
"""What tools put on JSON when nobody told them to say what it is: curl -d, and many a script's HTTP client."""


def says_json(content_type: str | None) -> bool:
    """Whether it says JSON, or nothing at all."""
    bare = _bare(content_type)
    return not bare or bare in _JSON or bare.endswith("+json")


def may_hold_json(content_type: str | None) -> bool:
    """Whether it is worth a look if the body is JSON."""
    return says_json(content_type) or _bare(content_type) in _CARELESS


def _bare(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()
