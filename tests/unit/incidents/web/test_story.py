import pytest

from tests.unit.incidents.domain.builders import MINUTE, T0, incident
from tocsin_incidents.domain.incident import Status
from tocsin_incidents.domain.timeline import Kind
from tocsin_incidents.web.story import LOOKS, later_states, next_step, steps


def test_every_kind_of_entry_has_a_look() -> None:
    assert set(LOOKS) == set(Kind)


def test_the_stepper_shows_what_was_done_skipped_and_is_to_come() -> None:
    shown = steps(
        incident(status=Status.MITIGATED, acknowledged_at=T0 + MINUTE, mitigated_at=T0 + 9 * MINUTE),
        moved_at={},
    )
    assert [state for _, _, state in shown] == ["done", "done", "skipped", "current", "todo", "todo", "todo"]
    assert [at for _, at, _ in shown[:4]] == [T0, T0 + MINUTE, None, T0 + 9 * MINUTE]


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({}, "Acknowledge"),
        ({"status": Status.ACKNOWLEDGED, "acknowledged_at": T0}, "Investigate"),
        (
            {"status": Status.INVESTIGATING, "acknowledged_at": T0, "acknowledgement_expired": True},
            "Acknowledge",
        ),
        ({"status": Status.INVESTIGATING, "acknowledged_at": T0}, "Mark mitigated"),
        ({"status": Status.MITIGATED, "acknowledged_at": T0}, "Mark recovering"),
        ({"status": Status.RECOVERING, "acknowledged_at": T0}, None),
        ({"status": Status.RESOLVED}, None),
    ],
)
def test_each_state_has_one_next_action(changes: dict[str, object], label: str | None) -> None:
    step = next_step(incident(**changes))
    assert (step.label if step else None) == label


def test_the_form_offers_only_states_without_a_button_of_their_own() -> None:
    assert [value for value, _ in later_states(incident())] == ["investigating", "mitigated", "recovering"]
    assert later_states(incident(status=Status.RESOLVED)) == []
