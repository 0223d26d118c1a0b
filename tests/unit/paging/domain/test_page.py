"""When a page counts as failing, so that somebody else is paged."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tocsin_paging.domain.contact import Channel
from tocsin_paging.domain.page import Page, PageKind, PageState, held_up, refused, tried_in_vain

T0 = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PAGE = Page(
    UUID(int=1),
    kind=PageKind.INCIDENT,
    user_id=UUID(int=2),
    user_name="Ana",
    contact_id=UUID(int=3),
    channel=Channel.WEBHOOK,
    why="named in the policy",
    title="Checkout is down",
    requested_at=T0,
    attempts=1,
)


@pytest.mark.parametrize(
    ("attempts", "took", "again_in", "failing"),
    [
        (1, 0.1, 0, False),
        (1, 0.1, 5, False),
        (2, 1.2, 0, True),
        (1, 0.1, 300, True),
        (1, 9.5, 0, True),
    ],
)
def test_a_page_that_did_not_get_through(
    attempts: int, took: float, again_in: float, *, failing: bool
) -> None:
    page = tried_in_vain(
        replace(PAGE, attempts=attempts),
        reason="503",
        again_in=timedelta(seconds=again_in),
        now=T0 + timedelta(seconds=took),
    )
    assert (page.state, page.failing) == (PageState.RETRYING, failing)


def test_one_that_waits_for_its_provider_counts_as_failing() -> None:
    page = held_up(PAGE, reason="waiting")
    assert (page.state, page.failing, page.reason) == (PageState.RETRYING, True, "waiting")


@pytest.mark.parametrize(
    "page", [replace(PAGE, state=PageState.SENT, sent_at=T0), refused(PAGE, reason="no")]
)
def test_what_has_ended_waits_for_nothing(page: Page) -> None:
    assert held_up(page, reason="waiting") is page
