"""A real Prometheus fires through a real rule and a real Alertmanager, and scrapes our figures."""

from functools import partial
from pathlib import Path

import pytest

from tests.e2e.configurations import ALERTMANAGER_KEY, PROMETHEUS_KEY, configure
from tests.e2e.test_story import listed
from tocsin_testkit.inbox import Inbox
from tocsin_testkit.monitoring import Monitoring
from tocsin_testkit.waiting import eventually
from tocsin_testkit.world import OneProcess

pytestmark = pytest.mark.prometheus
SHOWN = (
    "tocsin_detector_outbox_oldest_seconds",
    "tocsin_incidents_consumer_lag_events",
    "tocsin_paging_parked_events",
    "tocsin_comms_loop_lag_seconds",
    "tocsin_analytics_events_total",
)


@pytest.mark.parametrize("world", ["one process"], indirect=True)
async def test_an_alertmanager_pages_and_a_prometheus_scrapes(
    world: OneProcess, inbox: Inbox, tmp_path: Path
) -> None:
    await configure(world)
    webhook = f"{world.origin}/api/v1/webhooks/alertmanager/{ALERTMANAGER_KEY}"
    target = f"127.0.0.1:{world.port}"
    prefix = f"/alertmanager/k/{PROMETHEUS_KEY}"

    with Monitoring(tmp_path, scrape=target, webhook=webhook, as_alertmanager=(target, prefix)) as monitoring:
        (mail, *_) = await eventually(lambda: inbox.to("ana@example.com"), within=30)
        assert "Checkout does not answer" in mail.subject
        alerts = await eventually(lambda: _both(world), within=30)
        assert {alert["status"] for alert in alerts} <= {"firing", "acknowledged"}
        for name in SHOWN:
            assert await eventually(partial(monitoring.query, name), within=20), name


async def _both(world: OneProcess) -> list[dict[str, object]]:
    alerts = await listed(world.client, "/api/v1/alerts")
    integrations = {alert["integration_id"] for alert in alerts}
    return alerts if len(integrations) == 2 else []
