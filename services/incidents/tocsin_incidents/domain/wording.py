"""The plain sentences of the timeline."""

from tocsin_incidents.domain.incident import Incident
from tocsin_incidents.domain.lifecycle import Fact

WHY = {
    "first_alert_of_group": "no other incident has alerts of this group",
    "reopen_window_passed": "the last incident of this group ended too long ago to be reopened",
    "previous_incident_closed": "the last incident of this group is closed",
    "alert_still_firing": "the alert still fires long after its incident was resolved",
    "alert_fired_again": "an alert of the same group fired soon after the end",
    "same_group": "this incident has the alerts of that group",
    "still_firing_same_group": "the alert still fires, and its group has this incident by now",
    "same_service_in_window": "this incident of the same service is only minutes old",
    "graver_alert_joined": "a graver alert belongs to it",
    "alerts_cleared": "all its alerts have cleared",
    "mitigation_failed": "the mitigation did not hold",
    "acknowledged_again": "the earlier acknowledgement had expired",
    "declared": "a person declared it",
    "unprocessed_alert": "an alert could not be processed",
}
"""Each named reason that a rule gives, in words."""

NOTHING_CHANGED = {
    "already_acknowledged": "It is acknowledged already.",
    "already_resolved": "It is resolved already: there is nothing left to do.",
    "already_closed": "It is closed already.",
    "already_there": "It is in that state already.",
    "already_open": "It is open already.",
    "already_assigned": "It is assigned that way already.",
    "already_that_severity": "It has that severity already.",
    "already_so": "Nothing is different.",
}
"""What to say when a step changed nothing."""


def sentence(fact: Fact, before: Incident, *, after: Incident, reason: str) -> str:
    """What happened, without who did it. `Fact.ASSIGNED` needs a name and has its own."""
    match fact:
        case Fact.STATUS_CHANGED:
            return f"Moved from {before.status} to {after.status}"
        case Fact.SEVERITY_CHANGED:
            way = "raised" if after.severity.graver_than(before.severity) else "lowered"
            return _with_why(f"Severity {way} from {before.severity} to {after.severity}", reason)
        case Fact.RESPONSE_OVERDUE:
            return "The response deadline passed and nobody had acknowledged"
        case Fact.DETAILS_CHANGED:
            return "Details corrected"
        case _:
            return _with_why(fact.value.capitalize(), reason)


def acknowledgement_lapsed(name: str | None, reason: str) -> str:
    """The sentence of an acknowledgement that no longer holds; `reason` is that of the event."""
    whose = f"{name}’s acknowledgement" if name else "the acknowledgement"
    if reason == "severity_raised":
        return f"The severity was raised: {whose} no longer holds, the escalation runs again"
    return f"{whose[0].upper()}{whose[1:]} expired: the escalation runs again"


def assigned_to(name: str | None) -> str:
    """The sentence of an assignment."""
    return f"Assigned to {name}" if name else "No longer assigned to anybody"


def count_of(number: int, thing: str) -> str:
    """1 alert, 2 alerts."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _with_why(what: str, reason: str) -> str:
    return f"{what}: {WHY[reason]}" if reason in WHY else what
