"""Each kind of resource: where it lives in the API, what is sent, and how it is compared with what is there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tocsin.api import Api, ApiError
from tocsin.configuration import (
    Configuration,
    ContactMethod,
    Integration,
    Policy,
    Rule,
    Schedule,
    Service,
    StatusPage,
    Target,
    Team,
    User,
)

Body = dict[str, Any]
INTEGRATION_SETTINGS = {"default_severity": "default_severity", "body_limit_bytes": "body_limit_bytes"}
RULE_SETTINGS = {
    "group_by": "group_by",
    "group_window": "group_window_seconds",
    "resolve_timeout": "resolve_timeout_seconds",
}
SECRETS = ("key", "secret")
IN_FILE = "the one in the file"
"""Stands for a secret where a plan is shown."""


class Known:
    """What is there now, fetched when first asked for."""

    LISTS = {  # noqa: RUF012 - a constant table
        "user": ("/api/v1/users", "email"),
        "team": ("/api/v1/teams", "slug"),
        "schedule": ("/api/v1/schedules", "slug"),
        "policy": ("/api/v1/escalation-policies", "slug"),
        "service": ("/api/v1/services", "slug"),
        "integration": ("/api/v1/integrations", "slug"),
    }

    def __init__(self, api: Api) -> None:
        self.api = api
        self._found: dict[str, dict[str, Body]] = {}

    def all(self, kind: str) -> dict[str, Body]:
        """Every resource of a kind by its name in files."""
        if kind not in self._found:
            path, name = self.LISTS[kind]
            self._found[kind] = {item[name].casefold(): item for item in self.api.all(path)}
        return self._found[kind]

    def one(self, kind: str, name: str | None) -> Body | None:
        """One resource, None when there is none of that name."""
        return self.all(kind).get(name.casefold()) if name else None

    def id_of(self, kind: str, name: str | None) -> str | None:
        """The id of a resource that a file names. Raises ApiError when there is none."""
        if not name:
            return None
        found = self.one(kind, name)
        if found is None:
            raise ApiError(
                f"there is no {kind} {name!r}, neither in Tocsin nor before this place in the file"
            )
        return str(found["id"])

    def id_or_name(self, kind: str, name: str | None) -> str | None:
        """The same for a plan, in which what does not exist yet is shown by name."""
        found = self.one(kind, name)
        return str(found["id"]) if found else name

    def forget(self, kind: str) -> None:
        """It has changed."""
        self._found.pop(kind, None)


@dataclass(frozen=True)
class Resource:
    """One resource of a file. `body` is what PUT takes, `view` the same in the form that GET gives."""

    kind: str
    name: str
    path: Callable[[Known], str]
    body: Callable[[Known], Body]
    view: Callable[[Known], Body]
    current: Callable[[Known], Body | None]


def resources_of(configuration: Configuration) -> list[Resource]:
    """In the order in which one may refer to another."""
    rules = {rule.integration: rule for rule in configuration.rules}
    return [
        *(_user(user) for user in configuration.users),
        *(_contacts(user) for user in configuration.users if user.contact_methods is not None),
        *(_team(team) for team in configuration.teams),
        *(_schedule(schedule) for schedule in configuration.schedules),
        *(_policy(policy) for policy in configuration.escalation_policies),
        *(_service(service) for service in configuration.services),
        *(_integration(one, rules.get(one.slug)) for one in configuration.integrations),
        *([_status_page(configuration.status_page)] if configuration.status_page else []),
    ]


def _simple(
    kind: str, name: str, path: str, body: Callable[[Known], Body], view: Callable[[Known], Body]
) -> Resource:
    return Resource(kind, name, lambda _: path, body, view, lambda known: known.one(kind, name))


def _user(user: User) -> Resource:
    body = user.model_dump(exclude={"email", "contact_methods"}, exclude_none=True)
    return _simple("user", user.email, f"/api/v1/users/by-email/{user.email}", lambda _: body, lambda _: body)


def _contacts(user: User) -> Resource:
    methods = user.contact_methods or []
    body = {"items": [method.model_dump() for method in methods]}
    shown = [_shown(method) for method in methods]

    def path(known: Known) -> str:
        return f"/api/v1/users/{known.id_of('user', user.email)}/contact-methods"

    def current(known: Known) -> Body | None:
        if known.one("user", user.email) is None:
            return None
        if any(method.channel != "email" for method in methods):
            answers = known.api.call("POST", f"{path(known)}/compare", json=body)["items"]
            kept = [answer["action"] == "keep" for answer in answers]
        else:  # these the API shows whole, also to a token that may only read
            there = known.api.get(path(known))["items"]
            kept = [any(not _differs(one, method) for one in there) for method in body["items"]]
        return {"items": [one for one, is_kept in zip(shown, kept, strict=True) if is_kept]}

    return Resource("contacts", user.email, path, lambda _: body, lambda _: {"items": shown}, current)


def _shown(method: ContactMethod) -> str:
    """A contact method in a plan, which ends up in logs: neither path nor query, for both may hold a secret."""
    label = f" ({method.label})" if method.label else ""
    off = "" if method.enabled else ", switched off"
    return f"{method.channel} {address_hint(method.channel, method.address)}{label}{off}"


def address_hint(channel: str, address: str) -> str:
    """As much of an address as anybody may see."""
    if channel == "email":
        return address
    parts = urlsplit(address)
    return str(parts.hostname if channel == "webhook" else parts.scheme)


def _differs(one: Body, wanted: Body) -> bool:
    return any(one[name] != value for name, value in wanted.items())


def _team(team: Team) -> Resource:
    return _simple(
        "team",
        team.slug,
        f"/api/v1/teams/by-slug/{team.slug}",
        lambda _: {"name": team.name, "members": team.members},
        lambda known: {
            "name": team.name,
            "member_ids": sorted(str(known.id_or_name("user", m)) for m in team.members),
        },
    )


def _schedule(schedule: Schedule) -> Resource:
    def view(known: Known) -> Body:
        rotations = {
            role: {
                "participants": [known.id_or_name("user", person) for person in rotation.participants],
                "handoff_day": rotation.handoff_day,
                "handoff_time": rotation.handoff_time + ":00",
                "weeks": rotation.weeks,
            }
            for role, rotation in schedule.rotations.items()
        }
        team = known.id_or_name("team", schedule.team)
        return {"name": schedule.name, "timezone": schedule.timezone, "team_id": team, "rotations": rotations}

    body = schedule.model_dump(exclude={"slug"})
    path = f"/api/v1/schedules/by-slug/{schedule.slug}"
    return _simple("schedule", schedule.slug, path, lambda _: body, view)


def _policy(policy: Policy) -> Resource:
    def target(known: Known, aim: Target) -> Body:
        kind = "user" if aim.user else "team" if aim.team else "schedule"
        role = (aim.role or "primary") if kind == "schedule" else None
        return {
            "kind": kind,
            "id": known.id_or_name(kind, aim.user or aim.team or aim.schedule),
            "role": role,
        }

    def view(known: Known) -> Body:
        steps = [
            {"targets": [target(known, aim) for aim in step.targets], "delay_seconds": step.delay}
            for step in policy.steps
        ]
        wanted = {
            "name": policy.name,
            "team_id": known.id_or_name("team", policy.team),
            "steps": steps,
            "repeats": policy.repeats,
            "ack_timeout_seconds": policy.ack_timeout,
        }
        return {**wanted, "default": True} if policy.default else wanted

    def body(_: Known) -> Body:
        return {
            "name": policy.name,
            "team": policy.team,
            "steps": [
                {
                    "targets": [aim.model_dump(exclude_none=True) for aim in step.targets],
                    "delay_seconds": step.delay,
                }
                for step in policy.steps
            ],
            "repeats": policy.repeats,
            "ack_timeout_seconds": policy.ack_timeout,
            "default": policy.default or None,
        }

    return _simple("policy", policy.slug, f"/api/v1/escalation-policies/by-slug/{policy.slug}", body, view)


def _service(service: Service) -> Resource:
    plain = service.model_dump(exclude={"slug", "team", "escalation_policy", "severity_map"})

    def body(known: Known) -> Body:
        references = {
            "team_id": known.id_of("team", service.team),
            "escalation_policy_id": known.id_of("policy", service.escalation_policy),
        }
        return {**plain, **references, "severity_map": service.severity_map}

    def view(known: Known) -> Body:
        references = {
            "team_id": known.id_or_name("team", service.team),
            "escalation_policy_id": known.id_or_name("policy", service.escalation_policy),
        }
        own_map = {"severity_map": service.severity_map} if service.severity_map else {}
        return {**plain, **references, **own_map}

    return _simple("service", service.slug, f"/api/v1/services/by-slug/{service.slug}", body, view)


def _integration(integration: Integration, rule: Rule | None) -> Resource:
    """Of its settings and its service, what the file does not name stays."""
    path = f"/api/v1/integrations/by-name/{integration.slug}"
    named = _named(integration, INTEGRATION_SETTINGS) | (_named(rule, RULE_SETTINGS) if rule else {})
    secrets = {name: value for name in SECRETS if (value := getattr(integration, name))}

    def body(known: Known) -> Body:
        there = known.one("integration", integration.slug) or {"service": None, "settings": {}}
        plain = {"name": integration.name, "source": integration.source}
        settings = {"settings": {**there["settings"], **named}}
        return {"service": there["service"], **plain, **_service_of(integration), **settings, **secrets}

    def view(_: Known) -> Body:
        plain = {"name": integration.name, "source": integration.source, **_service_of(integration)}
        return {**plain, "settings": named, **dict.fromkeys(secrets, IN_FILE)}

    def current(known: Known) -> Body | None:
        there = known.one("integration", integration.slug)
        if there is None:
            return None
        there = {**there, "settings": {name: there["settings"].get(name) for name in named}}
        if not secrets:
            return there
        other = known.api.call("POST", f"{path}/compare", json=body(known))["fields"]
        return {**there, **{name: "another" if name in other else IN_FILE for name in secrets}}

    return Resource("integration", integration.slug, lambda _: path, body, view, current)


def _service_of(integration: Integration) -> Body:
    return _named(integration, {"service": "service"})


def _named(part: Integration | Rule, names: Mapping[str, str]) -> Body:
    """What the file says of these, by the API's names."""
    return {names[name]: getattr(part, name) for name in names if name in part.model_fields_set}


def _status_page(page: StatusPage) -> Resource:
    """Components that the file does not name stay, behind those that it names, with their history."""
    wanted = page.model_dump()
    named = {component["name"] for component in wanted["components"]}

    def current(known: Known) -> Body | None:
        there = known.api.find("/api/v1/status-page")
        if there is not None:
            there["components"] = [c for c in there["components"] if c["name"] in named]
        return there

    def body(known: Known) -> Body:
        there = known.api.find("/api/v1/status-page") or {"components": []}
        others = [_kept(c) for c in there["components"] if c["name"] not in named]
        return {**wanted, "components": [*(_component(known, c) for c in wanted["components"]), *others]}

    return Resource(
        "status page", page.name, lambda _: "/api/v1/status-page", body, lambda _: wanted, current
    )


def _component(known: Known, component: Body) -> Body:
    """Services by id: the page's own copy of the catalogue may be a second behind."""
    return {**component, "services": [known.id_of("service", slug) for slug in component["services"]]}


def _kept(component: Body) -> Body:
    kept = {name: component[name] for name in ("id", "name", "description", "group")}
    return {**kept, "services": component["service_ids"]}
