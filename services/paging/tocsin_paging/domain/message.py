"""The words of a page: short, and enough to decide what to do at 03:12."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WORTH_MENTIONING = timedelta(minutes=2)
LONGEST_SUBJECT = 150
CLOCK = "%Y-%m-%d %H:%M:%S"
TEST_SUBJECT = "[TEST] Test page from Tocsin"


@dataclass(frozen=True)
class About:
    """What a page is about. `number` is the 42 of INC-42; `url` leads to the incident."""

    number: int
    title: str
    severity: str
    url: str
    service: str | None = None
    runbook_url: str | None = None
    drill: bool = False


@dataclass(frozen=True)
class Content:
    """All that the words of one page are made from. Without `about` it is a notice of Tocsin's own, or a
    test.

    With both, the notice is one more line of the page. `why` says why it is this person; `ack_url` is their
    one-use link.
    """

    recipient: str
    why: str
    requested_at: datetime
    ack_url: str | None = None
    about: About | None = None
    notice: str = ""
    step: int = 0
    round: int = 0
    timezone: str = "UTC"


@dataclass(frozen=True)
class Message:
    """A page in words: one line, plain text, and simple HTML of the same content."""

    subject: str
    text: str
    html: str


def compose(content: Content, *, now: datetime, may_repeat: bool = False) -> Message:
    """Write the page as it is to read when it leaves at `now`; a late or repeated one says so (R29, R31)."""
    lines = [*_remarks(content, now=now, may_repeat=may_repeat), *_facts(content)]
    links = _links(content)
    text = "\n".join([_headline(content), "", *lines, "", *(f"{label}: {url}" for label, url in links)])
    return Message(_subject(content), text=text.strip() + "\n", html=_html(content, lines=lines, links=links))


def what_to_configure(policies_url: str) -> str:
    """What those are told who are paged for an incident because nobody was chosen for it."""
    return (
        "Nobody was chosen to be paged for this: its service names no escalation policy, and none is the default. "
        f"Set one: {policies_url}"
    )


def whom_to_make_reachable(policy: str, *, policies_url: str) -> str:
    """What those are told who are paged for an incident because nobody who was chosen for it can be."""
    return (
        f"Nobody of the escalation policy {policy} can be reached: nobody is on call, or nobody has a contact method "
        f"that is switched on. Look at it: {policies_url}"
    )


def delayed_by(content: Content, now: datetime) -> timedelta:
    """Return how much later than asked the page leaves; nothing below what is worth mentioning."""
    late = now - content.requested_at
    return late if late >= WORTH_MENTIONING else timedelta()


def _subject(content: Content) -> str:
    about = content.about
    if about is None:
        return f"[TOCSIN] {one_line(content.notice)}"[:LONGEST_SUBJECT] if content.notice else TEST_SUBJECT
    drill = "[DRILL]" if about.drill else ""
    tail = f" (INC-{about.number})"
    head = f"{drill}[{about.severity}] "
    title = one_line(about.title)
    room = LONGEST_SUBJECT - len(head) - len(tail)
    return head + (title if len(title) <= room else title[: room - 1] + "…") + tail


def _headline(content: Content) -> str:
    about = content.about
    if about is None:
        return content.notice or "This is a test page. Nothing is wrong, and nothing has to be done."
    return f"{'Drill: ' if about.drill else ''}{about.severity} INC-{about.number} {one_line(about.title)}"


def _remarks(content: Content, *, now: datetime, may_repeat: bool) -> list[str]:
    remarks = []
    if late := delayed_by(content, now):
        remarks.append(f"This page is delayed {late // timedelta(minutes=1)} min.")
    if may_repeat:
        remarks.append("This page may repeat one that you have already had.")
    return remarks


def _facts(content: Content) -> list[str]:
    about = content.about
    facts = [f"Service: {one_line(about.service)}"] if about and about.service else []
    if about and content.notice:
        facts.append(content.notice)
    facts.append(f"Paged: {one_line(content.recipient)} ({content.why})")
    facts.append(f"At: {_moment(content)}")
    if content.about:
        facts.append(f"Step {content.step}, round {content.round}")
    return facts


def _moment(content: Content) -> str:
    """When it was asked for, on the reader's clock, with UTC beside. No page fails for want of a zone."""
    utc = f"{content.requested_at.astimezone(UTC):{CLOCK}} UTC"
    try:
        local = content.requested_at.astimezone(ZoneInfo(content.timezone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return utc
    return utc if content.timezone == "UTC" else f"{local:{CLOCK}} {content.timezone} ({utc})"


def _links(content: Content) -> list[tuple[str, str]]:
    links = [("Acknowledge", content.ack_url)] if content.ack_url else []
    if content.about:
        links.append(("Incident", content.about.url))
        if content.about.runbook_url:
            links.append(("Runbook", content.about.runbook_url))
    return [(label, url) for label, url in links if url.startswith(("https://", "http://"))]


def _html(content: Content, *, lines: list[str], links: list[tuple[str, str]]) -> str:
    facts = "".join(f"<p>{escape(line)}</p>" for line in lines)
    buttons = "".join(f'<p><a href="{escape(url)}"><b>{label}</b></a></p>' for label, url in links)
    headline = escape(_headline(content))
    return f"<!doctype html><html><body><h2>{headline}</h2>{buttons}{facts}</body></html>\n"


def one_line(text: str) -> str:
    """Return the text on one line, without control characters: fit for a header."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def without_mentions(text: str) -> str:
    """Return the text so that no chat takes a part of it as a call to everybody (S15)."""
    return text.replace("@", "@\u200b").replace("<!", "<\u200b!")
