import pytest

from tocsin_theme.assets import icon_names
from tocsin_theme.navigation import RAIL, navigation


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/incidents", "Incidents"),
        ("/incidents/INC-42", "Incidents"),
        ("/monitors/7", "Alerts"),
        ("/escalation-policies", "On-call"),
        ("/runbooks/3", "Services"),
        ("/comms", "Status"),
        ("/reports/2026-10", "Analytics"),
        ("/people", "Settings"),
    ],
)
def test_a_path_lights_up_its_part(path: str, label: str) -> None:
    assert [item.label for item in navigation(path) if item.active] == [label]


@pytest.mark.parametrize("path", ["/", "/_/components", "/incidents-archive"])
def test_a_path_outside_lights_up_nothing(path: str) -> None:
    assert not any(item.active for item in navigation(path))


def test_every_part_has_an_icon_of_the_sprite() -> None:
    assert {place.icon for place in RAIL} <= icon_names()
