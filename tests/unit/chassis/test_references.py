"""An incident is named by its id or its number, and by nothing else."""

import pytest

from tocsin_chassis.references import incident_named
from tocsin_runtime.ids import new_id


def test_a_number_in_any_writing_and_an_id() -> None:
    some = new_id()

    assert [incident_named(text) for text in ("INC-42", "inc-42", "42", " 42 ")] == [42] * 4
    assert incident_named(str(some)) == incident_named(some) == some


@pytest.mark.parametrize("text", ["", "x", "INC-", "INC-0", "-1", "INC-4 2", "1234567890", "INC-٤٢", None])
def test_what_names_none(text: str | None) -> None:
    with pytest.raises(ValueError, match="INC-42"):
        incident_named(text)
