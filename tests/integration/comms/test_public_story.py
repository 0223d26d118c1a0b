"""An incident as the world sees it: what goes public, in which words, and how components follow."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.comms.room import MAIL, SHOP, Room
from tocsin_comms.domain.errors import IncidentNotKnown, NotForThePublic, NothingToHide
from tocsin_comms.domain.states import ComponentState, PublicStatus, Visibility
from tocsin_comms.usecases.report import hide, publish
from tocsin_events.incidents import IncidentReopened, IncidentSeverityChanged, IncidentStatus, Severity
from tocsin_events.status import ComponentStateChanged
from tocsin_runtime.ids import new_id

UP, DEGRADED = ComponentState.OPERATIONAL, ComponentState.DEGRADED_PERFORMANCE
PARTIAL, MAJOR = ComponentState.PARTIAL_OUTAGE, ComponentState.MAJOR_OUTAGE


async def test_an_incident_from_beginning_to_end(room: Room) -> None:
    await room.shop()
    story = await room.opened()
    assert await room.states() == {"Checkout": PARTIAL, "Mail": UP}

    room.clock.forward(by=(await room.followed(story)).promise.due_at - room.clock.moment)  # type: ignore[operator]
    await room.acknowledged(story)
    await room.moved(story, IncidentStatus.INVESTIGATING, identified_at=room.clock.moment)
    await room.updated(story, "A bad deploy; we roll it back.")
    await room.moved(story, IncidentStatus.MITIGATED)
    await room.resolved(story)

    assert await room.states() == {"Checkout": UP, "Mail": UP}
    report = await room.report(story)
    assert [(told.status.value, told.author) for told in report.updates[::-1]] == [
        ("investigating", "template"),
        ("identified", "template"),
        ("identified", "person"),
        ("monitoring", "template"),
        ("resolved", "template"),
    ]
    changes = await room.told(ComponentStateChanged.TYPE)
    assert [(change.previous.value, change.state.value) for change in changes] == [  # type: ignore[attr-defined]
        ("operational", "partial_outage"),
        ("partial_outage", "operational"),
    ]


async def test_the_public_words_never_hold_the_internal_title(room: Room) -> None:
    await room.shop()
    report = await room.report(await room.opened())
    assert report.title == "Checkout: partial outage"
    assert "db-prod-7" not in report.title + "".join(told.body for told in report.updates)


async def test_the_worst_of_two_wins_and_each_resolve_takes_its_own_away(room: Room) -> None:
    await room.shop()
    mild = await room.opened(severity=Severity.SEV3)
    grave = await room.opened(43, severity=Severity.SEV1)
    assert (await room.states())["Checkout"] is MAJOR
    await room.resolved(grave)
    assert (await room.states())["Checkout"] is DEGRADED
    await room.resolved(mild)
    assert (await room.states())["Checkout"] is UP


async def test_severity_moves_the_component_the_title_and_tells_why(room: Room) -> None:
    await room.shop()
    story = await room.opened(severity=Severity.SEV3)
    graver = story.now_is(severity=Severity.SEV1)
    await room.hear(IncidentSeverityChanged(incident=graver, previous=Severity.SEV3))
    report = await room.report(story)
    assert (await room.states())["Checkout"] is MAJOR
    assert report.title == "Checkout: major outage"
    assert report.updates[0].body.startswith("We now see this at Checkout: major outage.")


async def test_reopened_is_told_and_shown(room: Room) -> None:
    await room.shop()
    story = await room.opened()
    await room.resolved(story)
    again = story.now_is(status=IncidentStatus.ACKNOWLEDGED, resolved_at=None)
    await room.hear(IncidentReopened(incident=again, reason="it came back"))
    report = await room.report(story)
    assert (report.status, report.resolved_at) == (PublicStatus.INVESTIGATING, None)
    assert report.updates[0].body == "The problem with Checkout has come back. We are investigating again."
    assert (await room.states())["Checkout"] is PARTIAL


@pytest.mark.parametrize("facts", [{"public": False}, {"drill": True}, {"service_id": None}])
async def test_what_is_internal_a_drill_or_followed_by_nothing_stays_inside(
    room: Room, facts: dict[str, Any]
) -> None:
    await room.shop()
    story = await room.opened(**facts)
    await room.updated(story, "Words for nobody.")
    assert await room.report_if_any(story) is None
    assert set((await room.states()).values()) == {UP}


async def test_a_page_that_holds_shows_nothing_until_a_human_says_so(room: Room) -> None:
    await room.shop(publish="hold")
    story = await room.opened()
    assert (await room.report(story)).visibility is Visibility.HELD
    assert (await room.states())["Checkout"] is UP
    assert (await room.site()).reports == ()

    async with room.open_uow() as uow:
        await publish(uow, 42, rules=room.rules, body="We are on it.")

    report = await room.report(story)
    assert (report.visibility, [told.body for told in report.updates]) == (
        Visibility.PUBLIC,
        ["We are on it."],
    )
    assert (await room.states())["Checkout"] is PARTIAL


async def test_what_changes_no_component_waits_and_goes_public_when_it_gets_worse(room: Room) -> None:
    await room.shop()
    story = await room.opened(severity=Severity.SEV4)
    assert (await room.report(story)).reason == "no_public_impact"
    worse = story.now_is(severity=Severity.SEV2)
    await room.hear(IncidentSeverityChanged(incident=worse, previous=Severity.SEV4))
    assert (await room.report(story)).visibility is Visibility.PUBLIC
    assert (await room.states())["Checkout"] is PARTIAL


async def test_hidden_stays_hidden_and_shows_no_component_until_published_again(room: Room) -> None:
    await room.shop()
    story = await room.opened()
    async with room.open_uow() as uow:
        await hide(uow, story.incident_id)
    await room.updated(story, "Something new.")
    assert (await room.report(story)).visibility is Visibility.HIDDEN
    assert (await room.states())["Checkout"] is UP
    async with room.open_uow() as uow:
        await publish(uow, 42, rules=room.rules, title="Payments are slow")
    assert (await room.report(story)).title == "Payments are slow"
    assert (await room.states())["Checkout"] is PARTIAL
    await room.moved(story, IncidentStatus.MITIGATED)
    assert (await room.report(story)).title == "Payments are slow"


async def test_a_human_cannot_publish_what_is_marked_internal_nor_hide_what_is_not_there(room: Room) -> None:
    await room.shop()
    await room.opened(public=False)
    async with room.open_uow() as uow:
        with pytest.raises(NotForThePublic):
            await publish(uow, 42, rules=room.rules)
        with pytest.raises(NothingToHide):
            await hide(uow, 42)
        for unknown in (1, new_id()):
            with pytest.raises(IncidentNotKnown):
                await hide(uow, unknown)


async def test_an_incident_without_a_component_can_be_told_to_the_world(room: Room) -> None:
    await room.shop()
    story = await room.opened(service_id=None)
    async with room.open_uow() as uow:
        await publish(uow, 42, rules=room.rules)
    shown = await room.site()
    assert [report.incident_id for report in shown.reports] == [story.incident_id]
    assert shown.sentence == "We are looking into a problem"


async def test_an_older_event_that_comes_late_turns_nothing_back(room: Room) -> None:
    await room.shop()
    story = await room.opened()
    stale = story.now_is(severity=Severity.SEV1)
    await room.resolved(story)
    await room.hear(IncidentSeverityChanged(incident=stale, previous=Severity.SEV2))
    assert (await room.followed(story)).incident.status == "resolved"
    assert (await room.states())["Checkout"] is UP


async def test_an_incident_that_is_first_heard_of_in_its_middle_is_followed_from_there(room: Room) -> None:
    await room.shop()
    story = (await room.opened(43)).__class__(room.clock.moment)
    await room.acknowledged(story)
    assert (await room.report(story)).visibility is Visibility.PUBLIC


async def test_the_same_update_twice_is_told_once(room: Room) -> None:
    await room.shop()
    story = await room.opened()
    same = story.incident_id
    await room.updated(story, "Once.", update_id=same)
    await room.updated(story, "Once.", update_id=same)
    assert [told.body for told in (await room.report(story)).updates].count("Once.") == 1


async def test_history_records_what_was_shown_and_when(room: Room) -> None:
    await room.shop()
    room.clock.forward(by=room.clock.moment - room.clock.moment.replace(hour=8))
    story = await room.opened(severity=Severity.SEV1)
    began = room.clock.moment
    room.clock.forward(by=began - began.replace(hour=began.hour - 1))
    await room.resolved(story)
    room.clock.forward(by=began - began.replace(hour=began.hour - 2))
    checkout = (await room.site()).components[0]
    assert checkout.days[-1].state is MAJOR
    assert checkout.days[-1].down.total_seconds() == 3600
    assert checkout.days[0].state is None
    assert checkout.share_up is None, "of four hours a share says nothing"
    room.clock.forward(by=timedelta(hours=20))
    assert (await room.site()).components[0].share_up == pytest.approx(1 - 1 / 24)


async def test_a_component_that_begins_to_follow_shows_what_is_already_broken(room: Room) -> None:
    await room.page(("Checkout", frozenset({SHOP})))
    await room.opened()
    await room.page(("Checkout", frozenset({MAIL})), ("Basket", frozenset({SHOP})))
    assert await room.states() == {"Checkout": UP, "Basket": PARTIAL}
