"""The configuration file: what it says is read, what it says wrongly is named."""

from pathlib import Path
from socket import create_server

import pytest
from pydantic import ValidationError

from tocsin.addresses import check_address
from tocsin.configuration import ConfigurationError, parse_configuration, read_configuration
from tocsin.local_database import local_settings
from tocsin.resources import resources_of
from tocsin.starter import starter_configuration
from tocsin_incidents.domain.catalogue import is_slug as is_service_slug
from tocsin_paging.domain.person import is_slug
from tocsin_runtime.settings import PlatformSettings, SettingsError

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


@pytest.mark.parametrize(
    ("kind", "slug"),
    [("teams", "a" * 120), ("services", "a--b" + "c" * 60), ("integrations", "0" * 59 + "-")],
)
def test_every_slug_that_tocsin_takes_can_stand_in_a_file(kind: str, slug: str) -> None:
    assert is_slug(slug) or is_service_slug(slug) or kind == "integrations"
    source = ", source: generic" if kind == "integrations" else ""

    configuration = parse_configuration(f"{kind}: [{{slug: '{slug}', name: A{source}}}]")

    assert getattr(configuration, kind)[0].slug == slug


def test_resources_come_before_what_refers_to_them() -> None:
    kinds = [resource.kind for resource in resources_of(starter_configuration(name="Ana", key="k" * 20))]

    assert kinds == [
        "user",
        "contacts",
        "team",
        "schedule",
        "policy",
        "service",
        "service",
        "integration",
        "status page",
    ]


def test_a_file_that_is_no_text_is_called_so(tmp_path: Path) -> None:
    file = tmp_path / "tocsin.yaml"
    file.write_bytes(b"\xff\xfe")

    with pytest.raises(ConfigurationError, match="not UTF-8"):
        read_configuration(file)


def test_without_a_database_here_it_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOCSIN_DATABASE_URL", raising=False)
    monkeypatch.setenv("TOCSIN_DATA_DIR", str(tmp_path))

    with pytest.raises(SettingsError, match="set TOCSIN_DATA_DIR or TOCSIN_DATABASE_URL"):
        local_settings()


@pytest.mark.parametrize(
    "wrong", [{"port": 99999}, {"public_url": "tocsin.example.org"}, {"public_url": "https://"}]
)
def test_an_address_that_nobody_can_open_stops_the_start(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PlatformSettings.model_validate(wrong)


def test_a_port_in_use_is_named() -> None:
    with create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=f"127.0.0.1:{port}.*--port"):
            check_address("127.0.0.1", port)
