"""Facts of pages and alerts come out the same in any order, too."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin_analytics.domain.deliveries import AlertFacts, PageFacts, merge_alerts, merge_pages

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
moments = st.integers(0, 90).map(lambda minutes: T0 + timedelta(minutes=minutes))
pages = st.builds(
    PageFacts,
    page_id=st.just(UUID(int=1)),
    incident_id=st.just(UUID(int=2)),
    user_id=st.just(UUID(int=3)),
    user=st.sampled_from(["Ana", "Ana Ruiz"]),
    channel=st.just("email"),
    step=st.just(1),
    round=st.just(1),
    requested_at=moments,
    sent_at=st.none() | moments,
    failed=st.booleans(),
    attempts=st.integers(0, 5),
)
alerts = st.builds(
    AlertFacts,
    alert_id=st.just(UUID(int=1)),
    severity=st.sampled_from(["critical", "high", "low"]),
    source=st.just("alertmanager"),
    service_id=st.none() | st.just(UUID(int=9)),
    service=st.none() | st.sampled_from(["checkout", "search"]),
    opened_at=st.none() | moments,
    ended_at=st.none() | moments,
    received=st.integers(1, 4),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(pages, min_size=1, max_size=6), st.data())
def test_pages_do_not_care_for_order_or_repeats(told: list[PageFacts], data: st.DataObject) -> None:
    again = data.draw(st.permutations([*told, told[0]]))

    assert reduce(merge_pages, again) == reduce(merge_pages, told)


@settings(max_examples=50, deadline=None)
@given(st.lists(alerts, min_size=1, max_size=6), st.data())
def test_alerts_do_not_care_for_order_or_repeats(told: list[AlertFacts], data: st.DataObject) -> None:
    again = data.draw(st.permutations([*told, told[0]]))

    assert reduce(merge_alerts, again) == reduce(merge_alerts, told)


def test_a_page_that_got_through_late_counts_as_sent() -> None:
    page = PageFacts(UUID(int=1), UUID(int=2), UUID(int=3), "Ana", "email", 1, 1, T0)
    failed, sent = replace(page, failed=True, attempts=4), replace(page, sent_at=T0, attempts=5)

    facts = reduce(merge_pages, [sent, failed, page])

    assert (facts.sent_at, facts.failed, facts.attempts) == (T0, True, 5)
