"""What `tocsin plan` shows and `tocsin apply` does: each resource of the file against the one that is there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from tocsin.api import Api, ApiError
from tocsin.configuration import Configuration
from tocsin.file_references import dangling
from tocsin.resources import Known, Resource, resources_of


@dataclass(frozen=True)
class Change:
    """One line of a plan. `fields` maps a field's name to (now, then)."""

    resource: Resource
    action: Literal["create", "change", "keep"]
    fields: dict[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Applied:
    """A change and what the API answered; None when nothing had to be done."""

    change: Change
    answer: Any


def plan(api: Api, configuration: Configuration) -> list[Change]:
    """What `apply` would do, in its order. Calls nothing that changes anything. Raises ApiError as `apply` would."""
    known = _checked(api, configuration)
    return [_compare(resource, known) for resource in resources_of(configuration)]


def apply(api: Api, configuration: Configuration) -> Iterator[Applied]:
    """Do it, resource by resource; stopped half-way, the next run goes on. Raises ApiError."""
    known = _checked(api, configuration)
    for resource in resources_of(configuration):
        change = _compare(resource, known)
        answer = None
        if change.action != "keep":
            answer = api.call("PUT", resource.path(known), json=resource.body(known))
            known.forget(resource.kind)
        yield Applied(change, answer)


def _checked(api: Api, configuration: Configuration) -> Known:
    known = Known(api)
    if wrong := dangling(configuration, lambda kind, name: known.one(kind, name) is not None):
        raise ApiError("\n".join(wrong))
    return known


def _compare(resource: Resource, known: Known) -> Change:
    current = resource.current(known)
    wanted = resource.view(known)
    if current is None:
        return Change(resource, "create", {})
    fields = {
        name: (current.get(name), value)
        for name, value in wanted.items()
        if _differs(current.get(name), value)
    }
    return Change(resource, "change" if fields else "keep", fields)


def _differs(now: Any, then: Any) -> bool:
    """True when a wanted value is not there. What the API knows beyond it does not count."""
    if isinstance(then, dict) and isinstance(now, dict):
        return any(_differs(now.get(name), value) for name, value in then.items())
    if isinstance(then, list) and isinstance(now, list):
        return len(now) != len(then) or any(_differs(a, b) for a, b in zip(now, then, strict=True))
    return bool((now or None) != (then or None))
