"""What to paste into a tool, with the address filled in."""

from dataclasses import dataclass

from tocsin_detector.domain.integration import Integration, Source


@dataclass(frozen=True, slots=True)
class Snippet:
    """A text to copy, and where it goes."""

    title: str
    text: str


def snippets_for(integration: Integration, *, public_url: str, key: str | None) -> list[Snippet]:
    """The set-up of one integration; without the key it says where the key goes."""
    shown, base = key or "YOUR_KEY", public_url
    if integration.source is Source.ALERTMANAGER:
        return [_alertmanager(base, shown), _prometheus(base, shown)]
    if integration.source is Source.PAGERDUTY:
        return [_pagerduty(base, shown), _pagerduty_receiver(base, shown)]
    return [generic_curl(base, shown, service=integration.service), _generic_resolve(base, shown)]


def generic_curl(base: str, key: str, *, service: str | None = None) -> Snippet:
    """A first alert by hand."""
    named = f', "service": "{service}"' if service and '"' not in service and "\\" not in service else ""
    return Snippet(
        "Send an alert",
        f"curl -sS {base}/api/v1/webhooks/generic/{key} \\\n"
        "  -H 'Content-Type: application/json' \\\n"
        f'  -d \'{{"title": "CPU is high on web-1", "severity": "critical", "dedup_key": "cpu-web-1"{named}}}\'',
    )


def _generic_resolve(base: str, key: str) -> Snippet:
    return Snippet(
        "Say that it is over",
        f"curl -sS {base}/api/v1/webhooks/generic/{key} \\\n"
        "  -H 'Content-Type: application/json' \\\n"
        '  -d \'{"title": "CPU is high on web-1", "status": "resolved", "dedup_key": "cpu-web-1"}\'',
    )


def _alertmanager(base: str, key: str) -> Snippet:
    return Snippet(
        "alertmanager.yml",
        "receivers:\n"
        "  - name: tocsin\n"
        "    webhook_configs:\n"
        f"      - url: {base}/api/v1/webhooks/alertmanager\n"
        "        send_resolved: true\n"
        "        http_config:\n"
        "          authorization:\n"
        f"            credentials: {key}",
    )


def _prometheus(base: str, key: str) -> Snippet:
    scheme, _, host = base.partition("://")
    return Snippet(
        "prometheus.yml, without an Alertmanager in between",
        "alerting:\n"
        "  alertmanagers:\n"
        f"    - scheme: {scheme}\n"
        "      path_prefix: /alertmanager\n"
        "      authorization:\n"
        f"        credentials: {key}\n"
        "      static_configs:\n"
        f"        - targets: ['{host}']",
    )


def _pagerduty(base: str, key: str) -> Snippet:
    return Snippet(
        "Trigger an event",
        f"curl -sS {base}/v2/enqueue -H 'Content-Type: application/json' \\\n"
        f'  -d \'{{"routing_key": "{key}", "event_action": "trigger", "dedup_key": "cpu-web-1",\n'
        '       "payload": {"summary": "CPU is high on web-1", "source": "web-1", "severity": "critical"}}\'',
    )


def _pagerduty_receiver(base: str, key: str) -> Snippet:
    return Snippet(
        "alertmanager.yml, with its PagerDuty receiver",
        "receivers:\n"
        "  - name: tocsin\n"
        "    pagerduty_configs:\n"
        f"      - routing_key: {key}\n"
        f"        url: {base}/v2/enqueue",
    )
