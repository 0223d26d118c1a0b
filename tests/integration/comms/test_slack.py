"""Slack over a real socket, through Slack's own client: one message an incident, whatever goes wrong."""

from asyncio import create_task
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.integration.comms.room import MINUTE, Room
from tocsin_access.directory import apply_entry
from tocsin_events.directory import Role, UserChanged
from tocsin_events.incidents import IncidentAlertJoined, IncidentAssigned, IncidentStatus
from tocsin_testkit.slack import FaultKind, SlackServer
from tocsin_testkit.waiting import eventually

HOSTILE = "<!channel> <@U1> <https://evil.test|https://bank.test>"


async def test_one_message_is_posted_then_edited_as_the_incident_moves(
    chat_room: Room, slack: SlackServer
) -> None:
    story = await chat_room.opened()
    await chat_room.send()
    await chat_room.acknowledged(story)
    await chat_room.moved(story, IncidentStatus.MITIGATED)
    await chat_room.resolved(story)
    await chat_room.send()
    (post,) = slack.posts
    assert "resolved" in post.text
    assert post.edits == 1, "edits that a newer one outdates are not sent"
    assert [reply.text for reply in slack.replies] == [":white_check_mark: Resolved: resolved by hand"]
    assert [message.state for message in await chat_room.messages(story)] == [
        "sent", "dropped", "dropped", "sent", "sent",
    ]  # fmt: skip


async def test_updates_are_replies_in_the_thread(chat_room: Room, slack: SlackServer) -> None:
    story = await chat_room.opened()
    await chat_room.updated(story, "Rolling back.", actor_name="Ana")
    await chat_room.send()
    (reply,) = slack.replies
    assert reply.replies_to == slack.posts[0].ts
    assert reply.text.startswith(":memo: *Ana* posted a public update")


async def test_hostile_words_mention_nobody_and_hide_no_link(chat_room: Room, slack: SlackServer) -> None:
    story = await chat_room.opened(title=HOSTILE, service=HOSTILE)
    await chat_room.updated(story, HOSTILE, actor_name=HOSTILE)
    await chat_room.send()
    for message in slack.messages:
        sent = message.text + str(message.blocks)
        assert "&lt;!channel&gt;" in sent
        assert not {"<!channel>", "<@U1>", "<https://evil.test|https://bank.test>"} & {
            part for part in ("<!channel>", "<@U1>", "<https://evil.test|https://bank.test>") if part in sent
        }
    for call in slack.called("chat.postMessage"):
        assert call.arguments["parse"] == "none"


async def test_the_reminder_mentions_the_assignee(chat_room: Room, slack: SlackServer) -> None:
    ana = uuid4()
    person = UserChanged(
        id=ana, version=1, name="Ana", email="ana@acme.test", role=Role.RESPONDER, slack_user_id="U024BE7LH"
    )
    async with chat_room.open_uow() as uow:
        await apply_entry(person, uow)
    story = await chat_room.opened()
    await chat_room.hear(IncidentAssigned(incident=story.now_is(assignee_id=ana)))
    chat_room.clock.forward(31 * MINUTE)
    await chat_room.fire()
    await chat_room.send()
    assert "<@U024BE7LH>" in slack.replies[0].text
    assert "Ana" in str(slack.posts[0].blocks)
    assert "<@U024BE7LH>" not in slack.posts[0].text + str(slack.posts[0].blocks)


async def test_a_reminder_that_waited_is_dropped_when_the_update_came(
    chat_room: Room, slack: SlackServer
) -> None:
    story = await chat_room.opened()
    chat_room.clock.forward(31 * MINUTE)
    await chat_room.fire()
    await chat_room.updated(story, "Here it is.")
    await chat_room.send()
    assert not [reply for reply in slack.replies if "is due" in reply.text]
    kinds = {message.kind: message.state for message in await chat_room.messages(story)}
    assert kinds["reminder"] == "dropped"


async def test_too_fast_waits_as_long_as_slack_says(chat_room: Room, slack: SlackServer) -> None:
    slack.fail("chat.postMessage", FaultKind.RATE_LIMITED, seconds=2)
    story = await chat_room.opened()
    await chat_room.send()
    (message,) = await chat_room.messages(story)
    assert (message.state, message.reason) == ("retrying", "Slack asks for a slower pace")
    chat_room.clock.forward(timedelta(seconds=20))
    await chat_room.send()
    assert slack.posts == [], "the place rests, whatever the database's clock says"
    await eventually(lambda: _sent(chat_room, slack, 1), within=10)


async def test_a_burst_goes_out_at_the_pace_that_slack_allows(chat_room: Room, slack: SlackServer) -> None:
    """Too fast is no failure: the breaker would keep the channel silent for fifteen seconds after five of them."""
    slack.pace = 0.4
    for number in range(1, 9):
        await chat_room.opened(number=number)
    await eventually(lambda: _sent(chat_room, slack, 8), within=14)


async def _sent(room: Room, slack: SlackServer, count: int) -> bool:
    room.clock.forward(timedelta(seconds=1))
    await room.send()
    return len(slack.posts) == count


@pytest.mark.parametrize("kind", [FaultKind.LOST_ANSWER, FaultKind.HANG_AFTER])
async def test_an_answer_lost_after_acceptance_makes_no_second_message(
    chat_room: Room, slack: SlackServer, kind: FaultKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin_bus.send_runner.DEADLINE", 0.5)
    slack.fail("chat.postMessage", kind)
    story = await chat_room.opened()
    await chat_room.send()
    assert len(slack.posts) == 1
    (message,) = await chat_room.messages(story)
    assert message.state == "retrying"
    chat_room.clock.forward(MINUTE)
    await chat_room.send()
    assert len(slack.posts) == 1
    assert [message.state for message in await chat_room.messages(story)] == ["sent"]


async def test_a_storm_of_alerts_edits_a_few_times(chat_room: Room, slack: SlackServer) -> None:
    story = await chat_room.opened()
    await chat_room.send()
    for count in range(2, 60):
        joined = story.now_is(alert_count=count)
        await chat_room.hear(IncidentAlertJoined(incident=joined, alert_id=uuid4(), title="one more"))
        await chat_room.send()
    assert slack.posts[0].edits == 9
    assert "50 alerts" in str(slack.posts[0].blocks)


async def test_a_process_killed_between_post_and_record_leaves_one_message(
    chat_room: Room, slack: SlackServer
) -> None:
    slack.fail("chat.postMessage", FaultKind.HANG_AFTER)
    story = await chat_room.opened()
    assert chat_room.sender is not None
    killed = create_task(chat_room.sender.run_once())
    await eventually(lambda: slack.posts, within=5)
    killed.cancel()
    await chat_room.acknowledged(story)
    chat_room.clock.forward(MINUTE)
    await chat_room.send()
    assert len(slack.posts) == 1
    assert "acknowledged" in slack.posts[0].text


async def test_a_reply_whose_answer_was_lost_is_not_repeated(chat_room: Room, slack: SlackServer) -> None:
    story = await chat_room.opened()
    await chat_room.send()
    slack.fail("chat.postMessage", FaultKind.LOST_ANSWER)
    await chat_room.updated(story, "Only once.")
    await chat_room.send()
    chat_room.clock.forward(MINUTE)
    await chat_room.send()
    assert len(slack.replies) == 1
    assert len(slack.posts) == 1


async def test_a_hang_is_cut_and_tried_again(
    chat_room: Room, slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin_bus.send_runner.DEADLINE", 0.5)
    slack.fail("chat.postMessage", FaultKind.HANG)
    await chat_room.opened()
    await chat_room.send()
    assert slack.posts == []
    chat_room.clock.forward(MINUTE)
    await chat_room.send()
    assert len(slack.posts) == 1


@pytest.mark.parametrize(
    ("kind", "error"), [(FaultKind.SERVER_ERROR, ""), (FaultKind.REFUSED, "service_unavailable")]
)
async def test_slacks_own_trouble_is_tried_again(
    chat_room: Room, slack: SlackServer, kind: FaultKind, error: str
) -> None:
    slack.fail("chat.postMessage", kind, error=error)
    await chat_room.opened()
    await chat_room.send()
    chat_room.clock.forward(MINUTE)
    await chat_room.send()
    assert len(slack.posts) == 1


async def test_a_refusal_is_told_with_what_to_do_and_the_next_edit_begins_anew(
    chat_room: Room, slack: SlackServer
) -> None:
    slack.channels.clear()
    story = await chat_room.opened()
    await chat_room.updated(story, "No place to say it.")
    await chat_room.send()
    states = [(message.kind, message.state) for message in await chat_room.messages(story)]
    assert ("summary", "failed") in states
    assert ("reply", "failed") in states
    assert "TOCSIN_COMMS_SLACK_CHANNEL" in str([m.reason for m in await chat_room.messages(story)])
    slack.channels.add("C0INCIDENTS")
    await chat_room.moved(story, IncidentStatus.MITIGATED)
    await chat_room.send()
    assert len(slack.posts) == 1


async def test_a_wrong_token_gives_up_and_says_so(chat_room: Room, slack: SlackServer) -> None:
    slack.token = "xoxb-another"
    story = await chat_room.opened()
    await chat_room.send()
    (message,) = await chat_room.messages(story)
    assert message.state == "failed"
    assert "TOCSIN_COMMS_SLACK_TOKEN" in (message.reason or "")


async def test_a_message_that_somebody_deleted_is_posted_anew(chat_room: Room, slack: SlackServer) -> None:
    story = await chat_room.opened()
    await chat_room.send()
    slack.messages.clear()
    await chat_room.acknowledged(story)
    await chat_room.send()
    assert len(slack.posts) == 1


async def test_without_the_right_to_look_a_retry_still_sends(chat_room: Room, slack: SlackServer) -> None:
    slack.missing_scopes.add("channels:history")
    slack.fail("chat.postMessage", FaultKind.SERVER_ERROR)
    await chat_room.opened()
    await chat_room.send()
    chat_room.clock.forward(MINUTE)
    await chat_room.send()
    assert len(slack.posts) == 1


async def test_an_incident_during_an_outage_of_slack_has_one_message_after_it(
    chat_room: Room, slack: SlackServer
) -> None:
    slack.fail("chat.postMessage", FaultKind.SERVER_ERROR, times=3)
    story = await chat_room.opened()
    await chat_room.send()
    await chat_room.acknowledged(story)
    await chat_room.updated(story, "Said while Slack was away.")
    await chat_room.resolved(story)
    for _ in range(6):
        chat_room.clock.forward(MINUTE)
        await chat_room.send()
    assert len(slack.posts) == 1
    assert "resolved" in slack.posts[0].text
    assert len(slack.replies) == 2
