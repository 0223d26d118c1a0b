"""What people and machines wrote can neither mention anybody in Slack nor hide where a link leads (S15)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.comms.builders import MINUTE, T0, incident
from tocsin_comms.domain.chat import (
    ChatMessage,
    People,
    escape,
    link,
    mention,
    reminder,
    reply,
    shortened,
    summary,
    worth_an_edit,
)
from tocsin_comms.domain.states import Severity

BASE = "https://tocsin.acme.test"
HOSTILE = "<!channel> <@U1> <https://evil.test|https://bank.test> & @here"


def whole(message: ChatMessage) -> str:
    return message.text + repr(message.blocks)


@pytest.mark.parametrize("ours", ["title", "service"])
def test_a_hostile_incident_is_inert(ours: str) -> None:
    sent = whole(summary(incident(**{ours: HOSTILE}), People("Ana"), base_url=BASE))
    assert "<!channel>" not in sent
    assert "<@U1>" not in sent
    assert "<https://evil.test" not in sent
    assert "&lt;!channel&gt;" in sent


def test_a_hostile_update_and_a_hostile_name_are_inert() -> None:
    sent = whole(reply("Update", body=HOSTILE))
    assert "<!" not in sent
    assert "<@" not in sent
    assert "<!channel>" not in mention(People(name="<!channel>"))


def test_texts_are_verbatim_so_that_slack_adds_no_links_of_its_own() -> None:
    for block in summary(incident(), People("Ana"), base_url=BASE).blocks:
        assert "'verbatim': False" not in repr(block)
        assert "'verbatim': True" in repr(block)


@given(st.text(max_size=400), st.integers(5, 300))
def test_shortening_never_cuts_an_entity(text: str, most: int) -> None:
    short = shortened(text, most)
    assert len(short) <= most
    assert escape(text).startswith(short.removesuffix("…"))
    assert not set(short) & {"<", ">"}


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://a.test|x", "https://a.test> <!channel", "//a.test", "http://["]
)
def test_only_plain_web_addresses_become_links(url: str) -> None:
    assert link(url, "<label>") == "&lt;label&gt;"


def test_a_link_carries_our_label() -> None:
    assert link("https://a.test/?a=1&b=2", "INC-42") == "<https://a.test/?a=1&amp;b=2|INC-42>"


@pytest.mark.parametrize(
    ("slack_id", "said"), [("U024BE7LH", "<@U024BE7LH>"), ("!channel", "*Ana*"), (None, "*Ana*")]
)
def test_only_a_real_member_id_mentions(slack_id: str | None, said: str) -> None:
    assert mention(People("Ana", slack_id)) == said


def test_the_summary_tells_all_that_the_channel_must_know() -> None:
    told = summary(
        incident(acknowledged_at=T0 + 3 * MINUTE, status="acknowledged"),
        People("Ana Ruiz", "U024BE7LH"),
        base_url=BASE,
        update_due_at=T0 + 33 * MINUTE,
    )
    sent = whole(told)
    for part in (
        "SEV-2",
        f"<{BASE}/incidents/INC-42|INC-42>",
        "Acknowledged",
        "after 3 minutes",
        "Ana Ruiz",
        "shop",
        "next update due",
    ):
        assert part in sent
    assert "<@U024BE7LH>" not in sent


def test_a_resolved_incident_says_so_and_promises_nothing_more() -> None:
    over = incident(status="resolved", resolved_at=T0 + timedelta(hours=1))
    sent = whole(summary(over, People(), base_url=BASE, update_due_at=T0))
    assert "resolved after 1 hour" in sent
    assert "next update" not in sent


def test_the_reminder_mentions_the_assignee() -> None:
    sent = reminder(incident(), People("Ana", "U024BE7LH"), base_url=BASE, late=7 * MINUTE)
    assert "<@U024BE7LH>" in sent.text
    assert "7 minutes ago" in sent.text


def test_an_alert_storm_is_not_told_alert_by_alert() -> None:
    told = [count for count in range(1, 1001) if worth_an_edit(count)]
    assert told[:7] == [1, 2, 3, 4, 5, 10, 20]
    assert len(told) == 5 + 9 + 9 + 1


def test_long_titles_and_updates_stay_within_slacks_limits() -> None:
    message = summary(incident(title="&" * 5000, severity=Severity.SEV1), People(), base_url=BASE)
    assert all(len(str(block.get("text", {}))) < 3100 for block in message.blocks)
    assert len(str(reply("Update", body="<" * 9000).blocks[0]["text"])) < 3100
