"""The configuration file: what it says is read, what it says wrongly is named."""

import pytest

from tocsin.configuration import ConfigurationError, parse_configuration
from tocsin.resources import resources_of
from tocsin.starter import starter_configuration

POLICY = """
escalation_policies:
  - slug: shop
    name: Shop
    ack_timeout: 30m
    steps:
      - {targets: [{schedule: shop, role: secondary}], delay: 5m}
"""


def test_durations_are_seconds_or_words() -> None:
    configuration = parse_configuration(POLICY)

    (policy,) = configuration.escalation_policies
    assert policy.steps[0].delay == 300
    assert policy.ack_timeout == 1800


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("services: [{slug: web, name: Web, colour: red}]", "services.0.colour"),
        ("services: [{slug: 'Web Shop', name: Web}]", "services.0.slug"),
        ("users: [{name: Ana}]", "users.0.email"),
        (
            "escalation_policies: [{slug: a, name: A, steps: [{targets: [{user: x, team: y}]}]}]",
            "exactly one",
        ),
        ("escalation_policies: [{slug: a, name: A, steps: [{targets: [], delay: soon}]}]", "steps.0.delay"),
        ("- a list", "mapping"),
        ("a: [b", "not YAML"),
    ],
)
def test_what_is_wrong_is_named(text: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match="configuration") as raised:
        parse_configuration(text)

    assert named in str(raised.value)


def test_resources_come_before_what_refers_to_them() -> None:
    kinds = [resource.kind for resource in resources_of(starter_configuration(name="Ana", key="k" * 20))]

    assert kinds == [
        "user",
        "contacts",
        "team",
        "schedule",
        "policy",
        "service",
        "integration",
        "status page",
    ]
