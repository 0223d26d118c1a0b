"""Reads and unpacks a body without ever holding more of it than is allowed (R5)."""

import zlib
from asyncio import timeout

from starlette.types import Receive

from tocsin_detector.domain.limits import Limits

_GZIP = 31


class TooLarge(Exception):
    """The body is over the limit; the text says which."""


class TooSlow(Exception):
    """The body did not come in time; the text says how much there is."""


class Gone(Exception):
    """The sender hung up before the body was complete."""


class NotGzip(Exception):
    """The body is no gzip, though its header says so. `body` is what came."""

    def __init__(self, detail: str, body: bytes) -> None:
        super().__init__(detail)
        self.body = body


async def read_body(receive: Receive, *, limit: int, declared: bytes | None, seconds: float) -> bytes:
    """The body, at most `limit` bytes. Raises TooLarge, TooSlow, Gone."""
    if declared is not None and declared.isdigit() and int(declared[:18]) > limit:
        raise TooLarge(f"A body may have {limit} bytes.")
    parts, size, more = [], 0, True
    try:
        async with timeout(seconds):
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    raise Gone
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > limit:
                    raise TooLarge(f"A body may have {limit} bytes.")
                more = message.get("more_body", False)
    except TimeoutError as error:
        raise TooSlow(f"Send the whole body within {seconds:g} seconds.") from error
    return parts[0] if len(parts) == 1 else b"".join(parts)


def gunzip(packed: bytes, limits: Limits) -> bytes:
    """The unpacked body. Raises TooLarge once it is over the limit or grows by more than the ratio, and NotGzip."""
    most = min(limits.inflated, max(limits.ratio * len(packed), limits.ratio_from))
    unpacker = zlib.decompressobj(_GZIP)
    try:
        body = unpacker.decompress(packed, most + 1)
    except zlib.error as error:
        raise NotGzip(str(error), packed) from error
    if len(body) > most:
        raise TooLarge(
            f"An unpacked body may have {limits.inflated} bytes, and {limits.ratio} times as many as the packed one."
        )
    if not unpacker.eof or unpacker.unused_data:
        raise NotGzip("the stream is cut short or followed by something else", packed)
    return body
