"""`tocsin export`: the running configuration in the form of the file that `apply` takes."""

from dataclasses import dataclass
from typing import Any

from tocsin.api import Api
from tocsin.resources import Known, address_hint

Body = dict[str, Any]


@dataclass(frozen=True)
class Export:
    """The running configuration, and by e-mail address the contact methods that no file may hold."""

    configuration: Body
    left_out: dict[str, list[str]]

    @property
    def header(self) -> str:
        """The comment that says what the file lacks."""
        lines = ["Written by tocsin export. Not in it: keys and secrets of integrations."]
        if self.left_out:
            lines += [
                "Nor contact methods whose address holds a secret. Where this file is applied they stay as they are;",
                "elsewhere each person adds them at /settings/contact-methods, or you write them into this file:",
            ]
        lines += [f"  {email}: {', '.join(methods)}" for email, methods in self.left_out.items()]
        return "".join(f"# {line}\n" for line in lines)


def export(api: Api) -> Export:
    """Everything but keys, secrets, and contact addresses that carry them."""
    known = Known(api)
    contacts = {email: _contacts(api, user) for email, user in known.all("user").items()}
    hidden = {email: [_hint(one) for one in mine if _hides(one)] for email, mine in contacts.items()}
    return Export(
        _configuration(api, known, contacts), {email: mine for email, mine in hidden.items() if mine}
    )


def _configuration(api: Api, known: Known, contacts: dict[str, list[Body]]) -> Body:
    names = {kind: _names(known, kind) for kind in ("user", "team", "schedule", "policy", "service")}
    return {
        "users": [
            {
                **_pick(user, "email", "name", "role", "timezone", "slack_user_id"),
                **_contact_methods(contacts[email]),
            }
            for email, user in known.all("user").items()
        ],
        "teams": [
            {
                **_pick(team, "slug", "name"),
                "members": [names["user"][m] for m in team["member_ids"] if m in names["user"]],
            }
            for team in known.all("team").values()
        ],
        "schedules": [_schedule(one, names) for one in known.all("schedule").values()],
        "escalation_policies": [_policy(one, names) for one in known.all("policy").values()],
        "services": [_service(one, names) for one in known.all("service").values()],
        "integrations": [
            {
                **_pick(one, "slug", "name", "source", "service"),
                "default_severity": one["settings"].get("default_severity", "medium"),
                **_pick(one["settings"], "body_limit_bytes"),
            }
            for one in known.all("integration").values()
        ],
        "rules": [_rule(one) for one in known.all("integration").values()],
        "status_page": _status_page(api),
    }


def _contacts(api: Api, user: Body) -> list[Body]:
    return list(api.get(f"/api/v1/users/{user['id']}/contact-methods")["items"])


def _hides(contact: Body) -> bool:
    """Whether the API shows less of the address than there is: it does, of all that can hold a secret."""
    return bool(contact["channel"] != "email")


def _hint(contact: Body) -> str:
    """Which one is meant; a path may hold a secret as well as a query, and files end up in repositories."""
    return f"{contact['channel']} {address_hint(contact['channel'], contact['address'])}"


def _contact_methods(contacts: list[Body]) -> Body:
    """E-mail addresses; `apply` adds to what a person has, so that leaving out the others takes none away."""
    told = [
        _pick(one, "channel", "address", "label") | ({} if one["enabled"] else {"enabled": False})
        for one in contacts
        if not _hides(one)
    ]
    return {"contact_methods": told} if told else {}


def _names(known: Known, kind: str) -> dict[str, str]:
    _, name = known.LISTS[kind]
    return {item["id"]: item[name] for item in known.all(kind).values()}


def _pick(item: Body, *names: str) -> Body:
    return {name: item[name] for name in names if item.get(name) not in (None, "", [])}


def _schedule(schedule: Body, names: dict[str, dict[str, str]]) -> Body:
    rotations = {
        role: {
            "participants": [names["user"][p] for p in rotation["participants"] if p in names["user"]],
            **_pick(rotation, "handoff_day", "weeks"),
            "handoff_time": rotation["handoff_time"][:5],
        }
        for role, rotation in schedule["rotations"].items()
    }
    team = names["team"].get(schedule["team_id"] or "")
    return {
        **_pick(schedule, "slug", "name", "timezone"),
        **({"team": team} if team else {}),
        "rotations": rotations,
    }


def _policy(policy: Body, names: dict[str, dict[str, str]]) -> Body:
    def target(aim: Body) -> Body:
        role = {"role": aim["role"]} if aim.get("role") else {}
        return {aim["kind"]: names[aim["kind"]].get(aim["id"], aim["id"]), **role}

    steps = [
        {"targets": [target(t) for t in s["targets"]], "delay": s["delay_seconds"]} for s in policy["steps"]
    ]
    team = names["team"].get(policy["team_id"] or "")
    return {
        **_pick(policy, "slug", "name"),
        **({"team": team} if team else {}),
        **({"default": True} if policy["default"] else {}),
        "steps": steps,
        "repeats": policy["repeats"],
        "ack_timeout": policy["ack_timeout_seconds"],
    }


def _service(service: Body, names: dict[str, dict[str, str]]) -> Body:
    references = {
        "team": names["team"].get(service["team_id"] or ""),
        "escalation_policy": names["policy"].get(service["escalation_policy_id"] or ""),
    }
    return {
        **_pick(service, "slug", "name", "description", "aliases", "runbook_url"),
        **{name: value for name, value in references.items() if value},
        "severity_map": service["severity_map"],
        "auto_resolve": service["auto_resolve"],
    }


def _rule(integration: Body) -> Body:
    settings = integration["settings"]
    return {
        "integration": integration["slug"],
        "group_by": settings.get("group_by", []),
        "group_window": settings.get("group_window_seconds", 3600),
        "resolve_timeout": settings.get("resolve_timeout_seconds", 300),
    }


def _status_page(api: Api) -> Body | None:
    page = api.find("/api/v1/status-page")
    if page is None:
        return None
    components = [_pick(c, "name", "description", "group", "services") for c in page["components"]]
    return {
        **_pick(page, "name", "description", "url", "support_url", "time_zone", "publish"),
        "components": components,
    }
