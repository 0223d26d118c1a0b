"""A real SMTP server on 127.0.0.1 that keeps what comes; needs the extra `embedded`."""

import asyncio

from aiosmtpd.smtp import SMTP, Envelope, Session

from tocsin.mailbox import Mailbox


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
