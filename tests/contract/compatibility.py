"""What in a schema of an event breaks its promise, for its readers of yesterday or its events of yesterday.

Readers and writers of two releases run side by side, and logs are replayed. So what a field holds may become neither
narrower, for old events could not be read any more, nor wider, for old readers could not read new ones.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
_SAYS_NOTHING = frozenset({"title", "description", "default", "examples"})
_LOOKED_INTO = frozenset(
    {"properties", "required", "enum", "anyOf", "items", "propertyNames", "additionalProperties"}
)
_INSIDE = {"items": "[]", "propertyNames": "{name}", "additionalProperties": "{}"}


def breaks(old: Schema, new: Schema, *, path: str) -> Iterator[str]:
    """Each change that is more than a new field which may be missing."""
    if "anyOf" in old or "anyOf" in new:
        yield from _alternatives(_as_any_of(old), _as_any_of(new), path=path)
        return
    for word in sorted((old.keys() | new.keys()) - _SAYS_NOTHING - _LOOKED_INTO):
        if old.get(word) != new.get(word):
            yield f"{path}: {word} {old.get(word)} became {new.get(word)}"
    yield from _values(old, new, path=path)
    yield from _fields(old, new, path=path)
    for word, mark in _INSIDE.items():
        yield from _within(old.get(word), new.get(word), path=path + mark)


def _values(old: Schema, new: Schema, *, path: str) -> Iterator[str]:
    if "enum" in old and "enum" in new:
        yield from (f"{path}: value {value!r} is gone" for value in old["enum"] if value not in new["enum"])
        yield from (f"{path}: value {value!r} is new" for value in new["enum"] if value not in old["enum"])
    elif old.get("enum") != new.get("enum"):
        yield f"{path}: values {old.get('enum')} became {new.get('enum')}"


def _fields(old: Schema, new: Schema, *, path: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name, schema in before.items():
        if name in after:
            yield from breaks(schema, after[name], path=f"{path}.{name}")
        else:
            yield f"{path}.{name}: gone"
    needed, needs = set(old.get("required", [])), set(new.get("required", []))
    yield from (f"{path}.{name}: newly required" for name in sorted(needs - needed))
    yield from (f"{path}.{name}: may be missing now" for name in sorted(needed - needs) if name in after)


def _within(old: Any, new: Any, *, path: str) -> Iterator[str]:
    """Of the parts of lists and maps; `additionalProperties` may be a plain yes or no, and is yes where left out."""
    if isinstance(old, dict) and isinstance(new, dict):
        yield from breaks(old, new, path=path)
    elif (True if old is None else old) != (True if new is None else new):
        yield f"{path}: {old} became {new}"


def _as_any_of(schema: Schema) -> list[Schema]:
    """A schema without alternatives is its own only one."""
    return list(schema.get("anyOf", [{k: v for k, v in schema.items() if k not in _SAYS_NOTHING}]))


def _alternatives(old: list[Schema], new: list[Schema], *, path: str) -> Iterator[str]:
    """Whatever their order: those that are as before go first, then those of one type, then what is left."""
    old, new = list(old), list(new)
    for is_alike in (_is_same, _is_of_one_type, _is_anything):
        for before in list(old):
            after = next((each for each in new if is_alike(before, each)), None)
            if after is not None:
                old.remove(before)
                new.remove(after)
                yield from breaks(before, after, path=path)
    yield from (f"{path}: may no longer be {_named(each)}" for each in old)
    yield from (f"{path}: may be {_named(each)} now" for each in new)


def _is_same(before: Schema, after: Schema) -> bool:
    return not list(breaks(before, after, path=""))


def _is_of_one_type(before: Schema, after: Schema) -> bool:
    return before.get("type") == after.get("type")


def _is_anything(before: Schema, after: Schema) -> bool:
    """But null: it comes and goes by itself."""
    return "null" not in (before.get("type"), after.get("type"))


def _named(schema: Schema) -> str:
    return str(schema.get("type", "anything"))
