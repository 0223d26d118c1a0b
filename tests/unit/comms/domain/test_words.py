"""The drafted words name components and what users feel, never what the inside calls it."""

from datetime import timedelta

import pytest

from tocsin_comms.domain.states import ComponentState, PublicStatus
from tocsin_comms.domain.words import DEFAULT_TEMPLATES, draft, kind_of_change, listed, problems, spoken

HALF_HOUR = timedelta(minutes=30)


def drafted(kind: str, own: dict[str, str] | None = None) -> str:
    state = ComponentState.PARTIAL_OUTAGE
    return draft(kind, components=["Checkout", "Mail"], state=state, interval=HALF_HOUR, own=own or {})


def test_the_title_names_what_is_hurt_and_how() -> None:
    assert drafted("title") == "Checkout and Mail: partial outage"


def test_the_first_words_say_when_the_next_come() -> None:
    assert drafted("investigating").endswith("within 30 minutes.")


@pytest.mark.parametrize("kind", DEFAULT_TEMPLATES)
def test_every_template_fills_all_its_places(kind: str) -> None:
    assert "$" not in drafted(kind)


def test_a_page_may_have_words_of_its_own() -> None:
    assert drafted("resolved", {"resolved": "$components: all well again"}) == (
        "Checkout and Mail: all well again"
    )


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "some of our systems"),
        (["A"], "A"),
        (["A", "B"], "A and B"),
        (["A", "B", "C"], "A, B and C"),
        (["A", "B", "C", "D", "E"], "A, B and 3 others"),
    ],
)
def test_names_are_listed_as_people_say_them(names: list[str], said: str) -> None:
    assert listed(names) == said


@pytest.mark.parametrize(
    ("minutes", "said"), [(1, "1 minute"), (15, "15 minutes"), (60, "1 hour"), (120, "2 hours")]
)
def test_intervals_are_spoken(minutes: int, said: str) -> None:
    assert spoken(timedelta(minutes=minutes)) == said


def test_bad_templates_are_named() -> None:
    wrong = {"title": "$", "resolved": "$password", "greeting": "hello", "changed": "x" * 1001}
    assert set(problems(wrong)) == set(wrong)
    assert problems({"title": "$components costs $$5", "resolved": "{{ 7 * 7 }}"}) == {}


def test_code_in_a_template_is_only_text() -> None:
    assert drafted("resolved", {"resolved": "{{ ''.__class__ }} ${components}"}) == (
        "{{ ''.__class__ }} Checkout and Mail"
    )


def test_coming_back_has_words_of_its_own() -> None:
    assert kind_of_change(PublicStatus.RESOLVED, PublicStatus.INVESTIGATING) == "reopened"
    assert kind_of_change(PublicStatus.MONITORING, PublicStatus.RESOLVED) == "resolved"
    assert kind_of_change(None, PublicStatus.INVESTIGATING) == "investigating"
