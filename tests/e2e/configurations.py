"""The team that the stories are about: Ana is on call first, Bo is her back-up."""

import asyncio

import httpx2

from tocsin.api import Api
from tocsin.applying import apply
from tocsin.configuration import parse_configuration
from tocsin_testkit.world import ADMIN_TOKEN, OneProcess, PathTransport, World

KEY = "the-key-of-the-story-integration"
ALERTMANAGER_KEY = "the-key-of-the-alertmanager-integration"
PROMETHEUS_KEY = "the-key-of-the-prometheus-integration"
TEAM = f"""
users:
  - {{email: ana@example.com, name: Ana Ruiz, role: admin, timezone: Europe/Berlin,
     contact_methods: [{{channel: email, address: ana@example.com}}]}}
  - {{email: bo@example.com, name: Bo Lind, timezone: America/New_York,
     contact_methods: [{{channel: email, address: bo@example.com}}]}}
teams:
  - {{slug: shop, name: Shop, members: [ana@example.com, bo@example.com]}}
schedules:
  - slug: shop
    name: Shop
    timezone: Europe/Berlin
    team: shop
    rotations:
      primary: {{participants: [ana@example.com]}}
      secondary: {{participants: [bo@example.com]}}
escalation_policies:
  - slug: shop
    name: Shop
    default: true
    steps:
      - {{targets: [{{schedule: shop, role: primary}}], delay: 4s}}
      - {{targets: [{{schedule: shop, role: secondary}}], delay: 60s}}
    repeats: 0
services:
  - {{slug: checkout, name: Checkout, aliases: [checkout-api], team: shop, escalation_policy: shop}}
integrations:
  - {{slug: story, name: Story, source: generic, key: {KEY}}}
  - {{slug: am, name: Alertmanager, source: alertmanager, service: checkout, key: {ALERTMANAGER_KEY}}}
  - {{slug: prometheus, name: Prometheus, source: alertmanager, service: checkout, key: {PROMETHEUS_KEY}}}
status_page:
  name: Shop status
  components:
    - {{name: Checkout, services: [checkout]}}
"""


async def configure(world: World) -> None:
    """Apply the file through the public API, as `tocsin apply` does."""
    await asyncio.to_thread(_apply, world)


def _apply(world: World) -> None:
    with _client(world) as client:
        for _ in apply(Api(client), parse_configuration(TEAM)):
            pass


def _client(world: World) -> httpx2.Client:
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    if isinstance(world, OneProcess):
        return httpx2.Client(base_url=world.origin, headers=headers, timeout=20)
    transport = world.client._transport
    assert isinstance(transport, PathTransport)
    return httpx2.Client(base_url=world.origin, headers=headers, timeout=20, transport=transport.blocking())
