"""Each rule of the field on one incident."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tocsin_analytics.domain.durations import Measurement, Metric, Outcome, measure
from tocsin_analytics.domain.rows import IncidentRow

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OPEN = IncidentRow(
    incident_id=UUID(int=1),
    number=1,
    title="Checkout is down",
    severity="SEV-1",
    status="detected",
    origin="alert",
    drill=False,
    service_id=None,
    service="checkout",
    team_id=None,
    opened_at=T0,
    detected_at=T0,
)
WHOLE = replace(
    OPEN,
    impact_started_at=T0 - 5 * MINUTE,
    paged_at=T0 + timedelta(seconds=2),
    acknowledged_at=T0 + 3 * MINUTE,
    told_at=T0 + 4 * MINUTE,
    identified_at=T0 + 15 * MINUTE,
    mitigated_at=T0 + 25 * MINUTE,
    resolved_at=T0 + 43 * MINUTE,
)


@pytest.mark.parametrize(
    ("metric", "took"),
    [
        (Metric.DETECT, 5 * MINUTE),
        (Metric.PAGE, timedelta(seconds=2)),
        (Metric.ACKNOWLEDGE, 3 * MINUTE),
        (Metric.TELL, 4 * MINUTE),
        (Metric.IDENTIFY, 15 * MINUTE),
        (Metric.MITIGATE, 30 * MINUTE),
        (Metric.RECOVER, 48 * MINUTE),
        (Metric.RESPOND, 43 * MINUTE),
        (Metric.REPAIR, 40 * MINUTE),
    ],
)
def test_every_duration_of_a_whole_incident(metric: Metric, took: timedelta) -> None:
    assert measure(WHOLE, metric) == Measurement(Outcome.MEASURED, took)


def test_detection_is_never_taken_for_the_start_of_the_impact() -> None:
    assert measure(replace(WHOLE, impact_started_at=None), Metric.DETECT) == Measurement(Outcome.NOT_RECORDED)


@pytest.mark.parametrize(("metric", "took"), [(Metric.RECOVER, 43 * MINUTE), (Metric.MITIGATE, 25 * MINUTE)])
def test_recovery_without_a_known_start_counts_from_detection_and_says_so(
    metric: Metric, took: timedelta
) -> None:
    assert measure(replace(WHOLE, impact_started_at=None), metric) == Measurement(
        Outcome.MEASURED, took, assumed=True
    )


def test_what_ended_by_itself_has_no_time_to_acknowledge() -> None:
    row = replace(WHOLE, acknowledged_at=None, auto_resolved=True)

    assert measure(row, Metric.ACKNOWLEDGE) == Measurement(Outcome.AUTO_RESOLVED)


def test_an_acknowledged_incident_that_then_ended_by_itself_was_acknowledged() -> None:
    assert measure(replace(WHOLE, auto_resolved=True), Metric.ACKNOWLEDGE).outcome is Outcome.MEASURED


def test_what_nobody_acknowledged_before_the_end_is_counted_apart() -> None:
    assert measure(replace(WHOLE, acknowledged_at=None), Metric.ACKNOWLEDGE) == Measurement(
        Outcome.NEVER_ACKNOWLEDGED
    )


@pytest.mark.parametrize(
    ("by_itself", "why"), [(True, Outcome.AUTO_RESOLVED), (False, Outcome.NEVER_ACKNOWLEDGED)]
)
def test_an_answer_in_the_second_occurrence_is_none_to_the_first(by_itself: bool, why: Outcome) -> None:
    row = replace(WHOLE, acknowledged_at=T0 + timedelta(days=3), reopened=1, auto_resolved=by_itself)

    assert measure(row, Metric.ACKNOWLEDGE) == Measurement(why)
    assert measure(row, Metric.REPAIR) == Measurement(Outcome.NOT_RECORDED), "no time of it is wrong"


@pytest.mark.parametrize("metric", [Metric.ACKNOWLEDGE, Metric.RECOVER, Metric.MITIGATE])
def test_what_still_goes_on_has_no_duration_yet(metric: Metric) -> None:
    assert measure(OPEN, metric) == Measurement(Outcome.ONGOING)


def test_an_end_before_the_start_is_invalid() -> None:
    assert measure(replace(WHOLE, identified_at=T0 - MINUTE), Metric.IDENTIFY) == Measurement(Outcome.INVALID)
    assert measure(replace(WHOLE, impact_started_at=T0 + MINUTE), Metric.DETECT) == Measurement(
        Outcome.INVALID
    )


def test_what_was_never_mitigated_on_record_is_not_recorded() -> None:
    assert measure(replace(WHOLE, mitigated_at=None), Metric.MITIGATE) == Measurement(Outcome.NOT_RECORDED)


def test_repair_needs_an_acknowledgement() -> None:
    assert measure(replace(WHOLE, acknowledged_at=None), Metric.REPAIR) == Measurement(Outcome.NOT_RECORDED)


def test_an_instant_is_a_duration_of_zero() -> None:
    assert measure(replace(WHOLE, acknowledged_at=T0), Metric.ACKNOWLEDGE) == Measurement(
        Outcome.MEASURED, timedelta(0)
    )
