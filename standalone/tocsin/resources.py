"""Each kind of resource: where it lives in the API, what is sent, and how it is compared with what is there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tocsin.api import Api, ApiError
from tocsin.configuration import (
    Configuration,
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
    wanted = [method.model_dump() for method in user.contact_methods or []]

    def path(known: Known) -> str:
        return f"/api/v1/users/{known.id_of('user', user.email)}/contact-methods"

    def current(known: Known) -> Body | None:
        if known.one("user", user.email) is None:
            return None
        there = known.api.get(path(known))["items"]
        # Addresses that carry secrets are shown masked, so those are told apart by how they begin.
        missing = [m for m in wanted if not _is_there(m, there)]
        return {"items": [m for m in wanted if m not in missing]}

    return Resource(
        "contacts", user.email, path, lambda _: {"items": wanted}, lambda _: {"items": wanted}, current
    )


def _is_there(method: Body, there: list[Body]) -> bool:
    same = [
        one for one in there if all(one[name] == method[name] for name in ("channel", "label", "enabled"))
    ]
    if method["channel"] == "email":
        return any(one["address"] == method["address"] for one in same)
    start = method["address"].split("?")[0].split("://")[0]
    return any(one["address"].startswith(start) for one in same)


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
    settings: Body = {"default_severity": integration.default_severity}
    if rule is not None:
        settings |= {
            "group_by": rule.group_by,
            "group_window_seconds": rule.group_window,
            "resolve_timeout_seconds": rule.resolve_timeout,
        }
    view = {
        "name": integration.name,
        "source": integration.source,
        "service": integration.service,
        "settings": settings,
    }
    secrets = {"key": integration.key, "secret": integration.secret}
    body = view | {name: value for name, value in secrets.items() if value}
    path = f"/api/v1/integrations/by-name/{integration.slug}"
    return _simple("integration", integration.slug, path, lambda _: body, lambda _: view)


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
