"""`tocsin up`: all five services, the bus and PostgreSQL on a bare machine, in one process."""

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import structlog
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import ASGIApp

from tocsin.addresses import check_address
from tocsin.banner import Banner
from tocsin.components import components_app
from tocsin.compose import compose, direct_couriers, direct_heralds, token_owner
from tocsin.embedded import default_data_dir, start_postgres
from tocsin.keys import admin_token, secret_key
from tocsin.mailbox import Mail, Mailbox
from tocsin.mailbox_pages import mailbox_pages
from tocsin.migrating import migrate_all
from tocsin.options import UpOptions
from tocsin.registry import create_app_of, settings_of
from tocsin.starter import first_steps
from tocsin.succession import succeed_everywhere
from tocsin_bus.connect import connect
from tocsin_chassis.platform import Platform
from tocsin_runtime.clock import monotonic
from tocsin_runtime.serve import TocsinServer, uvicorn_config
from tocsin_runtime.settings import (
    SERVICES,
    PlatformSettings,
    ServiceSettings,
    SettingsError,
    problems_with_admin_token,
)

log = structlog.get_logger("tocsin.up")
REBUILDS = 3
REBUILDS_WITHIN = 300.0


async def up(options: UpOptions, settings: PlatformSettings, banner: Banner) -> None:
    """Run until SIGTERM or Ctrl-C. Raises EmbeddedError, MigrationError or SettingsError before it listens."""
    began = monotonic()
    _stop_on_sigterm()
    data_dir = options.data_dir or (Path(settings.data_dir) if settings.data_dir else default_data_dir())
    async with AsyncExitStack() as stack:
        is_embedded = not (options.database or settings.database_url)
        settings = await _with_database(options, settings, data_dir=data_dir, stack=stack, banner=banner)
        settings, is_new = _with_secrets(options, settings, data_dir)
        await migrate_all(settings)
        if is_embedded:
            await succeed_everywhere(settings)
        mailbox = None
        if not settings.smtp_host:
            mailbox, settings = await _with_mailbox(settings, data_dir=data_dir, stack=stack, banner=banner)
        bus = connect(settings)
        await bus.start()
        stack.push_async_callback(bus.close)
        apps = _build(settings, bus=bus, data_dir=data_dir)
        extra: dict[str, ASGIApp] = {"/_/components": components_app(apps["incidents"])}
        if mailbox is not None:
            extra["/mailbox"] = mailbox_pages(mailbox, host=apps["paging"])
        config = uvicorn_config(
            compose(apps, extra),
            host=settings.host,
            port=settings.port,
            trusted_proxies=settings.trusted_proxies,
        )
        server = TocsinServer(config, drain=0)
        server.before_drain(lambda: _close_streams(apps))
        await _serve(
            server,
            settings,
            data_dir=data_dir,
            banner=banner,
            began=began,
            starter=options.starter,
            is_new=is_new,
        )


def _stop_on_sigterm() -> None:
    """Until the server takes signals itself, SIGTERM unwinds what has been started, PostgreSQL above all."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


async def _with_database(
    options: UpOptions, settings: PlatformSettings, *, data_dir: Path, stack: AsyncExitStack, banner: Banner
) -> PlatformSettings:
    settings = as_told(options, settings)
    url = options.database or settings.database_url
    if not url:
        postgres = await start_postgres(data_dir, report=banner.note)
        stack.push_async_callback(postgres.stop)
        url = postgres.url
    settings = settings.model_copy(update={"database_url": url})
    if problems := problems_with_admin_token(settings):
        raise SettingsError("; ".join(problems))
    host, port = settings.host, settings.port
    check_address(host, port)  # a Tocsin that runs on this data directory has been named before
    if "TOCSIN_PUBLIC_URL" in os.environ:
        return settings
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host
    return settings.model_copy(update={"public_url": f"http://{shown}:{port}"})


def as_told(options: UpOptions, settings: PlatformSettings) -> PlatformSettings:
    """The settings of the environment with what the command line says of them, and nothing besides."""
    told = {"host": options.host, "port": options.port, "kafka_bootstrap_servers": options.kafka}
    return settings.model_copy(update={name: value for name, value in told.items() if value})


def _with_secrets(
    options: UpOptions, settings: PlatformSettings, data_dir: Path
) -> tuple[PlatformSettings, bool]:
    data_dir.mkdir(parents=True, exist_ok=True)
    changes: dict[str, object] = {}
    is_new = False
    if not settings.secret_key.get_secret_value():
        changes["secret_key"] = SecretStr(secret_key(data_dir))
    if not settings.admin_token.get_secret_value():
        token, is_new = admin_token(data_dir)
        changes["admin_token"] = SecretStr(token)
    return settings.model_copy(update=changes), is_new


async def _with_mailbox(
    settings: PlatformSettings, *, data_dir: Path, stack: AsyncExitStack, banner: Banner
) -> tuple[Mailbox, PlatformSettings]:
    def show(mail: Mail) -> None:
        banner.mail(mail)

    try:
        from tocsin.mail_server import MailServer  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise SettingsError("set TOCSIN_SMTP_HOST, or: pip install '.[embedded]' for a mailbox") from error
    mailbox = Mailbox(data_dir / "mailbox", show)
    server = MailServer(mailbox)
    port = await server.start()
    stack.push_async_callback(server.stop)
    changes = {
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_starttls": False,
        "smtp_from": "Tocsin <tocsin@localhost>",
    }
    return mailbox, settings.model_copy(update=changes)


def _build(settings: PlatformSettings, *, bus: object, data_dir: Path) -> dict[str, FastAPI]:
    apps: dict[str, FastAPI] = {}
    couriers, heralds, ask = direct_couriers(apps), direct_heralds(apps), token_owner(apps)
    rebuilds: list[float] = []

    def wedged(service: str) -> None:
        rebuilds[:] = [at for at in rebuilds if monotonic() - at < REBUILDS_WITHIN] + [monotonic()]
        if len(rebuilds) >= REBUILDS:
            log.critical("process.exits_wedged", service=service)
            os._exit(1)
        apps[service].state.service.rebuild_consumer()

    for name in SERVICES:
        own = {peer: courier for peer, courier in couriers.items() if peer != name}
        roads = {"couriers": own, "heralds": heralds, "ask_owner": ask}
        platform = Platform(settings, bus, wedged=wedged, **roads)  # type: ignore[arg-type]
        apps[name] = create_app_of(name)(_service_settings(name, data_dir), platform)
    return apps


def _service_settings(name: str, data_dir: Path) -> ServiceSettings:
    made = settings_of(name)()
    if name == "comms" and not getattr(made, "status_directory", None):
        return made.model_copy(update={"status_directory": data_dir / "status"})
    return made


def _close_streams(apps: dict[str, FastAPI]) -> None:
    for app in apps.values():
        app.state.service.health.draining = True
        app.state.service.live.close()


async def _serve(
    server: TocsinServer,
    settings: PlatformSettings,
    *,
    data_dir: Path,
    banner: Banner,
    began: float,
    starter: bool,
    is_new: bool,
) -> None:
    serving = asyncio.create_task(server.serve(), name="server")
    try:
        await asyncio.wait(
            [serving, asyncio.create_task(server.has_started())], return_when=asyncio.FIRST_COMPLETED
        )
        if not serving.done():
            first = await first_steps(settings, data_dir, wanted=starter)
            banner.ready(settings, first=first, is_new=is_new, seconds=monotonic() - began)
        # SIGTERM cancels this task as well as telling the server; the server's own stop must not be cut short.
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.stop()
        await serving
