"""Keys for alerts whose sender gives none. Versioned, so that the algorithm can change without joining old and new."""

from collections.abc import Mapping

from tocsin_detector.domain.texts import beyond, bounded_key, hashed


def of_labels(labels: Mapping[str, str], sent: object = None) -> tuple[str, str]:
    """Key and rule from the whole label set: equal sets, in whatever order, give equal keys.

    `sent` is the set as it came: what was cut off or left out of `labels` counts too.
    """
    return "labels:1:" + hashed(*_flat(labels), *beyond(sent)), "labels:1"


def of_content(
    title: str, *, service: str | None, labels: Mapping[str, str], sent: object = None
) -> tuple[str, str]:
    """Key and rule from title, service and labels; the description may change without making another alert."""
    return "content:1:" + hashed(title, service or "", *_flat(labels), *beyond(sent)), "content:1"


def of_sender(key: str) -> tuple[str, str]:
    """Key and rule when the sender names one. It is case-sensitive, and a very long one is shortened by a hash."""
    return bounded_key(key), "sender"


def _flat(labels: Mapping[str, str]) -> list[str]:
    return [part for name in sorted(labels) for part in (name, labels[name])]
