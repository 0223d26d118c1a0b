"""What a page says of a problem: for people, not for programs."""

import pytest

from tocsin_access.errors import NotAllowed
from tocsin_chassis.for_people import Words, for_people
from tocsin_runtime.errors import Code, FieldError, Problem


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("There is no service nope. GET /api/v1/services lists them.", "There is no service nope."),
        ("Tocsin failed. Trying again is safe with an Idempotency-Key.", "Tocsin failed."),
        ("Send Content-Type: application/json.", ""),
        ("INC-2 is closed. Reopen it, v. 2.1 of it.", "INC-2 is closed. Reopen it, v. 2.1 of it."),
    ],
)
def test_what_only_programs_can_use_is_left_out(said: str, shown: str) -> None:
    assert for_people(Problem(404, Code.NOT_FOUND, said)).detail == shown


def test_fields_have_names_not_pointers() -> None:
    wrong = [
        FieldError("/starts_at", "Enter a day."),
        FieldError("/team_id", "No such team. GET /api/v1/teams lists them."),
    ]
    words = for_people(Problem(422, Code.INVALID_REQUEST, "/starts_at: Enter a day.", errors=wrong))
    assert words == Words("", (("Starts at", "Enter a day."), ("Team id", "No such team.")))


def test_whoever_may_not_hears_of_their_role_not_of_scopes() -> None:
    refused = NotAllowed("incidents:write", role="viewer")
    assert "incidents:write" in str(refused.body()["detail"])
    shown = for_people(refused).detail
    assert shown == "This is more than your role, viewer, may do. Ask an administrator for another role."
