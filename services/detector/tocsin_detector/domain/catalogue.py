"""Which service of the catalogue an alert is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ServiceMatch:
    """The service's name as shown, its id when the catalogue knows it, and the rule that found it."""

    name: str | None
    service_id: UUID | None
    rule: str


def match(named: str | None, default: str | None, catalogue: Mapping[str, UUID]) -> ServiceMatch:
    """The service that the alert names, else the integration's own. `catalogue` has slugs, names, aliases, lower-case.

    A name that the catalogue does not know gives way to the integration's service, so that somebody is paged.
    """
    if named is not None:
        known = catalogue.get(named.strip().lower())
        if known is not None:
            return ServiceMatch(named, known, "named_by_alert")
    fallback = catalogue.get(default.strip().lower()) if default else None
    if fallback is not None:
        return ServiceMatch(
            default, fallback, "integration_default" if named is None else "alert_names_unknown_service"
        )
    if named is not None:
        return ServiceMatch(named, None, "not_in_catalogue")
    return ServiceMatch(default, None, "not_in_catalogue" if default else "no_service")


def close_names(named: str, slugs: Mapping[str, str]) -> list[str]:
    """The slugs of up to three services that may be meant. `slugs` has them by slug, name and alias, in lower case."""
    close = get_close_matches(named.strip().lower(), slugs, n=3)
    return list(dict.fromkeys(slugs[name] for name in close))


def unknown_service(named: str, close: Sequence[str]) -> str:
    """The warning to whoever named a service that the catalogue does not know."""
    meant = f" Did you mean {' or '.join(close)}?" if close else ""
    return (
        f"No service is called {named} yet.{meant} Until there is one with that slug, name or alias, alerts that name"
        " no service themselves carry this name, but belong to no service, and so to no escalation policy."
    )
