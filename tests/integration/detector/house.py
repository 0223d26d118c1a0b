"""The detector with its senders outside: posts go in by the real road, what it tells comes out of its outbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import orjson
from fastapi import FastAPI
from sqlalchemy import text

from tocsin_testkit.apps import ADMIN_TOKEN, ORIGIN
from tocsin_testkit.waiting import eventually

TITLE = "CPU is high on web-1"


@dataclass
class House:
    """`api` carries the admin token, `senders` carries nothing."""

    app: FastAPI
    api: httpx2.AsyncClient
    senders: httpx2.AsyncClient

    async def integration(self, source: str = "generic", **body: Any) -> dict[str, Any]:
        """A new integration, with its key."""
        name = body.pop("name", f"{source} {len(await self.integrations())}")
        answer = await self.api.post("/api/v1/integrations", json={"name": name, "source": source, **body})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def key(self, source: str = "generic", **body: Any) -> str:
        """The key of a new integration."""
        return str((await self.integration(source, **body))["key"])

    async def integrations(self) -> list[dict[str, Any]]:
        """All of them."""
        return await self._items("/api/v1/integrations")

    async def send(
        self,
        key: str,
        body: object = None,
        source: str = "generic",
        *,
        content: bytes | None = None,
        **headers: str,
    ) -> httpx2.Response:
        """Post to the webhook of that source."""
        raw = orjson.dumps(body) if content is None else content
        shown = {"content-type": "application/json", **{n.replace("_", "-"): v for n, v in headers.items()}}
        return await self.senders.post(f"/api/v1/webhooks/{source}/{key}", content=raw, headers=shown)

    async def page(self, key: str, **body: Any) -> httpx2.Response:
        """Post to PagerDuty's address."""
        return await self.senders.post("/v2/enqueue", json={"routing_key": key, **body})

    async def alerts(self, **params: Any) -> list[dict[str, Any]]:
        """The list, newest first."""
        return await self._items("/api/v1/alerts", params)

    async def deliveries(self, **params: Any) -> list[dict[str, Any]]:
        """The list, newest first."""
        return await self._items("/api/v1/deliveries", params)

    async def settled(self) -> None:
        """Wait until nothing that was accepted waits for its lane."""
        await eventually(self._nothing_waits, within=60)

    async def told(self) -> list[tuple[str, dict[str, Any]]]:
        """Type and body of each event on topic `alerts`, in the order they were told."""
        async with self.app.state.service.database.read() as conn:
            rows = await conn.execute(
                text("SELECT type, data FROM outbox WHERE topic = 'alerts' ORDER BY position")
            )
            return [(row.type, orjson.loads(row.data)) for row in rows]

    async def told_types(self) -> list[str]:
        """Only the types, without canaries, as in `opened resolved opened`."""
        return [kind.split(".")[1] for kind, _ in await self.told() if kind.startswith("alert.")]

    async def rows(self, statement: str) -> list[Mapping[str, Any]]:
        """What a statement reads."""
        async with self.app.state.service.database.read() as conn:
            return [dict(row) for row in (await conn.execute(text(statement))).mappings()]

    async def _nothing_waits(self) -> bool:
        return not await self.rows("SELECT 1 FROM waiting LIMIT 1")

    async def _items(self, path: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        answer = await self.api.get(path, params=params)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


def house_of(app: FastAPI, senders: httpx2.AsyncClient) -> House:
    """Around a started app."""
    transport = httpx2.ASGITransport(app)
    api = httpx2.AsyncClient(
        transport=transport, base_url=ORIGIN, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}, timeout=30
    )
    return House(app, api, senders)


def alertmanager(*alerts: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A notification of Alertmanager."""
    return {
        "version": "4",
        "groupKey": '{}:{alertname="HighLatency"}',
        "status": "firing",
        "receiver": "tocsin",
        "groupLabels": {"alertname": "HighLatency"},
        "commonLabels": {"alertname": "HighLatency"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "alerts": list(alerts),
        **changes,
    }


def am_alert(instance: str = "web-1", status: str = "firing", **changes: Any) -> dict[str, Any]:
    """One alert of such a notification."""
    return {
        "status": status,
        "labels": {"alertname": "HighLatency", "instance": instance, "severity": "critical"},
        "annotations": {"summary": f"p99 is high on {instance}"},
        "startsAt": "2026-11-24T03:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else "2026-11-24T03:10:00Z",
        "generatorURL": "http://prometheus:9090/graph",
        "fingerprint": f"fp-{instance}",
        **changes,
    }
