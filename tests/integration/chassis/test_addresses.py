"""Where Tocsin sends a caller on to is its own public address, whatever Host the request names."""

import re
from uuid import UUID

import httpx2
from fastapi import FastAPI

from tocsin_access.routes import RouteRule, route_table

PLACE = re.compile(r"\{[^}]+\}")
EVIL = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}


def path_of(route: RouteRule) -> str:
    return PLACE.sub(str(UUID(int=7)), route.path)


async def test_a_slash_at_the_end_changes_nothing(app: FastAPI, client: httpx2.AsyncClient) -> None:
    for route in route_table(app.routes):
        if route.needs_scope and not route.path.endswith("/stream"):
            plain = await client.request(route.method, path_of(route), headers=EVIL, json={})
            slash = await client.request(route.method, path_of(route) + "/", headers=EVIL, json={})
            assert slash.status_code == plain.status_code, route
            assert "evil" not in slash.headers.get("location", ""), route
