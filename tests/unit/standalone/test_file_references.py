"""What a file refers to has to be in it or in Tocsin; what is not is named with its line, before anything is done."""

import pytest

from tocsin.configuration import ConfigurationError, parse_configuration
from tocsin.file_references import dangling

FILE = """\
users:
  - {email: ana@example.com, name: Ana}
teams:
  - slug: shop
    name: Shop
    members: [ana@example.com, Bo@example.com]
schedules:
  - slug: shop
    name: Shop
    team: shop
    rotations:
      primary:
        participants:
          - ana@example.com
          - cy@example.com
escalation_policies:
  - slug: shop
    name: Shop
    steps:
      - targets: [{schedule: shop}, {team: nobody}]
      - targets:
          - {user: 01890a5d-ac96-774b-bcce-b302099a8057}
          - {schedule: night}
services:
  - slug: checkout
    name: Checkout
    team: shopp
    escalation_policy: old
rules:
  - {integration: gone}
status_page:
  name: Status
  components:
    - {name: Checkout, services: [checkout, mail]}
"""
THERE = {("user", "bo@example.com"), ("policy", "old")}


def found(text: str) -> list[str]:
    configuration = parse_configuration(text, name="tocsin.yaml")
    return dangling(configuration, lambda kind, name: (kind, name.casefold()) in THERE)


def test_each_is_named_with_its_line_its_field_and_what_to_do() -> None:
    assert found(FILE) == [
        "tocsin.yaml:15: schedules.0.rotations.primary.participants.1: there is no person cy@example.com, "
        "neither in Tocsin nor in this file. Add them under users, or correct the address.",
        "tocsin.yaml:20: escalation_policies.0.steps.0.targets.1.team: there is no team nobody, "
        "neither in Tocsin nor in this file. Add it under teams, or correct the name.",
        "tocsin.yaml:23: escalation_policies.0.steps.1.targets.1.schedule: there is no schedule night, "
        "neither in Tocsin nor in this file. Add it under schedules, or correct the name.",
        "tocsin.yaml:27: services.0.team: there is no team shopp, "
        "neither in Tocsin nor in this file. Add it under teams, or correct the name.",
        "tocsin.yaml:30: rules.0.integration: there is no integration gone in this file. "
        "Add it under integrations, or correct the name.",
        "tocsin.yaml:34: status_page.components.0.services.1: there is no service mail, "
        "neither in Tocsin nor in this file. Add it under services, or correct the name.",
    ]


def test_without_such_a_reference_nothing_is_said() -> None:
    assert found("services: [{slug: checkout, name: Checkout, escalation_policy: old}]") == []


def test_what_has_the_wrong_form_is_named_with_its_line_too() -> None:
    with pytest.raises(ConfigurationError, match=r"tocsin\.yaml:3: services\.1\.colour"):
        parse_configuration(
            "services:\n- {slug: a, name: A}\n- {slug: b, name: B, colour: red}\n", name="tocsin.yaml"
        )
    with pytest.raises(ConfigurationError, match=r"tocsin\.yaml:2: services\.0\.name"):
        parse_configuration("services:\n- {slug: a}\n", name="tocsin.yaml")


def test_a_file_that_contains_itself_ends() -> None:
    with pytest.raises(ConfigurationError):
        parse_configuration("users: &loop [*loop]", name="tocsin.yaml")
