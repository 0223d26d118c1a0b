"""A real SMTP server that records each mail with the time it came: the outside verdict on pages."""

import asyncio
import email
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Received:
    """One mail."""

    at: datetime
    recipient: str
    subject: str
    message_id: str
    text: str

    def link(self, part: str) -> str:
        """The first address in the text that contains `part`."""
        for word in self.text.split():
            if word.startswith("http") and part in word:
                return word.strip("<>()[].,")
        raise AssertionError(f"no link with {part!r} in {self.subject!r}")


class Inbox:
    """Listens on 127.0.0.1 in a thread of its own; use it in a `with`. `refuse` makes it answer 451 instead."""

    def __init__(self) -> None:
        self.mails: list[Received] = []
        self.port = 0
        self.refuse = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="inbox", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        started: Future[int] = asyncio.run_coroutine_threadsafe(self._listen(), self._loop)
        self.port = started.result(timeout=5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    def to(self, recipient: str) -> list[Received]:
        """Mails to one address, oldest first."""
        return [mail for mail in list(self.mails) if mail.recipient == recipient]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """aiosmtpd's hook: keep the mail, or refuse it for now."""
        if self.refuse:
            return "451 Try again later"
        message = email.message_from_bytes(envelope.original_content or b"", policy=default)
        assert isinstance(message, EmailMessage)
        body = message.get_body(preferencelist=("plain",))
        text = str(body.get_content()) if body else ""
        for recipient in envelope.rcpt_tos:
            subject, message_id = str(message["Subject"]), str(message["Message-ID"])
            self.mails.append(Received(datetime.now(UTC), recipient, subject, message_id, text))
        return "250 Kept"

    async def _listen(self) -> int:
        server = await self._loop.create_server(
            lambda: SMTP(self, hostname="127.0.0.1", enable_SMTPUTF8=True), "127.0.0.1", 0
        )
        port: int = server.sockets[0].getsockname()[1]
        return port
