"""The builder that every `app.py` uses, and the state that requests find on `app.state.service`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import httpx2
from fastapi import APIRouter, FastAPI
from prometheus_client import CollectorRegistry

from tocsin_access.access import Access
from tocsin_access.directory import subscriptions_for
from tocsin_bus.berths import Berth
from tocsin_bus.consumer import BATCH, ConsumerRunner
from tocsin_bus.due import AT_REST, BEAT, NET, DueWork
from tocsin_bus.listener import Listener
from tocsin_bus.relay import Relay
from tocsin_bus.retry import ParkedRunner
from tocsin_bus.send_runner import SendRunner
from tocsin_bus.sending import Outgoing, Provider
from tocsin_bus.subscriptions import Subscriptions
from tocsin_bus.timers import TimerRunner, Timers
from tocsin_bus.unit_of_work import OpenUnitOfWork, notification_channel, unit_of_work_opener
from tocsin_chassis.ahead import Ahead
from tocsin_chassis.bypass import road_past_the_bus
from tocsin_chassis.canary import EVERY, Canaries
from tocsin_chassis.figures import Figures
from tocsin_chassis.frame import Frame
from tocsin_chassis.health import Health
from tocsin_chassis.intake import intake_router
from tocsin_chassis.lifespan import lifespan_of
from tocsin_chassis.live import LiveHub, stream_router
from tocsin_chassis.openapi import NOTHING_ELSE, Described, document_of
from tocsin_chassis.owner import owner_of_tokens
from tocsin_chassis.platform import Platform
from tocsin_chassis.problems import handle_problems
from tocsin_chassis.surface import mount_files, plain_router
from tocsin_chassis.upkeep import Upkeep
from tocsin_chassis.wakeups import Wakeups
from tocsin_events.base import Event
from tocsin_runtime.metrics import Metrics
from tocsin_runtime.reading import reading_opener
from tocsin_runtime.settings import ServiceSettings
from tocsin_runtime.worker import Worker
from tocsin_theme.theme import Theme

App = TypeVar("App", bound=FastAPI)
GATHER = 0.2
"""Seconds in which a service that nobody waits for gathers what it hears, so that it works on many at once."""


class Service:
    """One of the five. Nothing runs before the app's lifespan starts; nothing is global."""

    def __init__(
        self, name: str, *, title: str, settings: ServiceSettings, platform: Platform, templates: Path
    ) -> None:
        self.name = name
        self.title = title
        self.settings = settings
        self.platform = platform
        self.package = f"tocsin_{name}"
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry, name)
        self.database = platform.database_for(name)
        self.theme = Theme(name, templates, public_url=platform.settings.public_url)
        self.static = templates.parent / "static"
        self.client = httpx2.AsyncClient(timeout=httpx2.Timeout(10, connect=3))
        self.wakeups = Wakeups()
        self._senders: dict[str, SendRunner] = {}
        self.live = LiveHub()
        self.unit_of_work: OpenUnitOfWork = unit_of_work_opener(
            self.database,
            service=name,
            clock=platform.clock,
            on_wake=self.wakeups.wake,
            on_commit=self.wakeups.stir,
            sender=self.wakeups.sender,
            berths=self._berth,
        )
        self.reading = reading_opener(self.database, platform.clock)
        self.figures = Figures(self.metrics)
        self.subscriptions = Subscriptions(name)
        self.subscriptions.include(subscriptions_for(name))
        self.runner: ConsumerRunner | None = None
        self.rebuild_consumer: Callable[[], None] = lambda: None
        self.relay = Relay(
            platform.bus,
            self.database,
            service=name,
            bypass=road_past_the_bus(platform.couriers),
            on_landed=lambda: self.wakeups.wake("relay"),
            instance=platform.settings.kafka_instance,
        )
        self.ahead = Ahead(platform.heralds)
        self.listener = Listener(self.database, {notification_channel(name): self._heard})
        self.access = Access(
            platform.settings.secret_key.get_secret_value(),
            platform.settings.admin_token.get_secret_value(),
            platform.settings.public_url,
            self.database.read,
            owner_of_tokens(name, platform, self.client),
        )
        self.health = Health(self)
        self._errors: dict[type[Exception], int] = {}
        self._timer_kinds: list[str] = []
        self._gather, self._batch = 0.0, BATCH
        self.providers: list[str] = []
        self._due: dict[str, str] = {}
        self._at_rest = AT_REST
        self._on_start: list[Callable[[], Awaitable[None]]] = []
        self._on_stop: list[Callable[[], Awaitable[None]]] = []
        self.work("relay", self.relay.turn, every=NET)

    def consume(self, subscriptions: Subscriptions, *, gather: float = 0.0, batch: int = BATCH) -> None:
        """Handle these events. Where nobody waits for it, what comes within `gather` seconds is handled together.

        A transaction takes at most `batch` of them: fewer where each holds a lock that other replicas want.
        """
        self._gather, self._batch = gather, batch
        self.subscriptions.include(subscriptions)
        self.subscriptions.dead_handler = subscriptions.dead_handler or self.subscriptions.dead_handler

    def tells_ahead(self, target: str, *kinds: type[Event]) -> None:
        """What a request tells of these reaches `target` before the request is answered, and by the bus as ever."""
        self.ahead.add(target, kinds)

    def fire(self, timers: Timers) -> None:
        """Fire these kinds of timers."""
        self._timer_kinds = timers.kinds()
        self.work("timers", TimerRunner(timers, self.unit_of_work).run_once, every=NET)

    def sends(self, *, providers: Sequence[Provider], outgoing: Outgoing) -> None:
        """Send through these providers, each with a queue of its own."""
        for provider in providers:
            name = f"send.{provider.name}"
            runner = SendRunner(
                provider, outgoing, self.unit_of_work, on_free=partial(self.wakeups.wake, name)
            )
            self.providers.append(provider.name)
            self._senders[provider.name] = runner
            self.wakeups.add(Worker(name, runner.turn, every=NET, finish=runner.finish))

    def work(
        self,
        name: str,
        run_once: Callable[[], Awaitable[int]],
        *,
        every: float = 1.0,
        due: str | None = None,
        untold: bool = False,
    ) -> Worker:
        """Run this again and again; `uow.wake(name)` wakes it. It opens its own units of work.

        `due` is SQL that finds a row when there is something to do, which may name `:now`; `every` is only a net then.
        `untold` says that such rows are written outside of units of work: they are looked for each second, always.
        """
        if due is not None:
            self._due[name] = due
        if untold:
            self._at_rest = BEAT
        return self.wakeups.add(Worker(name, run_once, every=every if due is None else NET))

    def on_start(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Await this before the app serves."""
        self._on_start.append(callback)

    def on_stop(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Await this when the app stops, before the database closes."""
        self._on_stop.append(callback)

    def on_live(self, name: str, callback: Callable[[], None]) -> None:
        """Call back in every replica when a unit of work announced `name`."""
        self.live.on(name, callback)

    def errors(self, table: Mapping[type[Exception], int]) -> None:
        """Answer these domain errors with this status; the text of one is the detail."""
        self._errors.update(table)

    def build(
        self,
        *,
        routers: Sequence[APIRouter],
        app_class: type[App] = FastAPI,  # type: ignore[assignment]
        described: Described = NOTHING_ELSE,
    ) -> App:
        """The app: the given routes, and what every service has.

        `app_class` may answer some paths ahead of FastAPI; `described` says in OpenAPI's words which.
        """
        self.runner = ConsumerRunner(
            self.platform.bus,
            self.subscriptions,
            self.unit_of_work,
            gather=self._gather,
            batch=self._batch,
            observe=self.figures.observe,
        )
        parked = ParkedRunner(self.subscriptions, self.unit_of_work, observe=self.figures.observe)
        self.work("parked", parked.run_once, every=NET)
        self.work("due", self._due_work().run_once)
        self.work("canary", Canaries(self).release, every=EVERY)
        self.work("upkeep", Upkeep(self).run_once, every=600.0)
        self.work("figures", lambda: self.figures.measure(self), every=10.0)
        app = app_class(
            title=f"Tocsin {self.title}",
            version="1",
            lifespan=lifespan_of(self, start=self._on_start, stop=self._on_stop),
            openapi_url=f"/api/v1/{self.name}/openapi.json",
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            generate_unique_id_function=lambda route: route.name,
        )
        app.add_middleware(Frame)
        app.state.service = self
        app.state.access = self.access
        for router in (plain_router(self), intake_router(self), stream_router(self), *routers):
            app.include_router(router)
        mount_files(app, self)
        handle_problems(app, self._errors)
        app.openapi = document_of(app, described)  # type: ignore[method-assign]
        return app

    def _berth(self, provider: str, destination: str) -> Berth | None:
        runner = self._senders.get(provider)
        return runner.berth(destination) if runner else None

    def _due_work(self) -> DueWork:
        return DueWork(
            self.database,
            self.platform.clock,
            consumer=self.subscriptions.consumer,
            kinds=self._timer_kinds,
            providers=self.providers,
            wake=self.wakeups.wake,
            stirred=self.wakeups.take_stirred,
            others=self._due,
            at_rest=self._at_rest,
        )

    def _heard(self, payload: str) -> None:
        self.wakeups.heard(payload)
        self.live.heard(payload)
