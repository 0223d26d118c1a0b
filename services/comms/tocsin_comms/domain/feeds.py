"""The site's history as Atom (RFC 4287) and RSS 2.0.

Ids are permanent, and `updated` moves with every change.
"""

from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from re import compile as pattern
from xml.etree.ElementTree import Element, SubElement, tostring

from tocsin_comms.domain.report import Report, Update
from tocsin_comms.domain.site import Site
from tocsin_comms.domain.statuspage import incident_url

ATOM = "http://www.w3.org/2005/Atom"
MOST_ENTRIES = 25
_FORBIDDEN = pattern("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """The text without the characters that no XML 1.0 document may hold, however they are written."""
    return _FORBIDDEN.sub("", text)


def atom(site: Site) -> bytes:
    """The Atom feed as UTF-8."""
    feed = Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    _add(feed, "id", f"urn:uuid:{site.page.id}")
    _add(feed, "title", f"{site.page.name}: incident history")
    _add(feed, "updated", _rfc3339(_latest(site)))
    _link(feed, "self", f"{site.base_url}/status/history.atom", kind="application/atom+xml")
    _link(feed, "alternate", f"{site.base_url}/status/history", kind="text/html")
    _add(SubElement(feed, "author"), "name", site.page.name)
    for report in site.reports[:MOST_ENTRIES]:
        entry = SubElement(feed, "entry")
        _add(entry, "id", f"urn:uuid:{report.id}")
        _add(entry, "title", report.title)
        _add(entry, "published", _rfc3339(report.published_at or report.created_at))
        _add(entry, "updated", _rfc3339(report.updated_at))
        _link(entry, "alternate", incident_url(site, report), kind="text/html")
        _add(entry, "content", _html(report, site)).set("type", "html")
    return _document(feed)


def rss(site: Site) -> bytes:
    """The RSS 2.0 feed as UTF-8."""
    root = Element("rss", {"version": "2.0", "xmlns:atom": ATOM})
    channel = SubElement(root, "channel")
    _add(channel, "title", f"{site.page.name}: incident history")
    _add(channel, "link", f"{site.base_url}/status")
    _add(channel, "description", site.page.description or f"Incidents of {site.page.name}")
    _add(channel, "lastBuildDate", format_datetime(_latest(site).astimezone(UTC), usegmt=True))
    own = {"href": f"{site.base_url}/status/history.rss", "rel": "self", "type": "application/rss+xml"}
    SubElement(channel, "atom:link", own)
    for report in site.reports[:MOST_ENTRIES]:
        item = SubElement(channel, "item")
        _add(item, "title", report.title)
        _add(item, "link", incident_url(site, report))
        _add(item, "guid", f"urn:uuid:{report.id}").set("isPermaLink", "false")
        _add(
            item,
            "pubDate",
            format_datetime((report.published_at or report.created_at).astimezone(UTC), usegmt=True),
        )
        _add(item, "description", _html(report, site))
    return _document(root)


def _html(report: Report, site: Site) -> str:
    return "".join(
        f"<p><small>{_when(update.at, site)}</small><br>{_words(update)}</p>" for update in report.updates
    )


def _words(update: Update) -> str:
    return f"<strong>{update.status.value.capitalize()}</strong>: {escape(update.body)}"


def _when(moment: datetime, site: Site) -> str:
    return f"{moment.astimezone(site.page.zone):%d %b %Y, %H:%M %Z}"


def _latest(site: Site) -> datetime:
    return max((report.updated_at for report in site.reports), default=site.page.updated_at)


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _add(parent: Element, name: str, text: str) -> Element:
    child = SubElement(parent, name)
    child.text = xml_text(text)
    return child


def _link(parent: Element, relation: str, href: str, *, kind: str) -> None:
    SubElement(parent, "link", {"rel": relation, "href": xml_text(href), "type": kind})


def _document(root: Element) -> bytes:
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text
