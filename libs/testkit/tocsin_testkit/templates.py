"""Template databases: each set of schemas is migrated once a session and then only copied."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from tocsin_runtime.migrate import migrate, prepare_roles
from tocsin_testkit.postgres import TestServer


class Templates:
    """Makes and remembers templates on one server."""

    def __init__(self, server: TestServer) -> None:
        self._server = server
        self._urls: dict[tuple[str, ...], str] = {}

    def of(self, *schemas: str) -> str:
        """The URL of a database with these schemas at their newest revision; copy it, do not use it."""
        if schemas not in self._urls:
            url = self._server.create_database()
            with ThreadPoolExecutor(max_workers=1) as thread:
                thread.submit(asyncio.run, migrate_all(url, schemas)).result()
            self._urls[schemas] = url
        return self._urls[schemas]


async def migrate_all(url: str, schemas: tuple[str, ...]) -> None:
    """Roles, schemas and tables, as `tocsin migrate` makes them."""
    await prepare_roles(url, list(schemas))
    for schema in schemas:
        await migrate(url, schema=schema, package=f"tocsin_{schema}")
