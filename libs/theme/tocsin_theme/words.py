"""The words, tones and icons of states: colour never stands alone, so each state has all three."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """How a state is shown."""

    label: str
    tone: str
    icon: str


SEVERITIES = {
    "SEV-1": Word("SEV-1", "red", "octagon-alert"),
    "SEV-2": Word("SEV-2", "orange", "triangle-alert"),
    "SEV-3": Word("SEV-3", "amber", "circle-alert"),
    "SEV-4": Word("SEV-4", "slate", "info"),
}

ALERT_SEVERITIES = {
    "critical": Word("Critical", "red", "octagon-alert"),
    "high": Word("High", "orange", "triangle-alert"),
    "medium": Word("Medium", "amber", "circle-alert"),
    "low": Word("Low", "slate", "arrow-down"),
    "info": Word("Info", "neutral", "info"),
}

ALERT_STATUSES = {
    "firing": Word("Firing", "red", "flame"),
    "acknowledged": Word("Acknowledged", "violet", "eye"),
    "resolved": Word("Resolved", "green", "circle-check"),
    "silenced": Word("Silenced", "slate", "bell-off"),
}

INCIDENT_STATUSES = {
    "detected": Word("Detected", "red", "siren"),
    "triggered": Word("Triggered", "red", "siren"),
    "acknowledged": Word("Acknowledged", "violet", "eye"),
    "investigating": Word("Investigating", "violet", "microscope"),
    "mitigated": Word("Mitigated", "teal", "shield-check"),
    "recovering": Word("Recovering", "teal", "heart-pulse"),
    "resolved": Word("Resolved", "green", "circle-check"),
    "post_mortem": Word("Post-mortem", "indigo", "notebook-pen"),
    "closed": Word("Closed", "slate", "archive"),
    "declined": Word("Declined", "slate", "circle-slash"),
    "cancelled": Word("Cancelled", "slate", "circle-x"),
    "merged": Word("Merged", "slate", "merge"),
    "paused": Word("Paused", "blue", "circle-pause"),
}

COMPONENT_STATUSES = {
    "operational": Word("Operational", "green", "circle-check"),
    "degraded_performance": Word("Degraded performance", "amber", "gauge"),
    "partial_outage": Word("Partial outage", "orange", "triangle-alert"),
    "major_outage": Word("Major outage", "red", "octagon-alert"),
    "under_maintenance": Word("Under maintenance", "blue", "wrench"),
}

CHANNELS = {
    "email": Word("E-mail", "neutral", "mail"),
    "webhook": Word("Webhook", "neutral", "webhook"),
    "apprise": Word("Chat or push", "neutral", "message-square"),
}

WORDS = {
    "severity": SEVERITIES,
    "alert_severity": ALERT_SEVERITIES,
    "alert_status": ALERT_STATUSES,
    "incident_status": INCIDENT_STATUSES,
    "component_status": COMPONENT_STATUSES,
    "channel": CHANNELS,
}


def word(kind: str, state: str) -> Word:
    """The word of a state; a state that is not in the table is shown as it is written, without colour."""
    key = state.replace("-", "_") if kind != "severity" else state
    return WORDS[kind].get(key, Word(state.replace("_", " ").capitalize(), "neutral", "circle-dot"))
