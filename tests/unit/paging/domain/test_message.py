"""The words of a page, whatever a machine put into the title."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin_paging.domain.contact import Channel, Contact, masked
from tocsin_paging.domain.links import Links, digest
from tocsin_paging.domain.message import About, Content, compose, without_mentions
from tocsin_paging.domain.payload import payload_for, payload_from_json, payload_to_json
from tocsin_runtime.ids import new_id

T0 = datetime(2026, 11, 24, 3, 12, tzinfo=UTC)
ABOUT = About(
    42, title="Checkout is down", severity="SEV-1", url="http://t.test/incidents/INC-42", service="checkout"
)
CONTENT = Content(
    "Ana", "turn 3 of the primary rotation", T0, ack_url="http://t.test/ack/x", about=ABOUT, step=1, round=1
)


def test_it_says_what_is_broken_who_is_paged_and_why() -> None:
    message = compose(CONTENT, now=T0)
    assert message.subject == "[SEV-1] Checkout is down (INC-42)"
    assert "Paged: Ana (turn 3 of the primary rotation)" in message.text
    assert "Acknowledge: http://t.test/ack/x" in message.text
    assert "delayed" not in message.text
    assert "may repeat" not in message.text


def test_late_and_repeated_pages_say_so() -> None:
    text = compose(CONTENT, now=T0 + timedelta(minutes=7), may_repeat=True).text
    assert "delayed 7 min" in text
    assert "may repeat" in text


def test_its_time_is_the_readers_with_utc_beside() -> None:
    def at(zone: str) -> str:
        lines = compose(replace(CONTENT, timezone=zone), now=T0).text.splitlines()
        return next(line for line in lines if line.startswith("At: "))

    assert at("UTC") == "At: 2026-11-24 03:12:00 UTC"
    assert at("Europe/Berlin") == "At: 2026-11-24 04:12:00 Europe/Berlin (2026-11-24 03:12:00 UTC)"
    assert at("America/New_York") == "At: 2026-11-23 22:12:00 America/New_York (2026-11-24 03:12:00 UTC)"
    assert at("Mars/Olympus") == at("../etc/passwd") == at("UTC")


def test_a_payload_of_the_release_before_is_read() -> None:
    contact = Contact(new_id(), user_id=new_id(), channel=Channel.EMAIL, address="ana@example.org")
    zoned = replace(CONTENT, ack_url=None, timezone="Asia/Tokyo")
    written = payload_to_json(payload_for(new_id(), contact, zoned, incident_id=None))
    assert payload_from_json(written).content == zoned
    assert "timezone" not in written["content"]
    del written["timezone"]
    assert payload_from_json(written).content.timezone == "UTC"


def test_drills_tests_and_notices_cannot_be_taken_for_the_real_thing() -> None:
    drill = compose(replace(CONTENT, about=replace(ABOUT, drill=True)), now=T0)
    assert drill.subject.startswith("[DRILL][SEV-1]")
    assert compose(Content("Ana", "test", T0), now=T0).subject == "[TEST] Test page from Tocsin"
    notice = compose(Content("Ana", "w", T0, notice="Tocsin could not process X"), now=T0)
    assert notice.subject == "[TOCSIN] Tocsin could not process X"


@given(title=st.text(max_size=300))
def test_no_title_breaks_out(title: str) -> None:
    message = compose(replace(CONTENT, about=replace(ABOUT, title=title)), now=T0)
    assert message.subject.isprintable()
    assert len(message.subject) <= 150
    assert "<script" not in message.html.replace("&lt;", "")
    assert message.html.count("<h2>") == 1


def test_html_is_inert_and_links_are_web_links() -> None:
    about = replace(ABOUT, title="<script>x</script>", runbook_url="javascript:alert(1)")
    message = compose(replace(CONTENT, about=about), now=T0)
    assert "<script>" not in message.html
    assert "javascript:" not in message.html


@pytest.mark.parametrize("text", ["@everyone", "<!channel>", "<@U1>", "@here now"])
def test_no_chat_takes_a_title_for_a_call_to_everybody(text: str) -> None:
    changed = without_mentions(text)
    assert text not in changed
    assert changed.replace("\u200b", "") == text


def test_a_payload_reads_back_and_carries_no_link() -> None:
    contact = Contact(new_id(), user_id=new_id(), channel=Channel.EMAIL, address="ana@example.org")
    payload = payload_for(new_id(), contact, CONTENT, incident_id=new_id())
    value = payload_to_json(payload)
    assert "/ack/" not in str(value)
    assert payload_from_json(value) == payload.with_link(None)


def test_links_are_secret_stable_and_different_for_each_page() -> None:
    links, page = Links("http://t.test/", key=b"k" * 32), new_id()
    token = links.ack_token(page)
    assert links.ack_url(page) == f"http://t.test/ack/{token}"
    assert len(token) == 32  # 160 bits in base32
    assert token == links.ack_token(page)
    assert token != links.ack_token(new_id())
    assert token != Links("http://t.test", key=b"x" * 32).ack_token(page)
    assert token not in digest(token)


@pytest.mark.parametrize(
    ("channel", "address", "shown"),
    [
        (Channel.EMAIL, "ana@example.org", "ana@example.org"),
        (Channel.APPRISE, "tgram://123:secret/42", "tgram://…"),
        (Channel.WEBHOOK, "https://example.org/hook?key=secret", "https://example.org/hook?…"),
    ],
)
def test_addresses_are_shown_without_their_secrets(channel: Channel, address: str, shown: str) -> None:
    assert masked(Contact(new_id(), user_id=new_id(), channel=channel, address=address)) == shown
