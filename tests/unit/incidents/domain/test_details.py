from dataclasses import replace

import pytest

from tests.unit.incidents.domain.builders import MINUTE, T0, incident
from tocsin_incidents.domain.details import Details, correct
from tocsin_incidents.domain.errors import Invalid


def test_a_correction_names_what_is_different() -> None:
    wanted = replace(Details.of(incident()), title="Checkout is down", impact_started_at=T0 - 9 * MINUTE)
    decision, different = correct(incident(), wanted, now=T0)

    assert different == ["title", "impact_started_at"]
    assert (decision.after.title, decision.after.impact_started_at) == ("Checkout is down", T0 - 9 * MINUTE)


def test_a_correction_that_changes_nothing_is_none() -> None:
    decision, different = correct(incident(), Details.of(incident()), now=T0)
    assert (decision.changed, different) == (False, [])


@pytest.mark.parametrize("name", ["impact_started_at", "identified_at"])
def test_the_past_cannot_lie_ahead(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        correct(incident(), Details.of(incident(**{name: T0 + 2 * MINUTE})), now=T0)
    assert refused.value.pointer == f"/{name}"
