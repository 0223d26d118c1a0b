"""What may never happen in a page, whatever is done in it."""

from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import ConsoleMessage, Page, Request

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
HARMLESS = "Failed to load resource"
"""The browser's own line about an answer of 4xx, which the tests look at themselves."""


class Watch:
    """Listens to one page: errors of scripts, complaints of the policy, requests to other hosts."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.wrong: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", self._asked)

    def assert_quiet(self) -> None:
        """Fail when something was wrong until now, and begin anew."""
        wrong, self.wrong = self.wrong, []
        assert wrong == []

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(HARMLESS):
            self.wrong.append(message.text)

    def _asked(self, request: Request) -> None:
        asked, here = urlsplit(request.url), urlsplit(self._page.url)
        if asked.scheme in ("http", "https") and here.netloc and asked.netloc != here.netloc:
            self.wrong.append(f"a request to {asked.netloc}")


async def violations(page: Page, *, only: str = "") -> list[tuple[str, str]]:
    """What axe finds in the page as it looks now: the rule, and the first element. `only` is one rule's name."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    options = (
        f"{{resultTypes: ['violations'], runOnly: ['{only}']}}" if only else "{resultTypes: ['violations']}"
    )
    found = await page.evaluate(f"axe.run(document, {options})")
    return [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]]
