"""The published events keep their promises: a field may be added, never changed or taken away (R38)."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from tocsin_events.base import REGISTRY
from tools.asyncapi import load_events, schemas

GOLDEN = Path(__file__).parent / "golden" / "events"
NAMES = sorted(load_events())


def test_every_event_has_a_golden_file() -> None:
    assert sorted(path.stem for path in GOLDEN.glob("*.json")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_event_only_grows(name: str) -> None:
    golden = orjson.loads((GOLDEN / f"{name}.json").read_bytes())

    assert not list(_broken(golden["schema"], _resolved(name), path=name))


@pytest.mark.parametrize("name", NAMES)
def test_what_an_older_release_wrote_can_still_be_read(name: str) -> None:
    golden = orjson.loads((GOLDEN / f"{name}.json").read_bytes())

    event = REGISTRY[name].model_validate_json(orjson.dumps(golden["example"]))

    assert name == event.TYPE
    assert event.key


def test_the_check_finds_a_removed_and_a_changed_field() -> None:
    old = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
        "required": ["a"],
    }
    new = {"type": "object", "properties": {"b": {"type": "string"}, "c": {}}, "required": ["c"]}

    assert sorted(_broken(old, new, path="x")) == [
        "x.a: gone",
        "x.b: integer became string",
        "x.c: newly required",
    ]


def _resolved(name: str) -> dict[str, Any]:
    resolved: dict[str, Any] = resolve(schemas()[REGISTRY[name].__name__], schemas())
    return resolved


def resolve(schema: Any, known: dict[str, Any]) -> Any:
    """The schema with each reference replaced by what it names."""
    if isinstance(schema, list):
        return [resolve(part, known) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return resolve(known[schema["$ref"].rsplit("/", 1)[1]], known)
    return {
        k: resolve(v, known)
        for k, v in schema.items()
        if k not in {"description", "title"} or isinstance(v, dict)
    }


def _broken(old: Any, new: Any, *, path: str) -> list[str]:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return []
    found = []
    if old.get("type") != new.get("type"):
        found.append(f"{path}: {old.get('type')} became {new.get('type')}")
    gone = set(old.get("enum", [])) - set(new.get("enum", []))
    found += [f"{path}: value {value!r} is gone" for value in sorted(gone)]
    for name, schema in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            found.append(f"{path}.{name}: gone")
        else:
            found += _broken(schema, new["properties"][name], path=f"{path}.{name}")
    newly = set(new.get("required", [])) - set(old.get("required", []))
    found += [f"{path}.{name}: newly required" for name in sorted(newly)]
    return found + _broken(old.get("items"), new.get("items"), path=f"{path}[]")
