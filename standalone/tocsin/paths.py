"""The one table of paths: which service owns what on the one origin. Gateway, Ingress and proxy are made from it."""

from collections.abc import Mapping

NOBODY = "nobody"
HOST = "host"
PATHS: Mapping[str, str] = {
    "/api/v1/webhooks": "detector",
    "/v2": "detector",
    "/alertmanager": "detector",
    "/api/v1/events": "detector",
    "/api/v1/samples": "detector",
    "/api/v1/heartbeats": "detector",
    "/api/v1/integrations": "detector",
    "/api/v1/deliveries": "detector",
    "/api/v1/alerts": "detector",
    "/api/v1/monitors": "detector",
    "/api/v1/rules": "detector",
    "/api/v1/silences": "detector",
    "/api/v1/maintenance-windows": "detector",
    "/alerts": "detector",
    "/monitors": "detector",
    "/detector": "detector",
    "/api/v1/detector": "detector",
    "/api/v1/incidents": "incidents",
    "/api/v1/services": "incidents",
    "/api/v1/runbooks": "incidents",
    "/api/v1/postmortems": "incidents",
    "/api/v1/action-items": "incidents",
    "/incidents": "incidents",
    "/services": "incidents",
    "/runbooks": "incidents",
    "/postmortems": "incidents",
    "/api/v1/users": "paging",
    "/api/v1/teams": "paging",
    "/api/v1/schedules": "paging",
    "/api/v1/escalation-policies": "paging",
    "/api/v1/escalations": "paging",
    "/api/v1/on-call": "paging",
    "/api/v1/pages": "paging",
    "/api/v1/notification-rules": "paging",
    "/api/v1/tokens": "paging",
    "/api/v1/paging": "paging",
    "/calendars": "paging",
    "/login": "paging",
    "/logout": "paging",
    "/ack": "paging",
    "/settings": "paging",
    "/setup": "paging",
    "/on-call": "paging",
    "/escalation-policies": "paging",
    "/people": "paging",
    "/paging": "paging",
    "/api/v1/messages": "comms",
    "/api/v1/channels": "comms",
    "/api/v1/templates": "comms",
    "/api/v1/stakeholders": "comms",
    "/api/v1/status-page": "comms",
    "/api/v1/subscribers": "comms",
    "/api/v1/comms": "comms",
    "/hooks/slack": "comms",
    "/comms": "comms",
    "/status": "comms",
    "/api/v1/analytics": "analytics",
    "/api/v1/reports": "analytics",
    "/analytics": "analytics",
    "/reports": "analytics",
    "/_/theme": "incidents",
    "/internal": NOBODY,
}
"""A prefix covers itself and what lies below it; the longest prefix wins. `/internal` is on no origin."""

HOME = "/incidents"


def owner(path: str) -> str | None:
    """The service that answers this path; None for the host's own paths, NOBODY for what is not on the origin."""
    prefix = path.rstrip("/")
    while prefix:
        if prefix in PATHS:
            return PATHS[prefix]
        prefix = prefix.rpartition("/")[0]
    return None
