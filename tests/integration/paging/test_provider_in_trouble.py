"""The running service while a way out is dead, slow or overloaded: somebody else is paged soon (R30, R32, F26, F28)."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from fastapi import FastAPI

from tests.integration.bus.test_sendings import let_the_breakers_rest
from tests.integration.paging.conftest import Mailbox, Receiver
from tests.integration.paging.stage import Stage
from tocsin_bus.send_runner import SendRunner
from tocsin_paging.app import create_app
from tocsin_paging.domain.contact import Channel
from tocsin_paging.domain.page import PageState
from tocsin_paging.settings import PagingSettings
from tocsin_runtime.clock import DatabaseClock, ManualClock, monotonic, process_now
from tocsin_testkit.apps import build_app, running
from tocsin_testkit.waiting import eventually

SOON = 15
"""Seconds within which the next step is paged when nobody of a step can be reached."""


@dataclass
class Playing:
    """A stage on the running service, in real time."""

    app: FastAPI
    smtp_port: int
    stage: Stage = field(init=False)

    def __post_init__(self) -> None:
        service = self.app.state.service
        self.stage = Stage(service.unit_of_work, ManualClock(process_now()), pager=self.app.state.pager)

    def runner(self, provider: str) -> SendRunner:
        """What sends through that provider."""
        worker = self.app.state.service.wakeups.workers[f"send.{provider}"]
        found = vars(worker)["_run_once"].__self__
        assert isinstance(found, SendRunner)
        return found

    async def reached_by_webhook(self, name: str, url: str) -> UUID:
        """Somebody whom one webhook reaches."""
        return await self.stage.person(name, channels=[(Channel.WEBHOOK, url)])


@pytest.fixture
async def playing(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Playing]:
    """Paging as it runs; nobody listens at the port of its mail server."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("TOCSIN_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("TOCSIN_SMTP_PORT", str(port))
    monkeypatch.setenv("TOCSIN_SMTP_STARTTLS", "false")
    app = build_app(
        create_app, PagingSettings, database_url, DatabaseClock(), allowed_networks=("127.0.0.0/8",)
    )
    async with running(app):
        yield Playing(app, port)


@asynccontextmanager
async def hanging() -> AsyncIterator[str]:
    """The URL of a receiver that takes every request and never answers."""
    held: list[asyncio.StreamWriter] = []

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        await reader.read()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    server.close()
    for writer in held:
        writer.close()


async def test_a_dead_provider_holds_up_no_incident(playing: Playing, receiver: Receiver) -> None:
    stage = playing.stage
    ana = await stage.person("Ana")
    await stage.policy([ana], [await playing.reached_by_webhook("Bo", receiver.url)])
    incidents = [await stage.open() for _ in range(20)]
    await eventually(lambda: len(receiver.requests) == len(incidents), within=SOON)
    pages = [page for page in await stage.pages() if page.user_id == ana]
    assert {page.state for page in pages} == {PageState.RETRYING}
    assert all("the mail server cannot be reached" in (page.reason or "") for page in pages)

    later = await stage.open()
    await eventually(lambda: len(receiver.requests) == len(incidents) + 1, within=5)
    await stage.acknowledged(later, ana)
    box = Mailbox(playing.smtp_port)
    controller = Controller(box, hostname="127.0.0.1", port=playing.smtp_port)
    controller.start()
    let_the_breakers_rest(playing.runner(Channel.EMAIL))
    await eventually(lambda: len(box.mails) == len(incidents), within=SOON)
    controller.stop()


async def test_a_receiver_that_asks_for_minutes_is_not_waited_for(
    playing: Playing, receiver: Receiver
) -> None:
    receiver.answers = [(503, {"Retry-After": "300"})]
    ana = await playing.reached_by_webhook("Ana", receiver.url)
    bo = await playing.reached_by_webhook("Bo", receiver.url)
    await playing.stage.policy([ana], [bo])
    await playing.stage.open()
    await eventually(lambda: len(receiver.requests) == 2, within=5)


async def test_a_receiver_that_hangs_is_waited_for_once(playing: Playing, receiver: Receiver) -> None:
    async with hanging() as url:
        ana = await playing.reached_by_webhook("Ana", url)
        await playing.stage.policy([ana], [await playing.reached_by_webhook("Bo", receiver.url)])
        began = monotonic()
        for _ in range(20):
            await playing.stage.open()
        await eventually(lambda: len(receiver.requests) == 20, within=SOON)
    assert monotonic() - began < SOON


async def test_a_receiver_that_hangs_holds_up_nobody_elses_pages(
    playing: Playing, receiver: Receiver
) -> None:
    async with hanging() as url:
        ana = await playing.reached_by_webhook("Ana", url)
        bo = await playing.reached_by_webhook("Bo", receiver.url)
        await playing.stage.policy([ana, bo])
        for _ in range(60):
            await playing.stage.open()
        await eventually(lambda: len(receiver.requests) == 60, within=5)


async def test_an_apprise_service_that_hangs_holds_up_nobody_elses_pages(
    playing: Playing, receiver: Receiver
) -> None:
    stage = playing.stage
    async with hanging() as url:
        people = [
            await stage.person(name, channels=[(Channel.APPRISE, where.replace("http:", "json:"))])
            for name, where in (("Ana", url), ("Bo", receiver.url))
        ]
        await stage.policy(people)
        for _ in range(20):
            await stage.open()
        await eventually(lambda: len(receiver.requests) == 20, within=5)
