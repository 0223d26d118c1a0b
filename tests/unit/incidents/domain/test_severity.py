import pytest

from tests.unit.incidents.domain.builders import MINUTE, T0, incident
from tocsin_incidents.domain.incident import Status
from tocsin_incidents.domain.severity import RESPONSE_LIMITS, ResponseState, Severity


def test_severities_are_ordered_by_how_bad_they_are() -> None:
    assert Severity.SEV1.graver_than(Severity.SEV2)
    assert not Severity.SEV2.graver_than(Severity.SEV2)
    assert sorted(Severity, key=lambda severity: severity.rank) == list(Severity)


def test_the_limits_are_those_of_the_mission() -> None:
    assert [RESPONSE_LIMITS[severity] / MINUTE for severity in Severity] == [5, 60, 240, 1440]


@pytest.mark.parametrize(
    ("changes", "minutes", "state"),
    [
        ({}, 0, ResponseState.WAITING),
        ({}, 47, ResponseState.WAITING),
        ({}, 48, ResponseState.WARNING),
        ({}, 60, ResponseState.OVERDUE),
        ({"acknowledged_at": T0, "status": Status.ACKNOWLEDGED}, 99, ResponseState.MET),
        ({"status": Status.RESOLVED}, 99, ResponseState.ENDED),
    ],
)
def test_the_response_is_warned_before_it_is_overdue(
    changes: dict[str, object], minutes: int, state: ResponseState
) -> None:
    assert incident(**changes).response.state(T0 + minutes * MINUTE) is state
