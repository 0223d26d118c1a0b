"""A shop's Tocsin with a morning behind it: what the pictures in `docs/` and the browser tests look at."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tocsin.api import Api, ApiError, open_api
from tocsin.applying import apply
from tocsin.commands.access import find_user
from tocsin.configuration import parse_configuration

Body = dict[str, Any]
KEY = "the-key-of-the-shops-alertmanager"
PATIENCE = 30.0
SHOP = f"""
users:
  - {{email: ana@example.com, name: Ana Ruiz, role: admin, timezone: Europe/Berlin,
     contact_methods: [{{channel: email, address: ana@example.com}}]}}
  - {{email: bo@example.com, name: Bo Lind, timezone: America/New_York,
     contact_methods: [{{channel: email, address: bo@example.com}}]}}
  - {{email: chidi@example.com, name: Chidi Okafor, timezone: Africa/Lagos,
     contact_methods: [{{channel: email, address: chidi@example.com}}]}}
  - {{email: dana@example.com, name: Dana Whitfield, role: viewer, timezone: Europe/London}}
teams:
  - {{slug: shop, name: Shop, members: [ana@example.com, bo@example.com, chidi@example.com]}}
  - {{slug: platform, name: Platform, members: [bo@example.com, chidi@example.com]}}
schedules:
  - slug: shop
    name: Shop
    timezone: Europe/Berlin
    team: shop
    rotations:
      primary: {{participants: [ana@example.com, bo@example.com, chidi@example.com]}}
      secondary: {{participants: [bo@example.com, chidi@example.com, ana@example.com]}}
  - slug: platform
    name: Platform
    timezone: Europe/Berlin
    team: platform
    rotations:
      primary: {{participants: [chidi@example.com, bo@example.com], handoff_day: wednesday}}
escalation_policies:
  - slug: shop
    name: Shop, day and night
    team: shop
    default: true
    steps:
      - {{targets: [{{schedule: shop, role: primary}}], delay: 5m}}
      - {{targets: [{{schedule: shop, role: secondary}}], delay: 10m}}
      - {{targets: [{{team: shop}}], delay: 15m}}
  - slug: platform
    name: Platform
    team: platform
    steps:
      - {{targets: [{{schedule: platform, role: primary}}], delay: 5m}}
services:
  - {{slug: checkout, name: Checkout, description: Takes the order and the money., aliases: [checkout-api],
     team: shop, escalation_policy: shop, runbook_url: "https://runbooks.example.com/checkout"}}
  - {{slug: search, name: Search, description: Finds what the shop sells., team: shop, escalation_policy: shop}}
  - {{slug: mail, name: Order mail, description: Tells customers what they ordered., team: platform,
     escalation_policy: platform}}
  - {{slug: postgres, name: Database, description: "PostgreSQL, primary and two replicas.", team: platform,
     escalation_policy: platform}}
integrations:
  - {{slug: am, name: Alertmanager in Frankfurt, source: generic, key: {KEY}}}
  - {{slug: probes, name: Probes from outside, source: pagerduty, service: checkout}}
status_page:
  name: Acme
  description: The shop and what it needs.
  support_url: https://help.example.com
  components:
    - {{name: Checkout, description: Paying for an order, group: Shop, services: [checkout]}}
    - {{name: Search, group: Shop, services: [search]}}
    - {{name: Order mail, services: [mail]}}
"""


@dataclass(frozen=True)
class Told:
    """What is there afterwards: the references of an incident that is over, of one at work, of one just opened."""

    over: str
    open: str
    fresh: str


def tell(api: Api) -> Told:
    """Set up the shop on an empty Tocsin and let it happen. Raises ApiError, or AssertionError when it hangs."""
    for _ in apply(api, parse_configuration(SHOP)):
        pass
    over = _opened(api, _alert("search-index", "Search index is 40 min behind", "search", "high"))
    _worked_off(acting_as(api, "bo@example.com"), over)
    fresh = _opened(api, _alert("mail-queue", "2,100 order mails are waiting", "mail", "medium"))
    at_work = _opened(api, _alert("latency-web-1", "Checkout is slow: p99 4.8 s", "checkout", "critical"))
    for host in ("web-2", "web-3"):
        title = f"Checkout is slow on {host}: p99 5.1 s"
        _opened(api, _alert(f"latency-{host}", title, "checkout", "critical", host=host))
    _at_work(api, at_work)
    _send(api, _alert("disk", "Disk of replica 2 is 81 % full", "postgres", "info", host="db-3"))
    _override(acting_as(api, "ana@example.com"))
    _planned(api)
    _published(api)
    return Told(over["ref"], open=at_work["ref"], fresh=fresh["ref"])


def acting_as(api: Api, email: str) -> Api:
    """The same Tocsin, as this person, once the services know of it."""
    wish = {"name": "Demo", "scopes": ["*"], "owner_id": find_user(api, email)["id"]}
    token = api.call("POST", "/api/v1/tokens", json=wish)["token"]
    person = open_api(str(api.client.base_url), token)
    _until(lambda: person.client.get("/api/v1/incidents", params={"limit": 1}).is_success)
    return person


def _alert(key: str, title: str, service: str, severity: str, **labels: str) -> Body:
    return {
        "title": title,
        "severity": severity,
        "service": service,
        "dedup_key": key,
        "description": f"`{key}` crossed its threshold for 2 minutes.",
        "labels": {"alertname": key.split("-")[0].capitalize(), **labels},
        "url": "https://grafana.example.com/d/shop",
    }


def _send(api: Api, alert: Body) -> None:
    api.call("POST", f"/api/v1/webhooks/generic/{KEY}", json=alert)


def _opened(api: Api, alert: Body) -> Body:
    """The incident that this alert opened or joined."""
    _send(api, alert)

    def incident_id() -> str | None:
        alerts = api.get("/api/v1/alerts", dedup_key=alert["dedup_key"])["items"]
        return str(alerts[0]["incident_id"] or "") if alerts else None

    found: Body = api.get(f"/api/v1/incidents/{_until(incident_id)}")
    return found


def _worked_off(api: Api, incident: Body) -> None:
    here = f"/api/v1/incidents/{incident['id']}"
    api.call("POST", f"{here}/acknowledge")
    body = "The indexer hung on one product; we restarted it without it."
    api.call("POST", f"{here}/updates", json={"body": body, "public": True})
    api.call("POST", f"{here}/resolve", json={"resolution": "Restarted the indexer."})

    def counted() -> bool:
        facts = api.get("/api/v1/analytics/incidents")["items"]
        return any(fact["durations"]["recover"] is not None for fact in facts)

    _until(counted)


def _at_work(api: Api, incident: Body) -> None:
    here = f"/api/v1/incidents/{incident['id']}"

    def paged() -> bool:
        pages = api.get("/api/v1/pages", incident_id=incident["id"])["items"]
        return any(page["state"] == "sent" for page in pages)

    _until(paged)
    api = acting_as(api, "ana@example.com")
    api.call("POST", f"{here}/acknowledge")
    note = "Latency rose with deploy `4f1c2d9` at 03:04. [Trace](https://traces.example.com/4f1c2d9)"
    api.call("POST", f"{here}/notes", json={"body": note})
    api.call("POST", f"{here}/status", json={"status": "investigating"})
    update = (
        "Paying takes longer than usual, and some orders fail. We have found the cause and are rolling back."
    )
    api.call("POST", f"{here}/updates", json={"body": update, "public": True})


def _override(api: Api) -> None:
    schedule = next(s for s in api.get("/api/v1/schedules")["items"] if s["slug"] == "shop")
    begins = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
    body = {
        "user": find_user(api, "chidi@example.com")["id"],
        "role": "primary",
        "starts_at": begins.isoformat(),
        "ends_at": (begins + timedelta(days=1)).isoformat(),
        "note": "Swapped for a wedding",
    }
    api.call("POST", f"/api/v1/schedules/{schedule['id']}/overrides", json=body)


def _planned(api: Api) -> None:
    mail = next(c for c in api.get("/api/v1/status-page")["components"] if c["name"] == "Order mail")
    begins = datetime.now(UTC).replace(hour=22, minute=0, second=0, microsecond=0) + timedelta(days=3)
    body = {
        "name": "The mail server moves",
        "body": "Order mails may come up to half an hour late.",
        "starts_at": begins.isoformat(),
        "ends_at": (begins + timedelta(hours=1)).isoformat(),
        "component_ids": [mail["id"]],
    }
    api.call("POST", "/api/v1/status-page/maintenances", json=body)


def _published(api: Api) -> None:
    def impaired() -> bool:
        components = api.get("/status/api/v2/summary.json")["components"]
        return any(c["name"] == "Checkout" and c["status"] != "operational" for c in components)

    _until(impaired)


def _until(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, f"{look.__qualname__} was not so within {PATIENCE:.0f} s"
        time.sleep(0.05)
    return found


def main() -> int:
    """Usage: python -m tools.demo, on an empty Tocsin; TOCSIN_URL and the token as for the command line."""
    try:
        print(tell(open_api()))
    except ApiError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
