"""Every page of every service, by its route, with a path to look at."""

import re
from collections.abc import Mapping

from tocsin.api import Api
from tocsin.commands.access import find_user
from tools.demo import Told

PAGES: Mapping[str, str] = {
    "/incidents": "/incidents",
    "/incidents/new": "/incidents/new",
    "/incidents/{incident}": "/incidents/{open}",
    "/incidents/{incident} over": "/incidents/{over}",
    "/incidents/{incident} fresh": "/incidents/{fresh}",
    "/services": "/services",
    "/services/new": "/services/new",
    "/services/{slug}": "/services/checkout",
    "/services/{slug}/edit": "/services/checkout/edit",
    "/alerts": "/alerts",
    "/alerts nothing found": "/alerts?service=nowhere",
    "/alerts/{alert_id}": "/alerts/{alert}",
    "/alerts/integrations": "/alerts/integrations",
    "/alerts/integrations/{integration_id}": "/alerts/integrations/{integration}",
    "/alerts/deliveries/{delivery_id}": "/alerts/deliveries/{delivery}",
    "/on-call": "/on-call",
    "/on-call/schedules/{slug}": "/on-call/schedules/shop",
    "/escalation-policies": "/escalation-policies",
    "/escalation-policies/{slug}": "/escalation-policies/shop",
    "/people": "/people",
    "/people/new": "/people/new",
    "/people/{user_id}": "/people/{user}",
    "/people/teams": "/people/teams",
    "/people/teams/new": "/people/teams/new",
    "/people/teams/{team_id}": "/people/teams/{team}",
    "/settings": "/settings",
    "/settings/contact-methods": "/settings/contact-methods",
    "/comms": "/comms",
    "/comms/setup": "/comms/setup",
    "/comms/maintenances/{work_id}": "/comms/maintenances/{work}",
    "/analytics": "/analytics",
    "/analytics another period": "/analytics?from=2020-01-01&to=2020-02-01",
    "/mailbox": "/mailbox",
    "/mailbox/{mail_id}": "/mailbox/{mail}",
    "/_/components": "/_/components",
    "nothing is there": "/nowhere",
    "no such incident": "/incidents/INC-9999",
}
OPEN_PAGES: Mapping[str, str] = {
    "/login": "/login",
    "/login/link/{secret}": "/login/link/{link}",
    "/login/link/{secret} used": "/login/link/used",
    "/setup": "/setup",
    "/ack/{token}": "{ack}",
    "/ack/{token} used": "/ack/used",
    "/status": "/status",
    "/status/history": "/status/history",
    "/status/incidents/{report_id}": "/status/incidents/{report}",
}
"""Those for whoever is not logged in."""
MISSING = {"/nowhere", "/incidents/INC-9999", "/login/link/used", "/ack/used"}


def ids(api: Api, told: Told) -> dict[str, str]:
    """What stands for the places in the paths."""
    person = find_user(api, "chidi@example.com")
    link = api.call("POST", f"/api/v1/users/{person['id']}/login-links")["url"]
    mail, text = page_mail(api, told.fresh)
    return {
        "open": told.open,
        "over": told.over,
        "fresh": told.fresh,
        "alert": _first(api, "/api/v1/alerts"),
        "integration": _first(api, "/api/v1/integrations"),
        "delivery": _first(api, "/api/v1/deliveries"),
        "team": _first(api, "/api/v1/teams"),
        "user": person["id"],
        "report": api.get("/status/api/v2/incidents.json")["incidents"][0]["id"],
        "link": link.rpartition("/")[2],
        "work": _first(api, "/api/v1/status-page/maintenances"),
        "mail": mail,
        "ack": ack_path(text),
    }


def page_mail(api: Api, incident: str) -> tuple[str, str]:
    """The newest mail that paged somebody for this incident: its id and its page in `/mailbox`."""
    for mail in re.findall(r'"/mailbox/([^"]+)"', api.client.get("/mailbox").text):
        text = api.client.get(f"/mailbox/{mail}").text
        if f"({incident})" in text:
            return mail, text
    raise AssertionError(f"nobody was paged for {incident}")


def ack_path(mail: str) -> str:
    """Where the link in a mail leads."""
    found = re.search(r"/ack/\w+", mail)
    assert found, mail
    return found[0]


def _first(api: Api, path: str) -> str:
    return str(api.get(path)["items"][0]["id"])
