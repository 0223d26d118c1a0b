"""How long each part of an incident took, and why a part has no figure.

The rules are those of the field (Atlassian's common metrics, PagerDuty's analytics, Google's "Incident
Metrics in SRE"): a duration nobody recorded is "not recorded" and never zero; one that ends before it starts
is "invalid" and shown; incidents that ended by themselves or were never acknowledged are left out of the time
to acknowledge and counted apart. A reopened incident counts with its first occurrence.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tocsin_analytics.domain.rows import IncidentRow


class Metric(StrEnum):
    """The durations that Tocsin measures, in the order in which an incident goes through them."""

    DETECT = "detect"
    PAGE = "page"
    ACKNOWLEDGE = "acknowledge"
    TELL = "tell"
    IDENTIFY = "identify"
    MITIGATE = "mitigate"
    RECOVER = "recover"
    RESPOND = "respond"
    REPAIR = "repair"


class Outcome(StrEnum):
    """Why an incident has a duration, or has none."""

    MEASURED = "measured"
    ONGOING = "ongoing"
    NOT_RECORDED = "not_recorded"
    INVALID = "invalid"
    AUTO_RESOLVED = "auto_resolved"
    NEVER_ACKNOWLEDGED = "never_acknowledged"


@dataclass(frozen=True, slots=True)
class Measurement:
    """A duration, or the reason why there is none.

    `assumed` says that it counts from detection for want of better.
    """

    outcome: Outcome
    duration: timedelta | None = None
    assumed: bool = False


def measure(row: IncidentRow, metric: Metric) -> Measurement:
    """One duration of one incident."""
    start, end, assumed = _ends(row, metric)
    if end is None:
        return Measurement(_why_without_end(row, metric))
    if start is None:
        return Measurement(Outcome.NOT_RECORDED)
    if end < start:
        return Measurement(Outcome.INVALID)
    return Measurement(Outcome.MEASURED, end - start, assumed)


_ANSWERS = frozenset({Metric.ACKNOWLEDGE})


def _ends(row: IncidentRow, metric: Metric) -> tuple[datetime | None, datetime | None, bool]:
    impact = row.impact_started_at or row.detected_at
    assumed = row.impact_started_at is None
    acknowledged_at = _answered(row)
    match metric:
        case Metric.DETECT:
            return row.impact_started_at, row.detected_at, False
        case Metric.PAGE:
            return row.opened_at, row.paged_at, False
        case Metric.ACKNOWLEDGE:
            return row.opened_at, acknowledged_at, False
        case Metric.TELL:
            return row.opened_at, row.told_at, False
        case Metric.IDENTIFY:
            return row.detected_at, row.identified_at, False
        case Metric.MITIGATE:
            return impact, row.mitigated_at, assumed
        case Metric.RECOVER:
            return impact, row.resolved_at, assumed
        case Metric.RESPOND:
            return row.detected_at, row.resolved_at, False
        case Metric.REPAIR:
            return acknowledged_at, row.resolved_at, False


def _answered(row: IncidentRow) -> datetime | None:
    """When somebody took it; None when that was after its end, which is no answer to what had ended."""
    at, end = row.acknowledged_at, row.resolved_at
    return None if at is not None and end is not None and at > end else at


def _why_without_end(row: IncidentRow, metric: Metric) -> Outcome:
    if row.resolved_at is None:
        return Outcome.ONGOING
    return _why_unanswered(row) if metric in _ANSWERS else Outcome.NOT_RECORDED


def _why_unanswered(row: IncidentRow) -> Outcome:
    return Outcome.AUTO_RESOLVED if row.auto_resolved else Outcome.NEVER_ACKNOWLEDGED
