"""The road past ASGI takes what is plain, answers byte by byte as uvicorn does, and leaves the rest alone."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.unit.runtime.wire import Echo, Wire, connected, post, served
from tocsin_runtime.serve import TocsinServer
from tocsin_testkit.waiting import eventually

CHUNKED = (
    b"POST /direct/a HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
)
NOT_PLAIN = {
    "declined by the app": post(b"declined"),
    "another path": post(b"a", b"/other"),
    "a query string": post(b"a", b"/direct/a?b=c"),
    "an escaped path": post(b"a", b"/direct/%61"),
    "the last of its connection": post(b"a", b"/direct/a", b"Connection: close"),
    "HTTP/1.0": post(b"a", version=b"1.0"),
    "not a post": b"PUT /direct/a HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\n\r\na",
    "an upgrade": post(b"", b"/direct/a", b"Connection: Upgrade", b"Upgrade: h2c"),
}


@pytest.fixture
def app() -> Echo:
    return Echo()


@pytest.fixture
async def server(app: Echo) -> AsyncIterator[tuple[TocsinServer, int]]:
    async with served(app) as running:
        yield running


@pytest.fixture
async def wire(server: tuple[TocsinServer, int]) -> AsyncIterator[Wire]:
    async with connected(server[1]) as made:
        yield made


@pytest.mark.parametrize("request_", [post(b"abc"), CHUNKED], ids=["whole", "chunked"])
async def test_a_plain_post_is_answered_directly(app: Echo, wire: Wire, request_: bytes) -> None:
    for _ in range(3):
        wire.send(request_)
        assert (await wire.answer()).endswith(b"\r\n\r\nPOST /direct/a abc")

    assert app.roads == ["direct"] * 3


@pytest.mark.parametrize("name", NOT_PLAIN)
async def test_what_is_not_plain_goes_to_the_app(app: Echo, wire: Wire, name: str) -> None:
    wire.send(NOT_PLAIN[name])

    assert (await wire.answer()).startswith(b"HTTP/1.1 202 Accepted\r\n")
    assert app.roads == ["asgi"]


@pytest.mark.parametrize("body", [b"abc", b"", b"closing"])
async def test_both_roads_write_the_same_bytes(app: Echo, wire: Wire, body: bytes) -> None:
    wire.send(post(b"declined"))
    by_app = (await wire.answer()).replace(b"declined", body)
    wire.send(post(body))
    directly = await wire.answer()

    by_app = by_app.replace(b"length: 23", b"length: %d" % (15 + len(body)))
    if body == b"closing":
        by_app = by_app.replace(b"plain\r\n", b"plain\r\nconnection: close\r\n")
        assert await wire.ended() == b""
    assert directly == by_app
    assert app.roads == ["asgi", "direct"]


async def test_a_post_in_two_pieces_goes_to_the_app(app: Echo, wire: Wire) -> None:
    whole = post(b"abcdef")
    wire.send(whole[:-3])
    await eventually(lambda: app.roads == ["asgi"], within=5)
    wire.send(whole[-3:])

    assert (await wire.answer()).endswith(b"POST /direct/a abcdef")


async def test_who_asks_first_is_told_to_go_on(app: Echo, wire: Wire) -> None:
    head, _, body = post(b"abc", b"/direct/a", b"Expect: 100-continue").partition(b"\r\n\r\n")
    wire.send(head, b"\r\n\r\n")
    assert await wire.answer() == b"HTTP/1.1 100 Continue\r\n\r\n"
    wire.send(body)

    assert (await wire.answer()).endswith(b"POST /direct/a abc")
    assert app.roads == ["asgi"]


async def test_nonsense_behind_a_plain_head_is_refused(app: Echo, wire: Wire) -> None:
    wire.send(CHUNKED.replace(b"2\r\nab", b"zz\r\nab"))

    assert (await wire.answer()).startswith(b"HTTP/1.1 400 ")
    assert await wire.ended() == b""
    assert app.roads == []


async def test_pipelined_answers_come_in_order(app: Echo, wire: Wire) -> None:
    wire.send(post(b"later"), post(b"b"), post(b"declined"), post(b"d"))
    await eventually(lambda: bool(app.waiting), within=5)
    assert app.roads == ["direct"], "what comes behind waits"
    app.release()
    answers = [await wire.answer() for _ in range(4)]
    wire.send(post(b"e"))
    answers.append(await wire.answer())

    assert [answer.rpartition(b" ")[2][-8:] for answer in answers] == [
        answers[0][-8:],
        b"b",
        b"declined",
        b"d",
        b"e",
    ]
    assert answers[0].endswith(b"\r\n\r\nlater")
    assert app.roads == ["direct", "asgi", "asgi", "asgi", "direct"]


async def test_pipelined_posts_that_are_answered_at_once_stay_direct(app: Echo, wire: Wire) -> None:
    wire.send(*(post(b"%d" % number) for number in range(50)))
    answers = [await wire.answer() for _ in range(50)]

    assert [answer.rpartition(b" ")[2] for answer in answers] == [b"%d" % number for number in range(50)]
    assert app.roads == ["direct"] * 50


async def test_who_hung_up_gets_no_answer(app: Echo, server: tuple[TocsinServer, int]) -> None:
    async with connected(server[1]) as wire:
        wire.send(post(b"later"))
        await eventually(lambda: bool(app.waiting), within=5)
    await eventually(lambda: not server[0].server_state.connections, within=5)

    app.release()

    async with connected(server[1]) as wire:
        wire.send(post(b"a"))
        assert (await wire.answer()).endswith(b" a")


async def test_a_stop_waits_for_the_answer(app: Echo, server: tuple[TocsinServer, int]) -> None:
    async with connected(server[1]) as wire, connected(server[1]) as idle:
        wire.send(post(b"later"))
        await eventually(lambda: bool(app.waiting) and len(server[0].server_state.connections) == 2, within=5)
        server[0].stop()
        assert await idle.ended() == b""
        assert not wire.reader.at_eof()

        app.release()

        answer = await wire.answer()
        assert b"connection: close\r\n" in answer
        assert answer.endswith(b"later")
        assert await wire.ended() == b""


async def test_who_does_not_read_its_answers_is_not_answered_without_end(app: Echo, wire: Wire) -> None:
    """The app's own road waits for the peer to read; the direct one leaves it to that."""
    flood = asyncio.create_task(_flood(wire, post(b"x" * 50_000)))
    await eventually(lambda: "asgi" in app.roads, within=20)

    flood.cancel()
    assert len(app.roads) < 2_000
    wire.writer.transport.abort()


async def _flood(wire: Wire, request: bytes) -> None:
    while True:
        wire.send(request)
        await wire.writer.drain()
