"""What `tocsin up` tells the person at the terminal: few lines, each one useful."""

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from tocsin.mailbox import Mail
from tocsin.starter import FirstSteps
from tocsin_runtime.settings import PlatformSettings


class Banner:
    """Writes to the terminal. Everything else goes to the log."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def note(self, line: str) -> None:
        """One line on how the start goes."""
        self._console.print(Text(f"· {line}", style="dim"))

    def mail(self, mail: Mail) -> None:
        """A mail that would have left the machine."""
        body = Text()
        body.append(f"To {mail.recipient}\n", style="dim")
        body.append(mail.subject + "\n", style="bold")
        for link in mail.links[:3]:
            body.append(link + "\n", style="cyan")
        self._console.print(
            Panel(body, title="mail, kept in /mailbox", title_align="left", border_style="yellow")
        )

    def ready(self, settings: PlatformSettings, *, first: FirstSteps, is_new: bool, seconds: float) -> None:
        """All five answer."""
        out = self._console.print
        out(Text(f"\nTocsin is up at {settings.public_url}  (in {seconds:.1f} s)\n", style="bold"))
        if first.login_link:
            out("Log in:        ", Text(first.login_link, style="cyan"), sep="", soft_wrap=True)
        out("Another way in: tocsin token login", style="dim")
        if is_new:
            token = settings.admin_token.get_secret_value()
            out(
                "Admin token:   ",
                Text(token, style="cyan"),
                Text("  (shown once; kept in the data directory)", style="dim"),
                sep="",
                soft_wrap=True,
            )
        if settings.smtp_host == "127.0.0.1":
            out(
                f"Mail:           no mail leaves this machine; it is kept at {settings.public_url}/mailbox",
                soft_wrap=True,
            )
        else:
            out(f"Mail:           through {settings.smtp_host}:{settings.smtp_port}")
        if settings.public_url.startswith("http://"):
            out(
                "Note:           over http, cookies are not marked Secure; use https beyond this machine",
                style="dim",
                soft_wrap=True,
            )
        if first.curl:
            out("\nPage somebody:\n")
            out(Text(first.curl, style="green"), soft_wrap=True)
        out("\nStop with Ctrl-C.\n", style="dim")
