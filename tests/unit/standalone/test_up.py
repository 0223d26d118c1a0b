"""What `tocsin up` makes of its command line and its environment."""

import pytest

from tocsin.options import UpOptions
from tocsin.up import as_told
from tocsin_runtime.settings import PlatformSettings


def test_the_command_line_wins_where_it_says_something(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_HOST", "0.0.0.0")
    monkeypatch.setenv("TOCSIN_PORT", "8088")

    settings = as_told(UpOptions(port=9000), PlatformSettings())

    assert (settings.host, settings.port, settings.kafka_bootstrap_servers) == ("0.0.0.0", 9000, "")


@pytest.mark.parametrize(("environment", "copies"), [({}, 3), ({"TOCSIN_KAFKA_REPLICATION": "2"}, 2)])
def test_a_broker_of_its_own_says_nothing_of_copies(
    environment: dict[str, str], copies: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bus makes as many as there are brokers, so one broker needs no setting."""
    monkeypatch.delenv("TOCSIN_KAFKA_REPLICATION", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    settings = as_told(UpOptions(kafka="kafka:9092"), PlatformSettings())

    assert (settings.kafka_bootstrap_servers, settings.kafka_replication) == ("kafka:9092", copies)
