"""Why an alert is what it is, in plain words: one sentence for each named reason."""

from collections.abc import Mapping

_REASONS = {
    "first_seen": "No alert with this key was known, so a new one began.",
    "fires_again": "The last alert with this key had ended, so a new one began.",
    "still_told_after_resolve": "Somebody had just resolved it; its sender tells it on, and has ten minutes to stop.",
    "told_again": "The alert was open already, so this was counted as a repeat.",
    "severity_changed": "The alert was open already; its severity changed, and the other services were told.",
    "title_changed": "The alert was open already; its title changed, and the other services were told.",
    "acknowledged_by_sender": "The sender acknowledged the alert.",
    "acknowledged_already": "The sender acknowledged the alert, which was acknowledged already.",
    "acknowledged_by_incident": "Somebody acknowledged the incident that the alert belongs to.",
    "acknowledgement_expired": "The acknowledgement of its incident no longer holds: it fires, unanswered.",
    "resolved_by_sender": "The sender said that it is over.",
    "ended_long_ago": "The sender gave an end that lies long past. Its clock had been right before, so it is over.",
    "end_told_again": "The sender sent the end again by which the alert is already over.",
    "resolved_by_hand": "Somebody resolved it by hand.",
    "resolved_with_incident": "Somebody resolved the incident that it belongs to.",
    "not_told_again": "The sender did not send it again in time, so it counts as over.",
    "nothing_open": "No alert with this key was open, so there was nothing to end or to acknowledge.",
    "joined_incident": "It belongs to an incident.",
}
_KEYS = {
    "sender": "the sender's own dedup_key",
    "fingerprint": "the fingerprint that Alertmanager gave",
    "labels:1": "a hash of all labels",
    "content:1": "a hash of title, service and labels",
    "unparsed": "a hash of the body, which could not be read",
    "generated": "a key made by Tocsin, since the sender gave none",
}
_GROUP_RULES = {
    "group_by": "the labels that the integration groups by",
    "sender_group": "the group that the sender named",
    "service_and_alertname": "service and alertname",
    "own_key": "the alert's own key, so it stands alone",
    "unparsed": "all bodies of this integration that could not be read",
}
_GROUP_CHOICES = {
    "no_open_group": "No group with this key was open, so a new one began.",
    "group_is_a_day_old": "The open group was a day old, so a new one began.",
    "window_passed": "Nothing had joined the open group within its window, so a new one began.",
    "within_window": "It joined the open group.",
    "ended_lately": "The group with this key had ended only recently, so it goes on.",
}
_SERVICES = {
    "named_by_alert": "The alert names this service.",
    "integration_default": "The alert names none, so the integration's own service was taken.",
    "alert_names_unknown_service": "The alert names a service that nobody knows, so the integration's was taken.",
    "not_in_catalogue": "The catalogue knows no service of this name or alias, so it leads to no escalation policy.",
    "no_service": "Neither the alert nor the integration names a service.",
}


def reason_in_words(reason: str) -> str:
    """What a decision's named reason means."""
    return _REASONS.get(reason, reason.replace("_", " "))


def details_in_words(details: Mapping[str, object]) -> list[tuple[str, str]]:
    """The rest of a decision as pairs of topic and sentence: key, severity, service, group."""
    lines = []
    if details.get("key_rule"):
        rule = str(details["key_rule"])
        lines.append(("Key", f"{details.get('dedup_key')} is {_KEYS.get(rule, rule)}."))
    if details.get("severity_rule"):
        lines.append(("Severity", _severity(str(details["severity_rule"]), str(details.get("severity")))))
    if details.get("service_rule"):
        lines.append(("Service", _SERVICES.get(str(details["service_rule"]), str(details["service_rule"]))))
    if details.get("group_rule"):
        rule = str(details["group_rule"])
        choice = _GROUP_CHOICES.get(str(details.get("group_reason")), "")
        lines.append(
            (
                "Group",
                f"{details.get('group_key')} comes from {_GROUP_RULES.get(rule, rule)}. {choice}".strip(),
            )
        )
    return lines


def _severity(rule: str, severity: str) -> str:
    if rule == "default":
        return f"{severity}, the integration's default, since the sender gave none."
    if rule.startswith("unknown"):
        return f"{severity}, since the sender's word {rule.removeprefix('unknown').strip()} is not known."
    return f"{severity}, from the sender's {rule}."
