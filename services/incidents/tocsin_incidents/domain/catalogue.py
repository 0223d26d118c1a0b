"""A service of the catalogue: who answers for it and what its alerts become."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from tocsin_incidents.domain.severity import DEFAULT_MAP, AlertSeverity, Severity, SeverityMap

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_ID = re.compile(r"(?:[0-9a-f]-*){32}")


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `aliases` are further names by which alerts may call it; `severity_map` is complete."""

    id: UUID
    version: int
    slug: str
    name: str
    description: str = ""
    aliases: tuple[str, ...] = ()
    team_id: UUID | None = None
    escalation_policy_id: UUID | None = None
    severity_map: SeverityMap = field(default_factory=lambda: dict(DEFAULT_MAP))
    auto_resolve: bool = True
    runbook_url: str | None = None
    deleted: bool = False

    @property
    def names(self) -> frozenset[str]:
        """Every name it goes by, folded for comparison."""
        return frozenset(folded(name) for name in (self.slug, self.name, *self.aliases))


def folded(name: str) -> str:
    """How names are compared: case and surrounding space do not count."""
    return name.strip().casefold()


def complete_map(given: Mapping[AlertSeverity, Severity | None]) -> dict[AlertSeverity, Severity | None]:
    """What was said, and the default for the rest."""
    return {severity: given.get(severity, DEFAULT_MAP[severity]) for severity in AlertSeverity}


def slug_of(name: str) -> str:
    """A slug made from a name; empty when the name holds no letter or digit of ASCII."""
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:64].strip("-")


def is_slug(text: str) -> bool:
    """Lower-case letters, digits and inner dashes, at most 64; not `new`, which is a page, nor what reads as an id."""
    return SLUG.fullmatch(text) is not None and text != "new" and not _ID.fullmatch(text)
