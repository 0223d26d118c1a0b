"""Where senders send to."""

from tocsin_detector.domain.integration import Source


def url_for(source: Source, *, public_url: str, key: str | None) -> str:
    """The URL for a sender of this source; without the key it ends in `{key}`.

    PagerDuty's clients carry the key in the body, as `routing_key`.
    """
    if source is Source.PAGERDUTY:
        return f"{public_url}/v2/enqueue"
    return f"{public_url}/api/v1/webhooks/{source.value}/{key or '{key}'}"
