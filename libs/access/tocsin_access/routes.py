"""The table of routes and what each asks of its caller (S21)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute, Mount

from tocsin_access.roles import EVERYTHING

Endpoint = TypeVar("Endpoint")


@dataclass(frozen=True, slots=True)
class RouteRule:
    """One route. `rule` is a scope, `public: why`, `internal: service`, or None when nobody has said."""

    method: str
    path: str
    rule: str | None

    @property
    def needs_scope(self) -> bool:
        """Whether a role decides who may call it."""
        return self.rule is not None and (self.rule == EVERYTHING or ": " not in self.rule)


def route_table(routes: Sequence[BaseRoute], prefix: str = "") -> list[RouteRule]:
    """Every route below, each method on its own. Mounted apps are followed when they show their routes."""
    return sorted(_walk(routes, prefix), key=lambda rule: (rule.path, rule.method))


def declared(endpoint: Endpoint, rule: str) -> Endpoint:
    """Say what an endpoint asks that is not FastAPI's own: a bare ASGI app, a mount of files, a stream."""
    vars(endpoint)["access_rule"] = rule
    return endpoint


def _walk(routes: Sequence[BaseRoute], prefix: str) -> Iterator[RouteRule]:
    for context in iter_route_contexts(routes):
        route = context.original_route
        if isinstance(route, Mount):
            yield from _mounted(route, prefix)
            continue
        dependant = getattr(context, "dependant", None) if isinstance(route, APIRoute) else None
        rule = _rule(dependant) if dependant else getattr(context.endpoint, "access_rule", None)
        for method in sorted(context.methods or ("*",)):
            yield RouteRule(method, path=prefix + (context.path or type(route).__name__), rule=rule)


def _mounted(mount: Mount, prefix: str) -> Iterator[RouteRule]:
    rule = getattr(mount.app, "access_rule", None)
    if mount.routes and rule is None:
        yield from _walk(mount.routes, prefix + mount.path)
    else:
        yield RouteRule("*", path=f"{prefix}{mount.path}/*", rule=rule)


def _rule(dependant: Dependant) -> str | None:
    own = getattr(dependant.call, "access_rule", None)
    if isinstance(own, str):
        return own
    found = [rule for rule in map(_rule, dependant.dependencies) if rule is not None]
    guarded = [rule for rule in found if not rule.startswith("public: ")]
    return next(iter(guarded or found), None)
