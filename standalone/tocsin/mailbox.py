"""The mailbox of a machine without a mail server: mails as files in the data directory."""

import email
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

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
