"""A server that takes connections and says nothing, which is how a frozen broker looks from outside."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tocsin_bus.connect import connect
from tocsin_bus.protocol import Bus
from tocsin_runtime.settings import PlatformSettings


@asynccontextmanager
async def stalled_bus() -> AsyncIterator[Bus]:
    """The Kafka bus on such a server, started."""
    connections: set[asyncio.StreamWriter] = set()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(writer)
        await reader.read()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    bus = connect(PlatformSettings(kafka_bootstrap_servers=f"127.0.0.1:{port}"))
    await bus.start()
    try:
        yield bus
    finally:
        await bus.close()
        server.close()
        for writer in connections:
            writer.close()
