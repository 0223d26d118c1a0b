"""What every use case needs beyond its unit of work: links to make and figures to count."""

from dataclasses import dataclass

from tocsin_paging.domain.links import Links
from tocsin_runtime.metrics import Metrics


class Figures:
    """The figures of paging. Labels take values from enums only."""

    def __init__(self, metrics: Metrics) -> None:
        self.pages = metrics.counter(
            "pages", "Pages by channel and how it went", labels=["channel", "outcome"]
        )
        self.latency = metrics.histogram(
            "webhook_to_page_seconds", "From the first alert's arrival to a provider's acceptance of its page"
        )
        self.decisions = metrics.counter(
            "decisions", "Decisions about escalations by their reason", labels=["reason"]
        )
        self.escalations = metrics.gauge(
            "escalations", "Escalations not resolved, by state", labels=["state"]
        )
        self.repairs = metrics.counter("repairs", "Escalations that the auditor had to set going again")
        self.audits = metrics.counter(
            "audits", "Rounds of the auditor: one that stands still is itself a fault"
        )


@dataclass(frozen=True)
class Pager:
    """Made once by `app.py` and passed down."""

    links: Links
    figures: Figures
