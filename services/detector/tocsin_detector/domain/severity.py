"""How bad an alert is: five words, and what the field's other words mean in them."""

from enum import StrEnum


class Severity(StrEnum):
    """How bad the sender says it is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


_WORDS = {
    Severity.CRITICAL: "critical crit fatal emergency emerg disaster page urgent blocker p1 sev0 sev-0 sev-1",
    Severity.HIGH: "high error err major severe p2 sev1 sev-2",
    Severity.MEDIUM: "medium moderate average warning warn p3 sev2 sev-3",
    Severity.LOW: "low minor notice p4 sev3 sev-4",
    Severity.INFO: "info information informational debug none ok verbose p5 sev4",
}
_BY_WORD = {word: severity for severity, words in _WORDS.items() for word in words.split()}

DEFAULT_RULE = "default"
UNKNOWN_RULE = "unknown"


def severity_of(word: object, default: Severity) -> tuple[Severity, str]:
    """The severity that a sender's word means, and the rule that found it.

    No word gives the integration's default. A word that nobody knows is `medium`, and its rule begins with `unknown`.
    """
    if word is None or word == "":
        return default, DEFAULT_RULE
    known = _BY_WORD.get(word) if isinstance(word, str) else None
    if known is None:
        known = _BY_WORD.get(str(word).strip().lower())
    if known is None:
        return Severity.MEDIUM, f"{UNKNOWN_RULE} {str(word)[:40]!r}"
    return known, f"severity={str(word).strip()[:40]}"
