"""A report follows its incident: which statement each change is worth, and which it is not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.unit.comms.builders import CHECKOUT, MINUTE, SHOP, T0, incident
from tocsin_comms.domain.component import Component
from tocsin_comms.domain.incident import Incident
from tocsin_comms.domain.report import Report, Shown
from tocsin_comms.domain.revision import Facts, Posted, Revision, revise
from tocsin_comms.domain.site import StatusPage
from tocsin_comms.domain.states import ComponentState, Impact, PublicStatus, Severity, Visibility

FOLLOWER = Component(CHECKOUT, "Checkout", 0, service_ids=frozenset({SHOP}))
PUBLIC = Shown(Visibility.PUBLIC, "automatic")


def facts(told: Incident, **changed: Any) -> Facts:
    values: dict[str, Any] = {
        "page": StatusPage(UUID(int=5), "Acme"),
        "followers": (FOLLOWER,),
        "shown": PUBLIC,
        "interval": timedelta(minutes=30),
        "now": T0,
        "report_id": UUID(int=200),
        "update_id": UUID(int=300),
    }
    return Facts(incident=told, **{**values, **changed})


def first(**changed: Any) -> Revision:
    return revise(None, facts(incident(), **changed))


def then(report: Report, *, after: timedelta = MINUTE, posted: Posted | None = None, **told: Any) -> Revision:
    return revise(report, facts(incident(**told), now=T0 + after, update_id=UUID(int=301), posted=posted))


def test_the_first_report_drafts_title_and_words() -> None:
    made = first()
    assert (made.report.title, made.report.impact) == ("Checkout: partial outage", Impact.MAJOR)
    assert made.told is not None
    assert made.told.affected[0].before is ComponentState.OPERATIONAL
    assert made.told.affected[0].after is ComponentState.PARTIAL_OUTAGE


def test_nothing_new_says_nothing_and_keeps_the_version() -> None:
    made = then(first().report, assignee_id=UUID(int=7))
    assert made.told is None
    assert made.report == first().report


def test_each_public_status_is_told_once() -> None:
    report, said = first().report, []
    for status in ("acknowledged", "investigating", "mitigated", "recovering", "resolved", "closed"):
        made = then(report, status=status)
        report = made.report
        if made.told:
            said.append(made.told.status)
    assert said == [PublicStatus.MONITORING, PublicStatus.RESOLVED]


def test_resolving_returns_what_was_affected_to_operational() -> None:
    made = then(first().report, status="resolved")
    assert made.told is not None
    assert made.told.affected[0].after is ComponentState.OPERATIONAL
    assert made.report.resolved_at == T0 + MINUTE


def test_a_persons_words_are_taken_as_they_are() -> None:
    posted = Posted(UUID(int=400), "We **roll back**.", T0 + MINUTE)
    made = then(first().report, posted=posted)
    assert made.told is not None
    assert (made.told.id, made.told.body, made.told.author) == (posted.id, posted.body, "person")


def test_a_graver_severity_is_told_with_what_users_see() -> None:
    made = then(first().report, severity=Severity.SEV1)
    assert made.reason == "changed"
    assert made.report.title == "Checkout: major outage"


def test_a_severity_that_looks_the_same_to_users_is_not_told() -> None:
    same = dict.fromkeys(Severity, ComponentState.PARTIAL_OUTAGE)
    page = StatusPage(UUID(int=5), "Acme", states=same)
    made = revise(first(page=page).report, facts(incident(severity=Severity.SEV1), page=page))
    assert made.told is None


def test_a_title_by_hand_stays() -> None:
    report = replace(first().report, title="Our words", title_by_hand=True)
    assert then(report, severity=Severity.SEV1).report.title == "Our words"


def test_published_at_is_when_the_world_first_saw_it() -> None:
    held = first(shown=Shown(Visibility.HELD, "page_holds")).report
    assert held.published_at is None
    assert then(held).report.published_at == T0 + MINUTE
