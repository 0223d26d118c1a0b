"""Alerts as a tool sends them, and what becomes of them."""

import asyncio

from tocsin.api import Api
from tocsin_testkit.waiting import eventually
from tools.demo import KEY


def send(api: Api, title: str, *, service: str, severity: str, status: str = "firing") -> None:
    """One alert; its title is its key, too."""
    alert = {
        "title": title,
        "severity": severity,
        "service": service,
        "status": status,
        "dedup_key": title,
        "labels": {"alertname": title},
    }
    api.call("POST", f"/api/v1/webhooks/generic/{KEY}", json=alert)


async def open_incident(api: Api, title: str, *, service: str, severity: str) -> str:
    """The incident that a new alert opened, such as INC-7. One of a service that has one open would join it."""
    await known_alert(api, title, service=service, severity=severity)
    incident_id = await eventually(lambda: _alerts(api, title)[0]["incident_id"], within=20)
    return str(api.get(f"/api/v1/incidents/{incident_id}")["ref"])


async def known_alert(api: Api, title: str, *, service: str, severity: str) -> None:
    """A new alert, once Tocsin has made up its mind about it."""
    await asyncio.to_thread(send, api, title, service=service, severity=severity)
    await eventually(lambda: _alerts(api, title), within=20)


def _alerts(api: Api, title: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = api.get("/api/v1/alerts", dedup_key=title)["items"]
    return found
