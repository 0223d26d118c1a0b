"""Text as Tocsin keeps it: no NUL, bounded, links only to the web."""

import json
from datetime import UTC, datetime
from hashlib import blake2b

TITLE = 500
DESCRIPTION = 20_000
NAME = 200
LABEL = 200
VALUE = 2_000
URL = 2_000
LABELS = 256
"""At most so many labels are kept of one alert; all of them count for its key."""


def plain(value: object, limit: int) -> str:
    """The value as text within the limit. Numbers and truth values are written as JSON does; all else is empty."""
    if isinstance(value, str):
        text = value.replace("\x00", "") if "\x00" in value else value
        return text if len(text) <= limit else text[: limit - 1] + "…"
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)[:limit] if isinstance(value, int | float) else ""


def written(value: object, limit: int) -> str:
    """The same, but an object or a list is written as compact JSON with its names sorted."""
    if isinstance(value, dict | list):
        return plain(json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True), limit)
    return plain(value, limit)


def with_whole_title(title: str, whole: str, description: str) -> str:
    """The description; where the title had no room for all, the whole of it comes first."""
    if not whole or whole in (title, description):
        return description
    return plain(f"{whole}\n\n{description}" if description else whole, DESCRIPTION)


def label_set(value: object) -> dict[str, str] | None:
    """Names and values as text, or None when it is no JSON object.

    Nulls and nested values are left out, and long ones cut; `beyond` has those, so that keys tell them apart.
    """
    if not isinstance(value, dict):
        return None
    labels = {}
    for name, content in value.items():
        if content.__class__ is str and len(content) <= VALUE and "\x00" not in content:
            text = content
        elif content is None or isinstance(content, dict | list):
            continue
        else:
            text = plain(content, VALUE)
        labels[plain(name, LABEL) if len(name) > LABEL or "\x00" in name else name] = text
    return labels


def beyond(sent: object) -> list[str]:
    """Names and values, in whole, of what `label_set` has to cut off or leave out; of nearly every alert nothing."""
    if not isinstance(sent, dict):
        return []
    names = [
        name
        for name, value in sent.items()
        if len(name) > LABEL
        or (len(value) > VALUE if value.__class__ is str else isinstance(value, dict | list))
    ]
    return [part for name in sorted(names) for part in (name, json.dumps(sent[name], sort_keys=True))]


def kept(labels: dict[str, str], sent: object) -> dict[str, str]:
    """As many of the labels as are kept, with the nested ones of what was sent, as JSON."""
    if isinstance(sent, dict) and sent.keys() != labels.keys():  # else all of it is there
        nested = {name: value for name, value in sent.items() if isinstance(value, dict | list)}
        if nested:
            labels = {**labels, **{plain(name, LABEL): written(nested[name], VALUE) for name in nested}}
    if len(labels) <= LABELS:
        return labels
    return dict(list(labels.items())[:LABELS])


def web_link(value: object) -> str | None:
    """The link when it is http or https, else None."""
    if (
        not isinstance(value, str)
        or len(value) > URL
        or not value.lower().startswith(("http://", "https://"))
    ):
        return None
    return value.replace("\x00", "")


def moment(value: object) -> datetime | None:
    """The time that a sender wrote (RFC 3339, or seconds or milliseconds since 1970), aware UTC.

    None when there is none, when it cannot be read, and for Go's zero time (year 1), which means "not yet".
    """
    if value is None:
        return None
    try:
        if isinstance(value, str):
            read = datetime.fromisoformat(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            read = datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
        else:
            return None
        aware = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return aware if 1970 <= aware.year < 9000 else None


def bounded_key(key: str, limit: int = 255) -> str:
    """The key itself, or when it is too long for an index its beginning and a hash of the whole."""
    if len(key) <= limit:
        return key
    return f"{key[: limit - 40]}…{hashed(key)}"


def hashed(*parts: str) -> str:
    """32 hex digits that differ whenever the parts do."""
    content = "\x00".join(part.replace("\x00", "") for part in parts)
    return blake2b(content.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
