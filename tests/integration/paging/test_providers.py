"""The ways out against real servers: only a proven acceptance is "sent" (R30, B1, B5, F4)."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from standardwebhooks import Webhook

from tests.integration.paging.conftest import Mailbox, Receiver
from tests.integration.paging.stage import Stage, make_pager
from tocsin_bus.sending import Outcome, Sending, Sent
from tocsin_paging.adapters.apprise import AppriseProvider
from tocsin_paging.adapters.guard import Guard, networks
from tocsin_paging.adapters.smtp import MailProvider, MailServer
from tocsin_paging.adapters.webhook import WebhookProvider, retry_after
from tocsin_paging.domain.contact import Channel
from tocsin_paging.domain.page import PageState
from tocsin_runtime.clock import process_now

LINKS = make_pager().links
LOCAL = Guard(networks(["127.0.0.0/8"]))


def mail(mailbox: Mailbox) -> MailProvider:
    server = MailServer("127.0.0.1", port=mailbox.port, starttls=False, sender="Tocsin <pager@tocsin.test>")
    return MailProvider(server, ack_url=LINKS.ack_url, now=process_now)


def webhook(guard: Guard = LOCAL) -> WebhookProvider:
    return WebhookProvider(guard, secret=LINKS.webhook_secret, ack_url=LINKS.ack_url, now=process_now)


async def sent_state(stage: Stage, provider: object) -> PageState:
    assert await stage.send(provider) == 1
    return (await stage.pages())[0].state


async def test_a_page_by_mail_can_be_acted_on(stage: Stage, mailbox: Mailbox) -> None:
    await stage.policy([await stage.person("Ana")])
    incident = await stage.open(service="checkout")
    assert await sent_state(stage, mail(mailbox)) == PageState.SENT
    [page] = await stage.pages(incident)
    [raw] = mailbox.mails
    got = message_from_bytes(raw, policy=default)
    assert got["Subject"] == "[SEV-2] Checkout is down (INC-42)"
    assert got["Message-ID"] == f"<{page.id}@tocsin.test>"
    assert got["To"] == "ana@example.org"
    body = got.get_body(("plain",))
    assert body is not None
    assert LINKS.ack_url(page.id) in body.get_content()


@pytest.mark.parametrize(
    ("answer", "state"),
    [("451 try later", PageState.RETRYING), ("554 no", PageState.FAILED), ("421 bye", PageState.RETRYING)],
)
async def test_a_mail_counts_only_with_the_final_250(
    stage: Stage, mailbox: Mailbox, answer: str, state: PageState
) -> None:
    await stage.policy([await stage.person("Ana")])
    await stage.open()
    mailbox.answers = [answer]
    assert await sent_state(stage, mail(mailbox)) == state
    assert mailbox.mails == []


async def test_a_server_that_refuses_our_log_in_or_sender_is_tried_again(
    stage: Stage, mailbox: Mailbox
) -> None:
    await stage.policy([await stage.person("Ana")])
    await stage.open()
    mailbox.refused = {"pager@tocsin.test"}
    assert await sent_state(stage, mail(mailbox)) == PageState.RETRYING
    mailbox.refused = set()
    await stage.forward(timedelta(minutes=1))
    assert await sent_state(stage, mail(mailbox)) == PageState.SENT


async def test_a_mailbox_that_does_not_exist_is_given_up(stage: Stage, mailbox: Mailbox) -> None:
    await stage.policy([await stage.person("Ana")])
    await stage.open()
    mailbox.refused = {"ana@example.org"}
    assert await sent_state(stage, mail(mailbox)) == PageState.FAILED


async def test_mail_without_a_server(stage: Stage) -> None:
    await stage.policy([await stage.person("Ana")])
    await stage.open()
    nowhere = MailProvider(MailServer(""), ack_url=LINKS.ack_url, now=process_now)
    assert await sent_state(stage, nowhere) == PageState.FAILED
    away = MailProvider(
        MailServer("127.0.0.1", port=1, starttls=False), ack_url=LINKS.ack_url, now=process_now
    )
    await stage.open()
    await stage.send(away)
    assert (await stage.pages())[-1].state == PageState.RETRYING


async def test_a_webhook_is_signed_after_the_standard_and_connections_are_reused(
    stage: Stage, receiver: Receiver
) -> None:
    ana = await stage.person("Ana", channels=[(Channel.WEBHOOK, receiver.url)])
    await stage.policy([ana])
    await stage.open()
    provider = webhook()
    assert await sent_state(stage, provider) == PageState.SENT
    await stage.open()
    await stage.send(provider)
    await provider.close()
    headers, body = receiver.requests[0]
    [page, _] = await stage.pages()
    assert headers["webhook-id"] == str(page.id)
    got = Webhook(LINKS.webhook_secret(page.contact_id)).verify(body, headers)
    assert got["data"]["incident"]["title"] == "Checkout is down"
    assert got["data"]["acknowledge_url"] == LINKS.ack_url(page.id)
    assert len(receiver.connections) == 1


@pytest.mark.parametrize(
    ("status", "headers", "state"),
    [
        (500, {}, PageState.RETRYING),
        (503, {"Retry-After": "7"}, PageState.RETRYING),
        (429, {}, PageState.RETRYING),
        (408, {}, PageState.RETRYING),
        (404, {}, PageState.FAILED),
        (401, {}, PageState.FAILED),
        (302, {"Location": "http://127.0.0.1:1/"}, PageState.FAILED),
        (204, {}, PageState.SENT),
    ],
)
async def test_a_webhook_counts_only_with_2xx(
    stage: Stage, receiver: Receiver, status: int, headers: dict[str, str], state: PageState
) -> None:
    ana = await stage.person("Ana", channels=[(Channel.WEBHOOK, receiver.url)])
    await stage.policy([ana])
    await stage.open()
    receiver.answers = [(status, headers)]
    provider = webhook()
    assert await sent_state(stage, provider) == state
    await provider.close()
    assert len(receiver.requests) == 1
    [page] = await stage.pages()
    assert "secret-answer" not in (page.reason or "")


async def test_a_webhook_to_an_address_inside_is_blocked_when_it_leaves(
    stage: Stage, receiver: Receiver
) -> None:
    ana = await stage.person("Ana", channels=[(Channel.WEBHOOK, receiver.url)])
    await stage.policy([ana])
    await stage.open()
    provider = webhook(Guard())
    assert await sent_state(stage, provider) == PageState.FAILED
    await provider.close()
    assert receiver.requests == []


async def test_a_receiver_that_is_away_is_tried_again(stage: Stage) -> None:
    ana = await stage.person("Ana", channels=[(Channel.WEBHOOK, "http://127.0.0.1:1/")])
    await stage.policy([ana])
    await stage.open()
    provider = webhook()
    assert await sent_state(stage, provider) == PageState.RETRYING
    await provider.close()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("99999", 300.0), ("", None), ("soon", None), ("Tue, 24 Nov 2026 09:00:30 GMT", 30.0)],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after(value, now=datetime(2026, 11, 24, 9, 0, tzinfo=UTC)) == seconds


async def test_apprise_reaches_a_service_and_mentions_nobody(stage: Stage, receiver: Receiver) -> None:
    url = receiver.url.replace("http://", "json://")
    ana = await stage.person("Ana", channels=[(Channel.APPRISE, url)])
    await stage.policy([ana])
    await stage.open(title="@everyone look")
    provider = AppriseProvider(LOCAL, ack_url=LINKS.ack_url, now=process_now)
    assert await sent_state(stage, provider) == PageState.SENT
    assert "@everyone" not in json.loads(receiver.requests[0][1])["title"]
    receiver.answers = [(500, {})]
    await stage.open()
    await stage.send(provider)
    assert (await stage.pages())[-1].state == PageState.RETRYING


class DiesBeforeItIsRecorded:
    """A provider that hands over and then hangs: the process is killed before it can write what happened."""

    def __init__(self, inner: MailProvider | WebhookProvider) -> None:
        self.name, self.one_place = inner.name, inner.one_place
        self.accepted = asyncio.Event()
        self._inner = inner

    async def send(self, sending: Sending) -> Outcome:
        outcome = await self._inner.send(sending)
        assert isinstance(outcome, Sent)
        self.accepted.set()
        await asyncio.Event().wait()
        return outcome


async def die(stage: Stage, provider: MailProvider | WebhookProvider) -> None:
    dying = DiesBeforeItIsRecorded(provider)
    task = asyncio.create_task(stage.send(dying))
    await dying.accepted.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await stage.send(provider) == 0, "the lease still holds"
    stage.clock.forward(timedelta(seconds=16))
    assert await stage.send(provider) == 1


async def test_killed_before_the_record_a_mail_comes_again_and_says_so(
    stage: Stage, mailbox: Mailbox
) -> None:
    await stage.policy([await stage.person("Ana")])
    incident = await stage.open()
    await die(stage, mail(mailbox))
    first, second = (message_from_bytes(raw, policy=default) for raw in mailbox.mails)
    assert first["Message-ID"] == second["Message-ID"]
    body = second.get_body(("plain",))
    assert body is not None
    assert "may repeat" in body.get_content()
    [page] = await stage.pages(incident)
    assert (page.state, page.may_repeat, page.attempts) == (PageState.SENT, True, 2)


async def test_killed_before_the_record_a_webhook_comes_again_under_the_same_key(
    stage: Stage, receiver: Receiver
) -> None:
    ana = await stage.person("Ana", channels=[(Channel.WEBHOOK, receiver.url)])
    await stage.policy([ana])
    await stage.open()
    provider = webhook()
    await die(stage, provider)
    await provider.close()
    assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 1


async def test_what_broke_off_is_unknown_and_tried_again(stage: Stage) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    ana = await stage.person("Ana", channels=[(Channel.WEBHOOK, url)])
    await stage.policy([ana])
    await stage.open()
    provider = webhook()
    assert await sent_state(stage, provider) == PageState.RETRYING
    await provider.close()
    server.close()
