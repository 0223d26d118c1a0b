"""What Slack shows of an incident: one message that always tells how it stands, and replies for what matters.

Whatever a person or a machine wrote is escaped, so that it can neither mention anybody nor hide where a link
leads.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from re import compile as pattern
from urllib.parse import urlsplit

from tocsin_comms.domain.incident import Incident
from tocsin_comms.domain.states import Severity
from tocsin_comms.domain.words import spoken

Block = dict[str, object]
LONGEST_SECTION = 3000
LONGEST_TITLE = 250
LONGEST_REPLY = 2800
_MEMBER = pattern(r"[UW][A-Z0-9]{2,20}")

_MARKS = {
    Severity.SEV1: ":red_circle:",
    Severity.SEV2: ":large_orange_circle:",
    Severity.SEV3: ":large_yellow_circle:",
    Severity.SEV4: ":white_circle:",
}


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """`text` is what notifications show; `blocks` what the channel shows. Both are safe to send."""

    text: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class People:
    """Names of who has it; `slack_id` is null where Slack does not know the person."""

    name: str | None = None
    slack_id: str | None = None


def escape(text: str) -> str:
    """Slack's three special characters as entities:

    after this nothing in the text is a mention, a link or a command.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shortened(text: str, most: int) -> str:
    """The escaped text in at most `most` characters, never cut inside an entity."""
    whole = escape(text)
    if len(whole) <= most:
        return whole
    kept, length = [], 0
    for character in text:
        length += len(escape(character))
        if length > most - 1:
            break
        kept.append(character)
    return escape("".join(kept)) + "…"


def link(url: str, label: str) -> str:
    """A link with our own label; only the escaped label when the address is not http or https."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return escape(label)
    if parts.scheme not in ("http", "https") or not parts.netloc or set(url) & set("<>|\n "):
        return escape(label)
    return f"<{escape(url)}|{escape(label)}>"


def mention(person: People) -> str:
    """A mention of a person whom Slack knows, else the name; `nobody` when there is none."""
    if person.slack_id and _MEMBER.fullmatch(person.slack_id):
        return f"<@{person.slack_id}>"
    return f"*{escape(person.name)}*" if person.name else "nobody"


def summary(
    incident: Incident, assignee: People, *, base_url: str, update_due_at: datetime | None = None
) -> ChatMessage:
    """The one message of an incident, as it stands now. Naming the assignee here mentions nobody."""
    title = shortened(incident.title, LONGEST_TITLE)
    mark = ":large_green_circle:" if incident.over else _MARKS[incident.severity]
    reference = link(f"{base_url}/incidents/{incident.reference}", incident.reference)
    drill = " · drill" if incident.drill else ""
    head = f"{mark} *{incident.severity.value}* · {reference}{drill}\n*{title}*"
    facts = (
        ("Status", incident.status.replace("_", " ").capitalize()),
        ("Acknowledged", _acknowledged(incident)),
        ("Assignee", shortened(assignee.name or "nobody", 80)),
        ("Service", shortened(incident.service or "unknown", 80)),
    )
    fields = [_markdown(f"*{name}*\n{value}") for name, value in facts]
    blocks: list[Block] = [
        _section(head),
        {"type": "section", "fields": fields},
        _context(incident, update_due_at),
    ]
    text = f"{incident.severity.value} {incident.reference} {incident.status}: {title}"
    return ChatMessage(text, tuple(blocks))


def reply(words: str, *, body: str = "", footer: str = "") -> ChatMessage:
    """A reply in the incident's thread. `words` are ours and may mention; `body` is quoted and escaped."""
    quoted = "\n".join(f"> {line}" for line in shortened(body, LONGEST_REPLY).splitlines()) if body else ""
    blocks = [_section("\n".join(part for part in (words, quoted) if part))]
    if footer:
        blocks.append({"type": "context", "elements": [_markdown(footer)]})
    return ChatMessage("\n".join(part for part in (words, shortened(body, 300)) if part), tuple(blocks))


def reminder(incident: Incident, assignee: People, *, base_url: str, late: timedelta) -> ChatMessage:
    """Tells the assignee that the promised update did not come."""
    where = link(f"{base_url}/incidents/{incident.reference}#body", "Write an update")
    ago = f" It was due {spoken(late)} ago." if late >= timedelta(minutes=1) else ""
    whom = mention(assignee) if assignee.name else "Nobody has taken this incident"
    words = f":alarm_clock: {whom}: an update on {incident.reference} is due.{ago} {where}"
    return ChatMessage(words, (_section(words),))


def worth_an_edit(alert_count: int) -> bool:
    """Whether so many alerts are news: each of the first five, then 10, 20 … 100, 200 and so on.

    An alert storm would else edit the message thousands of times.
    """
    return alert_count <= 5 or set(str(alert_count)[1:]) == {"0"}


def _acknowledged(incident: Incident) -> str:
    if incident.acknowledged_at is None:
        return "not yet"
    return f"after {spoken(incident.acknowledged_at - incident.opened_at)}"


def _context(incident: Incident, update_due_at: datetime | None) -> Block:
    parts = [
        f"Opened {_date(incident.opened_at)}",
        f"{incident.alert_count} alert{'' if incident.alert_count == 1 else 's'}",
    ]
    if incident.over and incident.resolved_at:
        parts.append(f"resolved after {spoken(incident.resolved_at - incident.opened_at)}")
    elif update_due_at:
        parts.append(f"next update due {_date(update_due_at)}")
    return {"type": "context", "elements": [_markdown(" · ".join(parts))]}


def _date(moment: datetime) -> str:
    """Slack shows it in each reader's own zone; the words after the bar are for clients that cannot."""
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time}}|{moment:%Y-%m-%d %H:%M} UTC>"


def _section(text: str) -> Block:
    return {"type": "section", "text": _markdown(text[:LONGEST_SECTION])}


def _markdown(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}
