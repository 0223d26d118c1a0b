"""The published events keep their promises: a field may be added, never changed or taken away (R38)."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.contract.compatibility import Schema, breaks
from tocsin_events.base import REGISTRY
from tools.asyncapi import load_events, schemas

GOLDEN = Path(__file__).parent / "golden" / "events"
NAMES = sorted(load_events())


def test_every_event_has_a_golden_file() -> None:
    assert sorted(path.stem for path in GOLDEN.glob("*.json")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_event_only_grows(name: str) -> None:
    golden = orjson.loads((GOLDEN / f"{name}.json").read_bytes())

    assert not list(breaks(golden["schema"], _resolved(name), path=name))


@pytest.mark.parametrize("name", NAMES)
def test_what_an_older_release_wrote_can_still_be_read(name: str) -> None:
    golden = orjson.loads((GOLDEN / f"{name}.json").read_bytes())

    event = REGISTRY[name].model_validate_json(orjson.dumps(golden["example"]))

    assert name == event.TYPE
    assert event.key


TEXT = {"type": "string"}
UUID_TEXT = {"type": "string", "format": "uuid"}
NULL = {"type": "null"}
COLOUR = {"type": "string", "enum": ["red", "green"]}


def field(schema: Schema, *, required: bool = False) -> Schema:
    """An event of one field."""
    return {"type": "object", "properties": {"a": schema}, "required": ["a"] if required else []}


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (TEXT, {"type": "integer"}, "x.a: type string became integer"),
        (
            {"anyOf": [UUID_TEXT, NULL]},
            {"anyOf": [{"type": "integer"}, NULL]},
            "x.a: format uuid became None; x.a: type string became integer",
        ),
        (UUID_TEXT, {"type": "string", "format": "date-time"}, "x.a: format uuid became date-time"),
        (TEXT, {"type": "string", "maxLength": 9}, "x.a: maxLength None became 9"),
        ({"type": "string", "maxLength": 9}, TEXT, "x.a: maxLength 9 became None"),
        (TEXT, {"type": "string", "pattern": "^a"}, "x.a: pattern None became ^a"),
        ({"const": 1}, {"const": 2}, "x.a: const 1 became 2"),
        (COLOUR, {"type": "string", "enum": ["green", "red", "blue"]}, "x.a: value 'blue' is new"),
        (COLOUR, {"type": "string", "enum": ["red"]}, "x.a: value 'green' is gone"),
        (TEXT, COLOUR, "x.a: values None became ['red', 'green']"),
        (TEXT, {"anyOf": [TEXT, NULL]}, "x.a: may be null now"),
        ({"anyOf": [NULL, TEXT]}, TEXT, "x.a: may no longer be null"),
        (
            {"anyOf": [COLOUR, NULL]},
            {"anyOf": [NULL, {"type": "string", "enum": ["red", "green", "blue"]}]},
            "x.a: value 'blue' is new",
        ),
        (
            {"type": "array", "items": UUID_TEXT},
            {"type": "array", "items": TEXT},
            "x.a[]: format uuid became None",
        ),
        (
            {"type": "object", "additionalProperties": TEXT},
            {"type": "object", "additionalProperties": UUID_TEXT},
            "x.a{}: format None became uuid",
        ),
        ({"type": "object"}, {"type": "object", "additionalProperties": False}, "x.a{}: None became False"),
        (field(TEXT), field(UUID_TEXT), "x.a.a: format None became uuid"),
        (field(TEXT), field(TEXT, required=True), "x.a.a: newly required"),
        (field(TEXT, required=True), field(TEXT), "x.a.a: may be missing now"),
        (field(TEXT, required=True), {"type": "object", "properties": {}}, "x.a.a: gone"),
    ],
)
def test_the_check_finds(old: Schema, new: Schema, found: str) -> None:
    assert "; ".join(breaks(field(old), field(new), path="x")) == found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (field(TEXT), {"type": "object", "properties": {"a": TEXT, "b": TEXT}, "required": []}),
        (field({"anyOf": [TEXT, NULL]}), field({"anyOf": [NULL, TEXT], "default": None})),
        (field(TEXT), field({**TEXT, "description": "A word.", "default": ""})),
        (field({"type": "object"}), field({"type": "object", "additionalProperties": True})),
    ],
)
def test_the_check_lets_through_what_breaks_nobody(old: Schema, new: Schema) -> None:
    assert not list(breaks(old, new, path="x"))


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
