"""A played incident: real webhooks in, and each thing that should follow checked from outside, with its time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2

from tocsin.api import Api

Body = dict[str, Any]
Tell = Callable[[str, str], None]
WITHOUT_PAGE = "play without it: --no-status-page"


class StoryBroken(Exception):
    """Something that should have followed did not; the text says what."""


@dataclass
class Story:
    """Waits for what should follow. `tell(when, what)` shows it; times are seconds since the first alert."""

    api: Api
    tell: Tell
    patience: float = 30.0
    began: float = field(default_factory=time.monotonic)

    def say(self, line: str) -> None:
        """A step that was taken."""
        self.tell(f"{time.monotonic() - self.began:7.2f} s", line)

    def until(self, what: str, look: Callable[[], Any]) -> Any:
        """Look until there is something, and return it. Raises StoryBroken when patience ends."""
        deadline = time.monotonic() + self.patience
        while time.monotonic() < deadline:
            found = look()
            if found:
                self.say(what)
                return found
            time.sleep(0.05)
        raise StoryBroken(f"after {self.patience:.0f} s still not: {what}")

    def must(self, what: str, *, holds: bool) -> None:
        """A thing that must hold now."""
        if not holds:
            raise StoryBroken(f"not so: {what}")
        self.say(what)


class LatencySpike:
    """Checkout becomes slow on three hosts; somebody is paged, acknowledges; it recovers; figures appear."""

    def __init__(
        self, api: Api, tell: Tell, *, service: str = "", patience: float = 30.0, status_page: bool = True
    ) -> None:
        self.story = Story(api, tell, patience=patience)
        self._status_page = status_page
        self._api = api
        self._service = service
        self._run = uuid4().hex[:8]

    def play(self) -> None:
        """Play it whole. Raises StoryBroken, or ApiError when Tocsin cannot be asked."""
        service = self._choose()
        component = self._component_of(service) if self._status_page else None
        self._look_who_is_on_call(service)
        with self._integration(service) as url:
            self._detect(url)
            incident = self._respond(component)
            self._recover(url, incident, component)
        self._learn(incident)

    def _choose(self) -> Body:
        """A quiet service, which the status page shows if that is to be looked at."""
        services = self._api.all("/api/v1/services")
        wanted = [s for s in services if not self._service or self._service in (s["slug"], s["name"])]
        if not wanted and self._service:
            known = ", ".join(service["slug"] for service in services)
            raise StoryBroken(f"no service is called {self._service}; there are: {known or 'none'}")
        if not wanted:
            raise StoryBroken(
                "no service to play with: `tocsin apply` a file with one, or start `tocsin up` afresh"
            )
        if self._status_page:
            wanted = self._shown(wanted)
        return self._quiet(sorted(wanted, key=lambda s: not s["escalation_policy_id"]))

    def _shown(self, services: list[Body]) -> list[Body]:
        components = self._components()
        shown = [service for service in services if service["id"] in components]
        if not shown:
            which = services[0]["name"] if self._service else "any service"
            raise StoryBroken(
                f"no component of the status page that turns by itself shows {which}, so that cannot be looked at."
                f" Add one on /comms, or {WITHOUT_PAGE}"
            )
        return shown

    def _look_who_is_on_call(self, service: Body) -> None:
        on_call = self._api.get("/api/v1/on-call", service=service["slug"])["items"]
        people = list(dict.fromkeys(entry["user"] for entry in on_call if entry["user"]))
        self.story.must(f"on call for {service['name']}: {', '.join(people) or 'nobody'}", holds=bool(people))

    def _quiet(self, services: list[Body]) -> Body:
        """The first of these without an open incident: alerts that are played would join a real one."""
        open_ones: list[Body] = []
        for service in services:
            found = self._api.get("/api/v1/incidents", service=service["slug"], status="open", limit=1)[
                "items"
            ]
            if not found:
                return service
            open_ones += found
        named = ", ".join(f"{one['ref']} of {one['service']}" for one in open_ones[:3])
        raise StoryBroken(
            f"the alerts would join an incident that is open: {named}. Resolve it, or name a quiet service: --service"
        )

    def _component_of(self, service: Body) -> str:
        """The component to look at, which can turn only while nothing else has turned it."""
        name = self._components()[service["id"]]
        if self._state_of(name) != "operational":
            raise StoryBroken(
                f"{name} is impaired by something else, so it cannot be seen to turn."
                f" Wait until that is over, or {WITHOUT_PAGE}"
            )
        return name

    def _components(self) -> dict[str, str]:
        """By the id of a service, the component that turns with its incidents, without anybody's leave."""
        page = self._api.get("/api/v1/status-page")
        if page["publish"] != "automatic":
            return {}
        return {service: str(one["name"]) for one in page["components"] for service in one["service_ids"]}

    @contextmanager
    def _integration(self, service: Body) -> Iterator[str]:
        made = self._api.call(
            "POST",
            "/api/v1/integrations",
            json={"name": f"Simulation {self._run}", "source": "generic", "service": service["slug"]},
        )
        try:
            yield made["url"]
        finally:
            self._api.call("DELETE", f"/api/v1/integrations/{made['id']}")

    def _detect(self, url: str) -> None:
        self.story.began = time.monotonic()
        alerts = [self._alert(host, status="firing") for host in ("web-1", "web-2", "web-3")]
        answer = self._post(url, alerts)
        self.story.must(
            f"{answer['accepted']} alerts accepted, stored before the answer", holds=answer["accepted"] == 3
        )
        self._dedup_keys = answer["dedup_keys"]

    def _respond(self, component: str | None) -> Body:
        story, api = self.story, self._api
        story.until("alert deduplicated and grouped", self._alert_now)
        incident_id = story.until("incident opened", lambda: self._alert_now()["incident_id"])
        incident = self._incident(incident_id)
        story.say(f"  INC-{incident['number']} {incident['severity']} {incident['title']}")
        page = story.until("page accepted by the provider", lambda: self._sent_page(incident_id))
        story.say(f"  to {page['user']} by {page['channel']}")
        if component:
            story.until(
                f"status page shows {component} impaired", lambda: self._state_of(component) != "operational"
            )
        api.call("POST", f"/api/v1/pages/{page['id']}/acknowledge")
        story.until("incident acknowledged", lambda: self._incident(incident_id)["acknowledged_at"])
        pages = len(self._pages(incident_id))
        story.must("acknowledgement stopped the escalation", holds=self._has_ended(incident_id))
        self._post_update(incident_id)
        story.must("no further page since", holds=len(self._pages(incident_id)) == pages)
        return incident

    def _recover(self, url: str, incident: Body, component: str | None) -> None:
        story = self.story
        alerts = [self._alert(host, status="resolved") for host in ("web-1", "web-2", "web-3")]
        self._post(url, alerts)
        story.say("alerts resolved by the monitoring tool")
        story.until("incident resolved", lambda: self._incident(incident["id"])["status"] == "resolved")
        if component:
            story.until(
                f"status page shows {component} operational",
                lambda: self._state_of(component) == "operational",
            )

    def _learn(self, incident: Body) -> None:
        fact = self.story.until("figures know the incident", lambda: self._fact(incident["id"]))
        acknowledged, recovered = fact["durations"]["acknowledge"], fact["durations"]["recover"]
        told = f"  time to acknowledge {acknowledged:.1f} s, time to recover {recovered:.1f} s"
        self.story.must(told, holds=0 <= acknowledged <= recovered)

    def _alert(self, host: str, *, status: str) -> Body:
        return {
            "title": f"Checkout is slow: p99 {4.8 if status == 'firing' else 0.3} s",
            "status": status,
            "severity": "critical",
            "dedup_key": f"simulation-{self._run}-{host}",
            "labels": {"alertname": f"LatencySpike-{self._run}", "host": host},
            "description": "Simulated by `tocsin simulate latency-spike`.",
        }

    def _post(self, url: str, alerts: list[Body]) -> Body:
        path = httpx2.URL(url).path
        answer = self._api.client.post(path, json=alerts)
        if answer.status_code != 202:
            raise StoryBroken(f"the webhook answered {answer.status_code}: {answer.text[:300]}")
        body: Body = answer.json()
        return body

    def _post_update(self, incident_id: str) -> None:
        body = {"body": "We have found the cause and are rolling back.", "public": True}
        self._api.call("POST", f"/api/v1/incidents/{incident_id}/updates", json=body)
        self.story.say("update posted, inside and to the public")

    def _alert_now(self) -> Body:
        alerts: list[Body] = self._api.get("/api/v1/alerts", dedup_key=self._dedup_keys[0])["items"]
        return alerts[0] if alerts else {}

    def _incident(self, incident_id: str) -> Body:
        found: Body = self._api.get(f"/api/v1/incidents/{incident_id}")
        return found

    def _pages(self, incident_id: str) -> list[Body]:
        found: list[Body] = self._api.get("/api/v1/pages", incident_id=incident_id)["items"]
        return found

    def _has_ended(self, incident_id: str) -> bool:
        """By the answer, and nothing is due. That no page comes would say nothing: the next step is minutes away."""
        escalation = self._api.get(f"/api/v1/escalations/{incident_id}")
        return escalation["ended_by"] == "acknowledged" and escalation["next_at"] is None

    def _sent_page(self, incident_id: str) -> Body | None:
        return next((page for page in self._pages(incident_id) if page["state"] == "sent"), None)

    def _state_of(self, component: str) -> str:
        summary = self._api.get("/status/api/v2/summary.json")
        return next((str(c["status"]) for c in summary["components"] if c["name"] == component), "hidden")

    def _fact(self, incident_id: str) -> Body | None:
        for fact in self._api.get("/api/v1/analytics/incidents", limit=50)["items"]:
            if fact["incident_id"] == incident_id and fact["durations"]["recover"] is not None:
                found: Body = fact
                return found
        return None


SCENARIOS = {"latency-spike": LatencySpike}
