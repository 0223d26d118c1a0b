"""E-mail: a page is sent when the server took all of it, its last answer being 250 (R30)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from uuid import UUID

from aiosmtplib import SMTP, SMTPException, SMTPResponseException, SMTPServerDisconnected, SMTPTimeoutError

from tocsin_bus.sending import GiveUp, Outcome, Retry, Sending, Sent, Unknown
from tocsin_paging.domain.contact import Channel
from tocsin_paging.domain.message import Message, compose
from tocsin_paging.domain.payload import Payload, payload_from_json

CONNECT_SECONDS, COMMAND_SECONDS = 3.0, 8.0
IMPLICIT_TLS_PORT = 465


@dataclass(frozen=True)
class MailServer:
    """The server that takes our mail. Certificates are always verified when TLS is used."""

    host: str
    port: int = 587
    username: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = True
    sender: str = "Tocsin <tocsin@localhost>"


class MailProvider:
    """Sends pages by SMTP. The Message-ID is made from the page's id, so that a repeat is known as one."""

    name = Channel.EMAIL.value
    one_place = True

    def __init__(
        self, server: MailServer, *, ack_url: Callable[[UUID], str], now: Callable[[], datetime]
    ) -> None:
        self._server = server
        self._ack_url = ack_url
        self._now = now

    async def send(self, sending: Sending) -> Outcome:
        """Hand the page over. What breaks off while the text is under way is unknown, not failed."""
        if not self._server.host:
            return GiveUp("no mail server is set up (TOCSIN_SMTP_HOST)")
        mail = self._mail(payload_from_json(sending.payload), may_repeat=sending.may_repeat)
        client = self._client()
        try:
            await self._begin(client, mail)
            return await _hand_over(client, mail)
        except SMTPResponseException as refused:
            return _refusal(refused)
        except (SMTPException, OSError) as error:
            return Retry(f"the mail server cannot be reached: {error}")
        finally:
            client.close()

    async def _begin(self, client: SMTP, mail: EmailMessage) -> None:
        """Log in and name the sender. What is refused here is our set-up, not this page: it is tried again (R30)."""
        try:
            await client.connect()
            client.timeout = COMMAND_SECONDS
            await client.mail(parseaddr(mail["From"])[1])
        except SMTPResponseException as refused:
            raise SMTPException(_words(refused)) from refused

    def _client(self) -> SMTP:
        server = self._server
        implicit = server.port == IMPLICIT_TLS_PORT
        return SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username or None,
            password=server.password or None,
            timeout=CONNECT_SECONDS,
            use_tls=implicit,
            start_tls=server.starttls and not implicit,
        )

    def _mail(self, payload: Payload, *, may_repeat: bool) -> EmailMessage:
        now = self._now()
        link = self._ack_url(payload.page_id) if payload.incident_id else None
        message = compose(payload.with_link(link).content, now=now, may_repeat=may_repeat)
        return _as_mail(payload, message, sender=self._server.sender, now=now)


def _as_mail(payload: Payload, message: Message, *, sender: str, now: datetime) -> EmailMessage:
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = sender
    mail["To"] = payload.address
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{payload.page_id}@{domain}>"
    mail["X-Tocsin-Page"] = str(payload.page_id)
    mail["Auto-Submitted"] = "auto-generated"
    mail["Importance"] = "high"
    if payload.incident_id:
        mail["References"] = f"<{payload.incident_id}@{domain}>"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail


async def _hand_over(client: SMTP, mail: EmailMessage) -> Outcome:
    await client.rcpt(mail["To"])
    try:
        answer = await client.data(mail.as_bytes())
    except (SMTPServerDisconnected, SMTPTimeoutError, OSError) as error:
        return Unknown(f"the mail server broke off while it took the page: {error}")
    return Sent(answer.message[:200])


def _refusal(refused: SMTPResponseException) -> Outcome:
    reason = f"the mail server answered {_words(refused)}"
    return GiveUp(reason) if 500 <= refused.code < 600 else Retry(reason)


def _words(refused: SMTPResponseException) -> str:
    return f"{refused.code} {refused.message[:200]}"
