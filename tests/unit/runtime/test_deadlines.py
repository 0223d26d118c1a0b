"""What does not arrive is not waited for (R5)."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.unit.runtime.wire import Echo, connected, post, served
from tocsin_runtime import deadlines
from tocsin_runtime.clock import monotonic
from tocsin_runtime.deadlines import DeadlineProtocol
from tocsin_testkit.waiting import eventually, pause

HEAD = b"POST /direct/a HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\n"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "HEADER_DEADLINE", 0.4)
    monkeypatch.setattr(deadlines, "BODY_DEADLINE", 0.4)
    monkeypatch.setattr(deadlines, "HALF_OPEN_AFTER", 0.1)


@pytest.mark.parametrize("begun", [b"", b"POST /direct/a HT", HEAD, HEAD + b"abc"])
async def test_who_does_not_go_on_is_cut_off(begun: bytes) -> None:
    async with served(Echo()) as (_, port), connected(port) as wire:
        wire.send(begun)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await wire.answer()

    assert not DeadlineProtocol.incomplete


@pytest.mark.parametrize("first", [b"abc", b"declined"])
async def test_also_behind_a_request_that_was_answered(first: bytes) -> None:
    async with served(Echo()) as (_, port), connected(port) as wire:
        wire.send(post(first), HEAD)
        assert (await wire.answer()).endswith(first)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await wire.answer()


async def test_a_connection_that_rests_between_requests_stays() -> None:
    async with served(Echo()) as (server, port), connected(port) as wire:
        wire.send(post(b"a"))
        await wire.answer()
        (protocol,) = server.server_state.connections

        assert protocol._timer is None  # type: ignore[union-attr]
        assert protocol.timeout_keep_alive_task is not None  # type: ignore[union-attr]


async def test_a_connection_that_rests_too_long_is_closed_and_one_that_is_used_is_not() -> None:
    async with served(Echo(), rest=1) as (server, port), connected(port) as wire:
        began = monotonic()
        for _ in range(5):
            wire.send(post(b"a"))
            await wire.answer()
            await pause(0.3)
        await eventually(lambda: not server.server_state.connections, within=3)

        assert monotonic() - began >= 2.2


async def test_the_peer_with_too_many_half_open_requests_loses_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deadlines, "MOST_INCOMPLETE_PER_PEER", 3)
    monkeypatch.setattr(deadlines, "BODY_DEADLINE", 60)
    async with served(Echo()) as (_, port), AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(connected(port)) for _ in range(4)]
        for wire in wires:
            wire.send(HEAD)
        done, waiting = await asyncio.wait(
            [asyncio.create_task(wire.answer()) for wire in wires], return_when=asyncio.FIRST_COMPLETED
        )

        assert (len(done), len(waiting)) == (1, 3)
        for wire in wires:
            wire.send(b"123456789")
        ended = await asyncio.gather(*done, *waiting, return_exceptions=True)
        assert sum(isinstance(answer, bytes) for answer in ended) == 3
    assert not DeadlineProtocol.incomplete


@pytest.mark.parametrize("proxies", ["127.0.0.1", "10.0.0.0/8, 127.0.0.0/8", "*"])
async def test_a_trusted_proxy_may_have_many_for_all_its_senders_share_its_address(
    monkeypatch: pytest.MonkeyPatch, proxies: str
) -> None:
    monkeypatch.setattr(deadlines, "MOST_INCOMPLETE_PER_PEER", 3)
    monkeypatch.setattr(deadlines, "BODY_DEADLINE", 60)
    async with served(Echo(), proxies=proxies) as (_, port), AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(connected(port)) for _ in range(6)]
        for wire in wires:
            wire.send(HEAD)
        await eventually(lambda: sum(DeadlineProtocol.incomplete.values()) == 6, within=5)
        for wire in wires:
            wire.send(b"123456789")
        answers = await asyncio.gather(*(wire.answer() for wire in wires))
        assert len(answers) == 6
