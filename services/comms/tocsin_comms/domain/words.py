"""The words of a public report, drafted from templates.

They name components, never what the inside calls a problem.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from string import Template

from tocsin_comms.domain.states import ComponentState, PublicStatus

PLACES = ("components", "state", "interval")
LONGEST_TEMPLATE = 1000
LONGEST_TITLE = 200

DEFAULT_TEMPLATES: Mapping[str, str] = {
    "title": "$components: $state",
    "investigating": (
        "We are investigating a problem with $components. We will post the next update within $interval."
    ),
    "identified": "We have found the cause of the problem with $components and are working on a fix.",
    "monitoring": "A fix is in place for $components. We are watching that it holds.",
    "resolved": "The problem with $components is resolved.",
    "changed": "We now see this at $components: $state. We will post the next update within $interval.",
    "reopened": "The problem with $components has come back. We are investigating again.",
}

_STATE_WORDS = {
    ComponentState.OPERATIONAL: "minor problem",
    ComponentState.UNDER_MAINTENANCE: "maintenance",
    ComponentState.DEGRADED_PERFORMANCE: "degraded performance",
    ComponentState.PARTIAL_OUTAGE: "partial outage",
    ComponentState.MAJOR_OUTAGE: "major outage",
}


def draft(
    kind: str,
    *,
    components: Sequence[str],
    state: ComponentState,
    interval: timedelta,
    own: Mapping[str, str],
) -> str:
    """The text of one kind: `title`, a public status, `changed` or `reopened`.

    `own` are the page's templates, which go first. A name in a template that is not one of PLACES stays as it
    is written.
    """
    template = Template(own.get(kind) or DEFAULT_TEMPLATES[kind])
    text = template.safe_substitute(
        components=listed(components), state=_STATE_WORDS[state], interval=spoken(interval)
    )
    return text[:1].upper() + text[1:]


def kind_of_change(before: PublicStatus | None, after: PublicStatus) -> str:
    """Which template tells that a report moved between these statuses."""
    if before is PublicStatus.RESOLVED and after is not PublicStatus.RESOLVED:
        return "reopened"
    return after.value


def listed(names: Sequence[str], most: int = 3) -> str:
    """`A`, `A and B`, `A, B and 4 others`; `some of our systems` for none."""
    if not names:
        return "some of our systems"
    shown = list(names) if len(names) <= most else [*names[: most - 1], f"{len(names) - most + 1} others"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def spoken(interval: timedelta) -> str:
    """`30 minutes`, `1 hour`, `90 minutes`."""
    minutes = round(interval.total_seconds() / 60)
    if minutes % 60 == 0 and minutes:
        hours = minutes // 60
        return f"{hours} hour" if hours == 1 else f"{hours} hours"
    return f"{minutes} minute" if minutes == 1 else f"{minutes} minutes"


def problems(templates: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with a page's own templates, by kind; empty when they can be used."""
    found: dict[str, str] = {}
    for kind, text in templates.items():
        if kind not in DEFAULT_TEMPLATES:
            found[kind] = f"no such text; there are {', '.join(DEFAULT_TEMPLATES)}"
        elif len(text) > LONGEST_TEMPLATE:
            found[kind] = f"longer than {LONGEST_TEMPLATE} characters"
        elif not Template(text).is_valid():
            found[kind] = "write a dollar sign as $$"
        elif strangers := set(Template(text).get_identifiers()) - set(PLACES):
            found[kind] = f"unknown ${', $'.join(sorted(strangers))}; there are ${', $'.join(PLACES)}"
    return found
