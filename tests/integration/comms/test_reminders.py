"""The promise of an update: moved by every update, missed once for all missed periods (R25)."""

from datetime import timedelta

from tests.integration.comms.room import MINUTE, Room
from tocsin_events.incidents import IncidentReopened, IncidentSeverityChanged, IncidentStatus, Severity
from tocsin_events.status import UpdateOverdue


async def overdue(room: Room) -> int:
    return len(await room.told(UpdateOverdue.TYPE))


async def test_half_an_hour_of_silence_is_told_once(room: Room) -> None:
    story = await room.opened()
    room.clock.forward(29 * MINUTE)
    assert await room.fire() == 0
    room.clock.forward(2 * MINUTE)
    assert await room.fire() == 1
    assert await room.fire() == 0
    (event,) = await room.told(UpdateOverdue.TYPE)
    assert event.due_at == story.opened_at + 30 * MINUTE  # type: ignore[attr-defined]
    promise = (await room.followed(story)).promise
    assert promise.overdue_since == story.opened_at + 30 * MINUTE
    assert promise.due_at == story.opened_at + 60 * MINUTE


async def test_a_sev1_is_asked_after_a_quarter_of_an_hour(room: Room) -> None:
    await room.opened(severity=Severity.SEV1)
    room.clock.forward(15 * MINUTE)
    await room.fire()
    assert await overdue(room) == 1


async def test_each_update_moves_it_also_an_internal_one(room: Room) -> None:
    story = await room.opened()
    for _ in range(3):
        room.clock.forward(20 * MINUTE)
        await room.updated(story, "Still at it.", public=False)
        await room.fire()
    assert await overdue(room) == 0
    room.clock.forward(30 * MINUTE)
    await room.fire()
    assert await overdue(room) == 1


async def test_the_public_is_told_the_time_that_the_incident_promises(room: Room) -> None:
    await room.shop()
    story = await room.opened(severity=Severity.SEV1)
    assert (await room.report(story)).updates[0].body.endswith("within 15 minutes.")
    room.clock.forward(5 * MINUTE)
    due = room.clock.moment + 12 * MINUTE
    milder = story.now_is(severity=Severity.SEV2, next_update_due_at=due)
    await room.hear(IncidentSeverityChanged(incident=milder, previous=Severity.SEV1))
    assert (await room.report(story)).updates[0].body.endswith("within 12 minutes.")


async def test_what_is_missed_is_so_until_the_next_promise(room: Room) -> None:
    story = await room.opened()
    room.clock.forward(31 * MINUTE)
    await room.fire()
    await room.moved(story, IncidentStatus.INVESTIGATING)
    promise = (await room.followed(story)).promise
    assert (promise.overdue_since, promise.due_at) == (
        story.opened_at + 30 * MINUTE,
        story.opened_at + 60 * MINUTE,
    )


async def test_acknowledging_gives_the_responder_a_whole_interval(room: Room) -> None:
    story = await room.opened()
    room.clock.forward(20 * MINUTE)
    await room.acknowledged(story)
    room.clock.forward(20 * MINUTE)
    await room.fire()
    assert await overdue(room) == 0


async def test_the_author_may_promise_a_later_time(room: Room) -> None:
    story = await room.opened()
    await room.updated(story, "We restore a backup.", next_due_at=room.clock.moment + timedelta(hours=2))
    room.clock.forward(timedelta(hours=1))
    await room.fire()
    assert await overdue(room) == 0


async def test_tocsin_asleep_for_two_hours_reminds_once(room: Room) -> None:
    story = await room.opened()
    room.clock.forward(timedelta(hours=2, minutes=5))
    await room.fire()
    assert await overdue(room) == 1
    assert (await room.followed(story)).promise.due_at == story.opened_at + timedelta(hours=2, minutes=30)


async def test_nothing_is_due_once_it_is_over_and_again_when_it_reopens(room: Room) -> None:
    story = await room.opened()
    await room.resolved(story)
    room.clock.forward(timedelta(hours=3))
    await room.fire()
    assert await overdue(room) == 0
    due = room.clock.moment + 30 * MINUTE
    again = story.now_is(status=IncidentStatus.ACKNOWLEDGED, resolved_at=None, next_update_due_at=due)
    await room.hear(IncidentReopened(incident=again, reason="back"))
    room.clock.forward(31 * MINUTE)
    await room.fire()
    assert await overdue(room) == 1


async def test_graver_is_due_sooner(room: Room) -> None:
    story = await room.opened()
    room.clock.forward(10 * MINUTE)
    graver = story.now_is(severity=Severity.SEV1, next_update_due_at=room.clock.moment + 5 * MINUTE)
    await room.hear(IncidentSeverityChanged(incident=graver, previous=Severity.SEV2))
    room.clock.forward(5 * MINUTE)
    await room.fire()
    assert await overdue(room) == 1


async def test_an_update_ends_being_overdue(room: Room) -> None:
    story = await room.opened()
    room.clock.forward(31 * MINUTE)
    await room.fire()
    await room.updated(story, "Sorry for the silence.")
    assert (await room.followed(story)).promise.overdue_since is None
