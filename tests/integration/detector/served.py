"""The house's app on a port, as its hosts serve it; its lifespan runs already."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from tocsin_runtime.serve import TocsinServer, uvicorn_config
from tocsin_testkit.waiting import eventually
from tocsin_testkit.world import free_port


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The origin that answers by the direct road and by ASGI."""
    config = uvicorn_config(app, host="127.0.0.1", port=free_port())
    config.lifespan = "off"
    server = TocsinServer(config, drain=0)
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started, within=20)
    try:
        yield f"http://127.0.0.1:{config.port}"
    finally:
        server.stop()
        await serving
