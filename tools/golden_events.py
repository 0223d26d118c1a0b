"""Writes the golden file of each event that has none yet; an existing one is a promise and is never rewritten."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from tests.contract.test_events import GOLDEN, resolve
from tools.asyncapi import load_events, schemas

MOMENT = datetime(2026, 11, 24, 3, 12, tzinfo=UTC)
IDENTIFIER = UUID("019363f2-0000-7000-8000-000000000001")


def main() -> int:
    """Returns 0."""
    GOLDEN.mkdir(parents=True, exist_ok=True)
    known = schemas()
    for name, kind in load_events().items():
        path = GOLDEN / f"{name}.json"
        if not path.exists():
            schema = resolve(known[kind.__name__], known)
            golden = {"schema": schema, "example": _example(schema)}
            path.write_bytes(orjson.dumps(golden, option=orjson.OPT_INDENT_2) + b"\n")
            print(f"wrote {path.relative_to(Path.cwd())}")
    return 0


def _example(schema: dict[str, Any]) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        return _example(schema["anyOf"][0])
    if schema.get("type") == "object" and "properties" in schema:
        return {name: _example(part) for name, part in schema["properties"].items()}
    if schema.get("type") == "array":
        return [_example(schema["items"])]
    if schema.get("type") == "string":
        return {"uuid": str(IDENTIFIER), "date-time": MOMENT.isoformat()}.get(
            schema.get("format", ""), "text"
        )
    return {"object": {}, "integer": 1, "number": 1.5, "boolean": True}.get(schema.get("type", ""))


if __name__ == "__main__":
    sys.exit(main())
