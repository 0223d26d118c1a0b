"""The machine-readable faces of the page: Statuspage's JSON, Atom and RSS."""

from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from json import dumps, loads
from typing import Any
from uuid import UUID
from xml.etree.ElementTree import fromstring

from tests.unit.comms.builders import CHECKOUT, MINUTE, T0, component, report, site, update
from tocsin_comms.domain.feeds import ATOM, atom, rss
from tocsin_comms.domain.maintenance import Maintenance, in_maintenance
from tocsin_comms.domain.site import Site, grouped
from tocsin_comms.domain.states import ComponentState, PublicStatus
from tocsin_comms.domain.statuspage import documents

NAME = {"a": ATOM}
OVER = report(id=UUID(int=201), status=PublicStatus.RESOLVED, resolved_at=T0 + MINUTE, updated_at=T0 + MINUTE)
BROKEN = component(state=ComponentState.PARTIAL_OUTAGE)
WORK = Maintenance(
    UUID(int=400),
    "Database upgrade",
    "We upgrade.",
    T0 + timedelta(hours=2),
    T0 + timedelta(hours=3),
    frozenset({CHECKOUT}),
    T0,
    T0,
)


def shaped(shown: Site) -> dict[str, Any]:
    """As a reader of the JSON gets it."""
    read: dict[str, Any] = loads(dumps(documents(shown)))
    return read


def test_the_summary_has_what_readers_of_statuspage_expect() -> None:
    summary = shaped(site(components=(BROKEN,), reports=(report(), OVER), works=(WORK,)))["summary.json"]
    assert list(summary) == ["page", "components", "incidents", "scheduled_maintenances", "status"]
    assert summary["page"] == {
        "id": str(UUID(int=5)),
        "name": "Acme",
        "url": "https://status.acme.test/status",
        "time_zone": "UTC",
        "updated_at": "2026-11-24T03:12:00.000Z",
    }
    assert summary["status"] == {"indicator": "major", "description": "Partial System Outage"}


def test_an_incident_carries_its_updates_and_components() -> None:
    (shown,) = shaped(site(components=(BROKEN,), reports=(report(),)))["incidents.json"]["incidents"]
    assert (shown["name"], shown["status"], shown["impact"]) == (
        "Checkout: partial outage",
        "investigating",
        "major",
    )
    assert [told["body"] for told in shown["incident_updates"]] == ["We are investigating."]
    assert [each["name"] for each in shown["components"]] == ["Checkout"]


def test_unresolved_leaves_out_what_is_over() -> None:
    made = shaped(site(reports=(report(), OVER)))
    assert len(made["incidents/unresolved.json"]["incidents"]) == 1
    assert len(made["incidents.json"]["incidents"]) == 2


def test_a_group_is_a_component_that_lists_its_members_and_shows_the_worst() -> None:
    inside = component(group="Shop", state=ComponentState.MAJOR_OUTAGE)
    beside = component("Search", id=UUID(int=11), group="Shop", position=1)
    group, first, second = shaped(site(components=(inside, beside)))["components.json"]["components"]
    assert (group["name"], group["group"], group["status"]) == ("Shop", True, "major_outage")
    assert group["components"] == [first["id"], second["id"]]
    assert first["group_id"] == second["group_id"] == group["id"]


def test_groups_stand_where_their_first_component_stands() -> None:
    placed = [component("A", position=0), component("B", position=1, group="G"), component("C", position=2)]
    placed.append(component("D", position=3, group="G"))
    names = [(group, [one.component.name for one in members]) for group, members in grouped(placed)]
    assert names == [(None, ["A"]), ("G", ["B", "D"]), (None, ["C"])]


def test_neighbours_without_a_group_stand_together() -> None:
    placed = [component("A", position=0), component("B", position=1), component("C", position=2, group="G")]
    assert [len(members) for _, members in grouped(placed)] == [2, 1]


def test_the_sentence_names_what_is_worst_off() -> None:
    down = [component(name, id=UUID(int=n), state=ComponentState.MAJOR_OUTAGE) for n, name in enumerate("AB")]
    slow = component("C", id=UUID(int=9), state=ComponentState.DEGRADED_PERFORMANCE)
    assert site(components=(down[0], slow)).sentence == "A is down"
    assert site(components=(*down, slow)).sentence == "A and B are down"
    assert site(components=(slow,)).sentence == "C is slow or degraded"


def test_planned_work_goes_from_scheduled_to_completed_by_the_clock() -> None:
    seen = []
    for hours in (0, 2, 3):
        made = shaped(site(now=T0 + timedelta(hours=hours), works=(WORK,)))
        (work,) = made["scheduled-maintenances.json"]["scheduled_maintenances"]
        seen.append(work["status"])
    assert seen == ["scheduled", "in_progress", "completed"]
    assert in_maintenance([WORK], T0 + timedelta(hours=2)) == {CHECKOUT}
    assert in_maintenance([WORK], T0 + timedelta(hours=3)) == frozenset()


def test_the_page_never_says_that_all_is_well_while_a_report_is_open() -> None:
    assert site(reports=(report(affected=()),)).sentence == "We are looking into a problem"
    assert site(components=(component("A"),)).sentence == "All systems operational"
    assert site().sentence == "No problem is reported"


def test_atom_has_permanent_ids_and_moves_updated() -> None:
    before = fromstring(atom(site(reports=(report(),))))
    after = fromstring(atom(site(reports=(report(updated_at=T0 + MINUTE, title="Other words"),))))
    ids = [feed.findtext("a:entry/a:id", namespaces=NAME) for feed in (before, after)]
    assert ids == [f"urn:uuid:{UUID(int=200)}"] * 2
    moved = [feed.findtext("a:entry/a:updated", namespaces=NAME) for feed in (before, after)]
    assert moved == ["2026-11-24T03:12:00Z", "2026-11-24T03:13:00Z"]
    assert after.findtext("a:updated", namespaces=NAME) == "2026-11-24T03:13:00Z"


def test_a_feed_is_called_what_the_page_calls_it() -> None:
    named = site(page=replace(site().page, name="Status"))
    assert fromstring(atom(named)).findtext("a:title", namespaces=NAME) == "Status: incident history"
    assert fromstring(rss(named)).findtext("channel/title") == "Status: incident history"


def test_every_required_element_of_atom_is_there() -> None:
    feed = fromstring(atom(site(reports=(report(),))))
    for place in (feed, feed.find("a:entry", NAME)):
        assert place is not None
        assert all(place.findtext(f"a:{name}", namespaces=NAME) for name in ("id", "title", "updated"))
    assert feed.findtext("a:author/a:name", namespaces=NAME) == "Acme"
    assert {link.get("rel") for link in feed.findall("a:link", NAME)} == {"self", "alternate"}


def test_rss_has_dates_and_ids_that_readers_understand() -> None:
    channel = fromstring(rss(site(reports=(report(),)))).find("channel")
    assert channel is not None
    guid = channel.find("item/guid")
    assert guid is not None
    assert guid.get("isPermaLink") == "false"
    assert parsedate_to_datetime(channel.findtext("item/pubDate") or "") == T0
    assert isinstance(parsedate_to_datetime(channel.findtext("lastBuildDate") or ""), datetime)


def test_hostile_words_are_text_in_both_feeds() -> None:
    bad = report(title="<script>\x00\x0b]]>", updates=(update("<img src=x onerror=alert(1)> \ufffe & \x1b"),))
    entry = fromstring(atom(site(reports=(bad,)))).find("a:entry", NAME)
    item = fromstring(rss(site(reports=(bad,)))).find("channel/item")
    assert entry is not None
    assert item is not None
    assert entry.findtext("a:title", namespaces=NAME) == item.findtext("title") == "<script>]]>"
    assert "&lt;img src=x" in (entry.findtext("a:content", namespaces=NAME) or "")
    assert "<img" not in (item.findtext("description") or "")
