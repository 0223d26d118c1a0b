"""Jinja filters: times, durations, links and Markdown, each safe to print as it comes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from urllib.parse import urlencode, urlsplit

from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from nh3 import clean

from tocsin_theme.moments import rendering, zone_of

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_TAGS = {
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
}
_TAGS |= {"pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"}
_SCHEMES = {"http", "https", "mailto"}
_ATTRIBUTES = {"a": {"href", "title"}}

_KEPT_LETTERS = 4000
"""Longer texts are not kept in memory."""

Params = Mapping[str, str | Sequence[str]]


def moment(value: datetime) -> Markup:
    """Date and time in the reader's zone, exact UTC on hover: `24 Nov 2026, 04:12 CET`."""
    return _time(value, _reading(value, rendering().zone), style="moment")


def there(value: datetime, zone: str) -> str:
    """Date and time in another zone, as text; empty where it reads as in the reader's own."""
    reading = _reading(value, zone_of(zone))
    return reading if reading != _reading(value, rendering().zone) else ""


def clock(value: datetime) -> Markup:
    """Hours and minutes in the reader's zone, for places where the day is plain: `04:12`."""
    return _time(value, f"{_aware(value).astimezone(rendering().zone):%H:%M}", style="clock")


def ago(value: datetime) -> Markup:
    """How long since, or how long until: `12 min ago`, `in 2 h`; `just now` under half a minute."""
    return _time(value, distance(_aware(value), rendering().now), style="ago")


def distance(value: datetime, now: datetime) -> str:
    """The words between two moments, in the largest unit that says it."""
    seconds = round((now - value).total_seconds())
    if abs(seconds) < 30:
        return "just now"
    words = _coarse(abs(seconds))
    return f"{words} ago" if seconds > 0 else f"in {words}"


def duration(value: timedelta | float | None) -> str:
    """`45 s`, `12 min`, `1 h 04 min`, `2 d 3 h`; a minus in front when negative, a dash when there is none."""
    if value is None:
        return "\N{EN DASH}"
    total = round(value.total_seconds() if isinstance(value, timedelta) else value)
    sign, seconds = ("\N{MINUS SIGN}" if total < 0 else ""), abs(total)
    if seconds < 60:
        return f"{sign}{seconds} s"
    minutes, hours = seconds // 60, seconds // 3600
    if minutes < 60:
        return f"{sign}{minutes} min"
    if hours < 24:
        return f"{sign}{hours} h {minutes % 60:02} min"
    return f"{sign}{hours // 24} d {hours % 24} h"


def safe_url(value: str | None) -> str:
    """The URL when a click on it stays harmless: http, https, or a path on this origin; otherwise empty."""
    url = (value or "").strip()
    if url.startswith("/") and not url.startswith(("//", "/\\")):
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.netloc else ""


def markdown(value: str | None) -> Markup:
    """Markdown as HTML without raw HTML, scripts, images or styles; links keep to http, https and mailto."""
    text = value or ""
    return _html_of(text) if len(text) <= _KEPT_LETTERS else _html_of.__wrapped__(text)


@lru_cache(maxsize=256)
def _html_of(text: str) -> Markup:
    """The same few texts are shown again and again: a page that many read, or a hundred incidents of one kind."""
    html = _MARKDOWN.render(text)
    rel = "nofollow noopener noreferrer"
    return Markup(clean(html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=rel))


def chosen(params: Params, name: str) -> list[str]:
    """The values that a query has for a name, as a list."""
    values = params.get(name, [])
    return [values] if isinstance(values, str) else list(values)


def toggled(params: Params, name: str, value: str) -> str:
    """The query with one value of a filter switched on or off; it starts over at the first page."""
    before = chosen(params, name)
    after = [kept for kept in before if kept != value] if value in before else [*before, value]
    rest = {key: chosen(params, key) for key in params if key not in (name, "cursor")}
    query = urlencode({**rest, name: after}, doseq=True)
    return f"?{query}" if query else "?"


def _time(value: datetime, words: str, *, style: str) -> Markup:
    exact = _aware(value).astimezone(UTC).isoformat(sep=" ", timespec="seconds")[:19]
    return Markup(
        f'<time datetime="{exact[:10]}T{exact[11:]}Z" title="{exact} UTC" data-local="{style}">{escape(words)}</time>'
    )


def _reading(value: datetime, zone: tzinfo) -> str:
    local = _aware(value).astimezone(zone)
    name = f"{local:%Z}"
    if name.startswith(("+", "-")):  # a zone without a name of its own, such as that of Kathmandu
        name = f"UTC{local.isoformat()[-6:]}"
    return f"{local.day} {local:%b %Y, %H:%M} {name}"


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"a time without a zone cannot be shown: {value.isoformat()}")
    return value


def _coarse(seconds: int) -> str:
    if seconds < 3600:
        return f"{max(1, round(seconds / 60))} min"
    if seconds < 86400:
        return f"{round(seconds / 3600)} h"
    days = round(seconds / 86400)
    return f"{days} day" if days == 1 else f"{days} days"


FILTERS: dict[str, Callable[..., object]] = {
    "ago": ago,
    "chosen": chosen,
    "clock": clock,
    "duration": duration,
    "markdown": markdown,
    "moment": moment,
    "safe_url": safe_url,
    "there": there,
    "toggled": toggled,
}
