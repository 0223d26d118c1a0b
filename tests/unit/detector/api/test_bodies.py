"""Bodies: bounded, in time, unpacked with care."""

import asyncio
import gzip
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from tocsin_detector.api.bodies import Gone, NotGzip, TooLarge, TooSlow, gunzip, read_body
from tocsin_detector.domain.limits import Limits


class Line:
    """Plays the messages that a server passes on."""

    def __init__(self, *parts: bytes, end: dict[str, Any] | None = None) -> None:
        self._messages: Iterator[dict[str, Any]] = iter(
            [{"type": "http.request", "body": part, "more_body": index < len(parts) - 1 or end is not None}
             for index, part in enumerate(parts)] + ([end] if end else [])
        )  # fmt: skip

    async def receive(self) -> dict[str, Any]:
        message = next(self._messages, None)
        if message is None:
            await asyncio.Event().wait()
        assert message is not None
        return message


async def read(line: Line, limit: int = 100, declared: bytes | None = None) -> bytes:
    return await read_body(line.receive, limit=limit, declared=declared, seconds=0.05)


async def test_whole_and_in_parts() -> None:
    assert await read(Line(b"abc")) == b"abc"
    assert await read(Line(b"a", b"b", b"", b"c")) == b"abc"
    assert await read(Line(b"x" * 100)) == b"x" * 100


@pytest.mark.parametrize("line", [Line(b"x" * 101), Line(b"x" * 60, b"x" * 60, b"x" * 10**6)])
async def test_too_large(line: Line) -> None:
    with pytest.raises(TooLarge):
        await read(line)


async def test_a_declared_length_is_believed_before_anything_is_read() -> None:
    with pytest.raises(TooLarge):
        await read(Line(), declared=b"101")
    assert await read(Line(b"a"), declared=b"nonsense") == b"a"


async def test_too_slow_and_gone() -> None:
    with pytest.raises(TooSlow):
        await read(Line(b"a", end={"type": "http.request", "body": b"", "more_body": True}))
    with pytest.raises(Gone):
        await read(Line(b"a", end={"type": "http.disconnect"}))
    with pytest.raises(Gone):
        await read(Line(end={"type": "http.disconnect"}))


def test_gzip() -> None:
    body = b'{"title": "a"}' * 100

    assert gunzip(gzip.compress(body), Limits()) == body


def test_a_small_body_may_be_packed_well() -> None:
    assert gunzip(gzip.compress(b" " * 16_000), Limits()) == b" " * 16_000


def test_a_bomb_is_refused_without_being_unpacked() -> None:
    bomb = gzip.compress(b"\x00" * 10_000_000)
    tracemalloc.start()
    with pytest.raises(TooLarge):
        gunzip(bomb, Limits())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 2_000_000


@pytest.mark.parametrize(
    "packed", [b"", b"{}", gzip.compress(b"{}")[:-4], gzip.compress(b"{}") + b"x", gzip.compress(b"{}") * 2]
)
def test_what_is_no_gzip(packed: bytes) -> None:
    with pytest.raises(NotGzip):
        gunzip(packed, Limits())
