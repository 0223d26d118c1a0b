"""Run by the tests as a process that can be killed: `parent.py DATA_DIR serve|write|forget`.

Prints `report: …` for each report, `ready: PID` when PostgreSQL runs, and `committed: N` after each commit.
`serve` and `write` go on until SIGTERM and then stop PostgreSQL; `forget` exits at once without stopping it.
"""

import asyncio
import signal
import sys
from pathlib import Path

import asyncpg

from tocsin.embedded import start_postgres


def say(line: str) -> None:
    print(line, flush=True)


async def write(url: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute("CREATE TABLE receipts (number int PRIMARY KEY)")
    number = 0
    while True:
        number += 1
        await connection.execute("INSERT INTO receipts VALUES ($1)", number)
        say(f"committed: {number}")


async def main(data_dir: Path, deed: str) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    server = await start_postgres(data_dir, report=lambda line: say(f"report: {line}"))
    say(f"ready: {server.pid}")
    if deed == "forget":
        return
    writing = asyncio.create_task(write(server.url)) if deed == "write" else None
    await ended.wait()
    if writing is not None:
        writing.cancel()
        await asyncio.wait([writing])
    await server.stop()


asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
