"""What may be corrected afterwards: words, visibility, and times that were told wrongly."""

from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

from tocsin_incidents.domain.errors import Invalid
from tocsin_incidents.domain.incident import Incident
from tocsin_incidents.domain.lifecycle import Decision, Fact

CLOCKS_DIFFER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Details:
    """All that may be corrected, as it shall be."""

    title: str
    summary: str
    public: bool
    impact_started_at: datetime | None
    identified_at: datetime | None
    next_update_due_at: datetime | None

    @staticmethod
    def of(incident: Incident) -> "Details":
        """As it is."""
        return Details(**{part.name: getattr(incident, part.name) for part in fields(Details)})


def correct(incident: Incident, to: Details, *, now: datetime) -> tuple[Decision, list[str]]:
    """The decision, and the fields that are different. Raises Invalid for a time that cannot be."""
    before, names = Details.of(incident), [part.name for part in fields(Details)]
    different = [name for name in names if getattr(before, name) != getattr(to, name)]
    for name in {"impact_started_at", "identified_at"}.intersection(different):
        check_past(name, getattr(to, name), now=now)
    if not different:
        return Decision(incident, reason="already_so"), []
    changes = {name: getattr(to, name) for name in different}
    return Decision(replace(incident, **changes), "by_hand", Fact.DETAILS_CHANGED), different


def check_past(name: str, at: datetime | None, *, now: datetime) -> None:
    """Raise Invalid when a time that is told as past lies ahead."""
    if at is not None and at > now + CLOCKS_DIFFER:
        raise Invalid(f"/{name}", "This time lies in the future. Give the time when it happened, in UTC.")
