"""Lines logged about a batch name a few of its events, and how many more there are."""

from uuid import uuid4

from structlog.contextvars import get_contextvars

from tocsin_bus.naming import MOST, naming
from tocsin_bus.unit_of_work import Cause


def test_one_event_is_named_as_it_is_and_of_many_the_first() -> None:
    causes = [Cause(uuid4(), uuid4()) for _ in range(100)]
    with naming(causes[:1]):
        assert get_contextvars()["event_id"] == str(causes[0].causation_id)
    with naming(causes):
        named = get_contextvars()["correlation_id"]
    assert named == [*(str(cause.correlation_id) for cause in causes[:MOST]), f"and {100 - MOST} more"]
    assert get_contextvars() == {}
