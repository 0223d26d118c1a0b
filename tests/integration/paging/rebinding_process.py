"""Run below a private /etc/hosts: a name that is checked leads elsewhere by the time the page leaves (DNS rebinding).

Prints which servers were reached. The name leads to 127.0.0.1, which is allowed, or to 127.0.0.2, which is not.
"""

import asyncio
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tocsin_paging.adapters.apprise import check_apprise_url, notify
from tocsin_paging.adapters.guard import Guard, networks
from tocsin_paging.domain.message import Message

HOSTS, NAME = Path("/etc/hosts"), "receiver.test"
GUARD = Guard(networks(["127.0.0.1/32"]))
WORDS = Message("a page", "a page", "a page")


def lead_to(address: str) -> None:
    """From now on the name resolves to this address."""
    HOSTS.write_text(f"{address} {NAME}\n")


async def main(*, moves: bool) -> None:
    """Check the URL, move the name if asked, send."""
    reached: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(writer.get_extra_info("sockname")[0])
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, family=socket.AF_INET) as outside:
        port = outside.sockets[0].getsockname()[1]
        async with await asyncio.start_server(answer, "127.0.0.2", port):
            lead_to("127.0.0.1")
            target = await check_apprise_url(f"json://{NAME}:{port}/hook", GUARD)
            if moves:
                lead_to("127.0.0.2")
            with ThreadPoolExecutor(1) as threads:
                taken = await notify(target, WORDS, guard=GUARD, threads=threads)
    print(taken, *reached)


if __name__ == "__main__":
    asyncio.run(main(moves=sys.argv[1] == "moves"))
