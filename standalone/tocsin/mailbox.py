"""The mailbox of a machine without a mail server: a real SMTP server on 127.0.0.1 that keeps what comes."""

import asyncio
import email
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from tocsin_runtime.ids import new_id

KEEP = 500


@dataclass(frozen=True)
class Mail:
    """One mail that came. `links` are the addresses in its text, such as the one to acknowledge."""

    id: str
    received_at: datetime
    sender: str
    recipient: str
    subject: str
    text: str

    @property
    def links(self) -> list[str]:
        """The http addresses in the text, in order."""
        words = (word.strip("<>()[].,") for word in self.text.split())
        return [word for word in words if word.startswith(("http://", "https://"))]


class Mailbox:
    """Mails as files in a folder, newest names last. `on_mail` is told of each that comes."""

    def __init__(self, folder: Path, on_mail: Callable[[Mail], None]) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._on_mail = on_mail

    def keep(self, content: bytes) -> Mail:
        """Store one mail; the oldest beyond 500 go."""
        path = self._folder / f"{new_id()}.eml"
        path.write_bytes(content)
        for old in sorted(self._folder.glob("*.eml"))[:-KEEP]:
            old.unlink(missing_ok=True)
        mail = _read(path)
        self._on_mail(mail)
        return mail

    def mails(self) -> list[Mail]:
        """All kept mails, newest first."""
        return [_read(path) for path in sorted(self._folder.glob("*.eml"), reverse=True)]

    def mail(self, mail_id: str) -> Mail | None:
        """One mail by its id."""
        return next((mail for mail in self.mails() if mail.id == mail_id), None)


class _Handler:
    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        self._mailbox.keep(content)
        return "250 Kept in the mailbox; no mail leaves this machine"


class MailServer:
    """Listens on 127.0.0.1 at a port that the system picks."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._handler = _Handler(mailbox)
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Begin to listen; returns the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    def _session(self) -> SMTP:
        return SMTP(self._handler, hostname="127.0.0.1", ident="Tocsin mailbox", enable_SMTPUTF8=True)


def _read(path: Path) -> Mail:
    message = email.message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(preferencelist=("plain", "html"))
    return Mail(
        id=path.stem,
        received_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        sender=str(message.get("From", "")),
        recipient=str(message.get("To", "")),
        subject=str(message.get("Subject", "")),
        text=str(body.get_content()) if body else "",
    )
