"""How an integration is doing is one sentence, whatever the reason was."""

from datetime import UTC, datetime

import pytest

from tocsin_detector.domain.health import Condition, DeliveryLine, Verdict, health_of
from tocsin_runtime.ids import new_id


@pytest.mark.parametrize("reason", ["the title is missing", "The title is missing.", "What? ", None, "…"])
def test_the_sentence_ends_once(reason: str | None) -> None:
    line = DeliveryLine(new_id(), datetime(2026, 11, 24, tzinfo=UTC), Verdict.REJECTED, reason)
    health = health_of([line], revoked=False)
    assert health.condition is Condition.UNHEALTHY
    assert health.detail[-1] in ".?…"
    assert not health.detail.endswith(("..", "?.", "….", " ."))
