"""The alert that stands for one that Tocsin itself could not handle: a bug of ours must not eat an alert (R4)."""

from tocsin_detector.domain.severity import Severity
from tocsin_detector.domain.signal import Signal, Told
from tocsin_detector.domain.texts import hashed

KEY_RULE = "unparsed"


def unparsed_signal(sender: str, *, about: str, severity: Severity) -> Signal:
    """One for each `about` (a body, or a place in a delivery), at the integration's default severity."""
    return Signal(
        dedup_key="unparsed:1:" + hashed(about),
        key_rule=KEY_RULE,
        told=Told.FIRING,
        severity=severity,
        severity_rule="default",
        title=f"Unparsed alert from {sender}",
        description="Tocsin could not read this delivery, a bug in Tocsin. The body is kept: read what it says.",
    )
