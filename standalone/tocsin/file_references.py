"""What the parts of a file refer to, and which of it is nowhere: the same words before a plan and before an apply."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from tocsin.configuration import Configuration, Policy
from tocsin.places import Steps

Exists = Callable[[str, str], bool]
"""Whether Tocsin has a resource of this kind and name already."""
ADVICE = {
    "user": ("person", "Add them under users, or correct the address."),
    "team": ("team", "Add it under teams, or correct the name."),
    "schedule": ("schedule", "Add it under schedules, or correct the name."),
    "policy": ("escalation policy", "Add it under escalation_policies, or correct the name."),
    "service": ("service", "Add it under services, or correct the name."),
    "integration": ("integration", "Add it under integrations, or correct the name."),
}


@dataclass(frozen=True)
class Reference:
    """One name at one place. `here` means that only this file can have it."""

    at: Steps
    kind: str
    name: str
    here: bool = False


def dangling(configuration: Configuration, exists: Exists) -> list[str]:
    """Each reference that leads nowhere: file, line, field, and what to do."""
    named = {
        "user": {user.email.casefold() for user in configuration.users},
        "team": {team.slug for team in configuration.teams},
        "schedule": {schedule.slug for schedule in configuration.schedules},
        "policy": {policy.slug for policy in configuration.escalation_policies},
        "service": {service.slug for service in configuration.services},
        "integration": {integration.slug for integration in configuration.integrations},
    }
    return [
        _words(configuration, one)
        for one in _references(configuration)
        if one.name.casefold() not in named[one.kind] and (one.here or not exists(one.kind, one.name))
    ]


def _words(configuration: Configuration, one: Reference) -> str:
    what, advice = ADVICE[one.kind]
    where = " in this file" if one.here else ", neither in Tocsin nor in this file"
    return f"{configuration.place(one.at)}: there is no {what} {one.name}{where}. {advice}"


def _references(configuration: Configuration) -> Iterator[Reference]:
    for n, team in enumerate(configuration.teams):
        yield from _many(("teams", n, "members"), "user", team.members)
    for n, schedule in enumerate(configuration.schedules):
        yield from _one(("schedules", n, "team"), "team", schedule.team)
        for role, rotation in schedule.rotations.items():
            yield from _many(
                ("schedules", n, "rotations", role, "participants"), "user", rotation.participants
            )
    for n, policy in enumerate(configuration.escalation_policies):
        yield from _of_policy(("escalation_policies", n), policy)
    for n, service in enumerate(configuration.services):
        yield from _one(("services", n, "team"), "team", service.team)
        yield from _one(("services", n, "escalation_policy"), "policy", service.escalation_policy)
    for n, rule in enumerate(configuration.rules):
        yield Reference(("rules", n, "integration"), "integration", rule.integration, here=True)
    components = configuration.status_page.components if configuration.status_page else []
    for n, component in enumerate(components):
        yield from _many(("status_page", "components", n, "services"), "service", component.services)


def _of_policy(at: Steps, policy: Policy) -> Iterator[Reference]:
    yield from _one((*at, "team"), "team", policy.team)
    for n, step in enumerate(policy.steps):
        for m, target in enumerate(step.targets):
            for kind in ("user", "team", "schedule"):
                yield from _one((*at, "steps", n, "targets", m, kind), kind, getattr(target, kind))


def _many(at: Steps, kind: str, names: list[str]) -> Iterator[Reference]:
    for n, name in enumerate(names):
        yield from _one((*at, n), kind, name)


def _one(at: Steps, kind: str, name: str | None) -> Iterator[Reference]:
    if name and not _is_id(name):
        yield Reference(at, kind, name)


def _is_id(name: str) -> bool:
    """An exported file holds the id of what was deleted; it is no reason to refuse the rest."""
    try:
        UUID(name)
    except ValueError:
        return False
    return True
