"""Every list of the API comes in pages, by the same two parameters."""

from typing import Any

from fastapi import FastAPI


def lists_of(app: FastAPI) -> dict[str, Any]:
    """GET operations that answer items, by path."""
    document = app.openapi()
    schemas = document["components"]["schemas"]
    found = {}
    for path, item in document["paths"].items():
        content = item.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        name = content.get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
        if "next" in schemas.get(name, {}).get("properties", {}):
            found[path] = item["get"]
    return found


async def test_every_list_takes_limit_and_cursor(app: FastAPI) -> None:
    lists = lists_of(app)
    assert lists
    for path, operation in lists.items():
        names = {parameter["name"] for parameter in operation["parameters"]}
        assert names >= {"limit", "cursor"}, path
