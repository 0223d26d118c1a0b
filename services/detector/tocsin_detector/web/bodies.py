"""A body as a page may show it."""

import orjson

MOST_SHOWN = 20_000


def shown_body(body: bytes | None) -> str | None:
    """The body as text, JSON indented, cut to what a page can bear. None when it is not kept any more."""
    if body is None:
        return None
    if len(body) > MOST_SHOWN:
        return body[:MOST_SHOWN].decode("utf-8", "replace") + "\n…"
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return body.decode("utf-8", "replace")
