"""The site as Atlassian Statuspage's public API v2 shapes it, so that what reads theirs reads ours."""

from datetime import UTC, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from tocsin_comms.domain.component import Component
from tocsin_comms.domain.maintenance import Maintenance, MaintenanceStatus
from tocsin_comms.domain.report import Report, Update
from tocsin_comms.domain.site import DESCRIPTIONS, Site, StatusPage
from tocsin_comms.domain.states import rank

Json = dict[str, object]
MOST_INCIDENTS = 50


def stamp(moment: datetime | None) -> str | None:
    """RFC 3339 with milliseconds and a Z, as Statuspage writes it."""
    return (
        moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
    )


def documents(site: Site) -> dict[str, Json]:
    """Every document by its path below `/status/api/v2/`."""
    page = _page(site)
    components: Json = {"components": _components(site)}
    unresolved: Json = {"incidents": [_incident(report, site) for report in site.open_reports]}
    works = [_maintenance(work, site) for work in site.works]
    announced: Json = {"scheduled_maintenances": [_maintenance(work, site) for work in site.announced]}
    status: Json = {
        "status": {"indicator": site.indicator.value, "description": DESCRIPTIONS[site.indicator]}
    }
    return {
        "summary.json": {**page, **components, **unresolved, **announced, **status},
        "status.json": {**page, **status},
        "components.json": {**page, **components},
        "incidents.json": {
            **page,
            "incidents": [_incident(report, site) for report in site.reports[:MOST_INCIDENTS]],
        },
        "incidents/unresolved.json": {**page, **unresolved},
        "scheduled-maintenances.json": {**page, "scheduled_maintenances": works},
    }


def incident_url(site: Site, report: Report) -> str:
    """The permanent address of a report."""
    return f"{site.base_url}/status/incidents/{report.id}"


def _page(site: Site) -> Json:
    page = site.page
    return {
        "page": {
            "id": str(page.id),
            "name": page.name,
            "url": f"{site.base_url}/status",
            "time_zone": page.time_zone,
            "updated_at": stamp(page.updated_at),
        }
    }


def _components(site: Site) -> list[Json]:
    found: list[Json] = []
    for name, members in site.groups:
        if name is not None:
            found.append(_group(site.page, name, [shown.component for shown in members]))
        found += [_component(shown.component, site.page) for shown in members]
    return found


def _component(component: Component, page: StatusPage) -> Json:
    return {
        "id": str(component.id),
        "name": component.name,
        "status": component.state.value,
        "created_at": stamp(component.created_at),
        "updated_at": stamp(component.updated_at),
        "position": component.position,
        "description": component.description or None,
        "showcase": True,
        "start_date": component.created_at.date().isoformat() if component.created_at else None,
        "group_id": str(group_id(page.id, component.group)) if component.group else None,
        "page_id": str(page.id),
        "group": False,
        "only_show_if_degraded": False,
    }


def _group(page: StatusPage, name: str, members: list[Component]) -> Json:
    gravest = max(members, key=lambda member: rank(member.state))
    shape = _component(gravest, page)
    return {
        **shape,
        "id": str(group_id(page.id, name)),
        "name": name,
        "description": None,
        "position": min(member.position for member in members),
        "group_id": None,
        "group": True,
        "components": [str(member.id) for member in members],
    }


def group_id(page_id: UUID, name: str) -> UUID:
    """A group has no row of its own: its id follows from the page and its name."""
    return uuid5(NAMESPACE_URL, f"urn:uuid:{page_id}/groups/{name}")


def _incident(report: Report, site: Site) -> Json:
    page_id = str(site.page.id)
    shown = site.named(affected.component_id for affected in report.affected)
    return {
        "id": str(report.id),
        "name": report.title,
        "status": report.status.value,
        "created_at": stamp(report.created_at),
        "updated_at": stamp(report.updated_at),
        "monitoring_at": stamp(report.monitoring_at),
        "resolved_at": stamp(report.resolved_at),
        "impact": report.impact.value,
        "shortlink": incident_url(site, report),
        "started_at": stamp(report.started_at),
        "page_id": page_id,
        "incident_updates": [_update(update, report) for update in report.updates],
        "components": [_component(each.component, site.page) for each in shown],
        "reminder_intervals": None,
    }


def _update(update: Update, report: Report) -> Json:
    return {
        "id": str(update.id),
        "status": update.status.value,
        "body": update.body,
        "incident_id": str(report.id),
        "created_at": stamp(update.at),
        "updated_at": stamp(update.at),
        "display_at": stamp(update.at),
        "affected_components": [
            {
                "code": str(affected.component_id),
                "name": affected.name,
                "old_status": affected.before.value,
                "new_status": affected.after.value,
            }
            for affected in update.affected
        ],
        "deliver_notifications": False,
        "custom_tweet": None,
        "tweet_id": None,
    }


def _maintenance(work: Maintenance, site: Site) -> Json:
    status = work.status(site.now)
    over = status is MaintenanceStatus.COMPLETED
    shown = [_component(each.component, site.page) for each in site.named(work.component_ids)]
    return {
        "id": str(work.id),
        "name": work.name,
        "status": status.value,
        "created_at": stamp(work.created_at),
        "updated_at": stamp(work.updated_at),
        "monitoring_at": None,
        "resolved_at": stamp(work.ends_at) if over else None,
        "impact": "maintenance",
        "shortlink": f"{site.base_url}/status",
        "started_at": stamp(work.starts_at),
        "page_id": str(site.page.id),
        "incident_updates": [
            {
                "id": str(uuid5(work.id, status.value)),
                "status": status.value,
                "body": work.body,
                "incident_id": str(work.id),
                "created_at": stamp(work.created_at),
                "updated_at": stamp(work.updated_at),
                "display_at": stamp(work.updated_at),
                "affected_components": [],
                "deliver_notifications": False,
                "custom_tweet": None,
                "tweet_id": None,
            }
        ],
        "components": shown,
        "scheduled_for": stamp(work.starts_at),
        "scheduled_until": stamp(work.ends_at),
    }
