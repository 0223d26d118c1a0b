"""The starter configuration of an empty Tocsin: one team, a weekly rotation, a policy, two services, a status page."""

import asyncio
import getpass
import secrets
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tocsin.api import Api, ApiError
from tocsin.applying import apply
from tocsin.commands.access import first_admin
from tocsin.configuration import Configuration, parse_configuration
from tocsin.keys import keep_secret
from tocsin_runtime.settings import PlatformSettings

EMAIL = "you@example.com"
KEY_FILE = "starter-key"
STARTER = """
users:
  - email: {email}
    name: {name}
    role: admin
    timezone: UTC
    contact_methods: [{{channel: email, address: {email}}}]
teams:
  - {{slug: first-responders, name: First responders, members: [{email}]}}
schedules:
  - slug: first-responders
    name: First responders
    timezone: UTC
    team: first-responders
    rotations:
      primary: {{participants: [{email}], handoff_day: monday, handoff_time: "09:00"}}
      secondary: {{participants: [{email}], handoff_day: monday, handoff_time: "09:00"}}
escalation_policies:
  - slug: default
    name: Primary, then secondary
    team: first-responders
    default: true
    steps:
      - {{targets: [{{schedule: first-responders, role: primary}}], delay: 5m}}
      - {{targets: [{{schedule: first-responders, role: secondary}}], delay: 5m}}
    repeats: 2
services:
  - {{slug: web, name: Web shop, team: first-responders, escalation_policy: default}}
  - {{slug: payments, name: Payments, team: first-responders, escalation_policy: default}}
integrations:
  - {{slug: first, name: First integration, source: generic, service: web, key: {key}}}
status_page:
  name: Status
  components:
    - {{name: Web shop, description: The shop that our customers see, services: [web]}}
    - {{name: Payments, description: Cards and invoices, services: [payments]}}
"""


@dataclass(frozen=True)
class FirstSteps:
    """What the person at the terminal can do now; empty where there is nothing to say."""

    login_link: str = ""
    curl: str = ""


def starter_configuration(*, name: str, key: str) -> Configuration:
    """The configuration for this person."""
    return parse_configuration(STARTER.format(email=EMAIL, name=name, key=key), name="starter")


async def first_steps(settings: PlatformSettings, data_dir: Path, *, wanted: bool) -> FirstSteps:
    """Make the starter configuration if there are no people yet, then say how to log in and how to page."""
    return await asyncio.to_thread(_first_steps, settings, data_dir, wanted)


def _first_steps(settings: PlatformSettings, data_dir: Path, wanted: bool) -> FirstSteps:
    headers = {"Authorization": f"Bearer {settings.admin_token.get_secret_value()}"}
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host
    with httpx2.Client(base_url=f"http://{host}:{settings.port}", headers=headers, timeout=15) as client:
        api = Api(client)
        key = ""
        if wanted and not api.get("/api/v1/users", limit=1)["items"]:
            key, _ = keep_secret(data_dir / KEY_FILE, "first-" + secrets.token_urlsafe(24))
            for _ in apply(api, starter_configuration(name=_person(), key=key)):
                pass
        elif (data_dir / KEY_FILE).exists():
            key = (data_dir / KEY_FILE).read_text().strip()
        return FirstSteps(_login_link(api), _curl(settings, key) if key else "")


def _person() -> str:
    try:
        return getpass.getuser().capitalize()
    except OSError:
        return "You"


def _login_link(api: Api) -> str:
    try:
        return str(api.call("POST", f"/api/v1/users/{first_admin(api)['id']}/login-links")["url"])
    except ApiError:
        return ""  # no administrator: /setup is the way in


def _curl(settings: PlatformSettings, key: str) -> str:
    return (
        f"curl -X POST {settings.public_url}/api/v1/webhooks/generic/{key} \\\n"
        "  -H 'Content-Type: application/json' \\\n"
        """  -d '{"title": "Checkout is slow: p99 4.8 s", "severity": "critical", "dedup_key": "checkout-latency"}'"""
    )
