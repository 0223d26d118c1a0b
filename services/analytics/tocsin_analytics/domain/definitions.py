"""What each figure means, in the words that are shown beside it and served with it."""

from dataclasses import dataclass

from tocsin_analytics.domain.durations import Metric


@dataclass(frozen=True, slots=True)
class Definition:
    """A figure's name, the two moments it lies between, and the rule for what has no such moments."""

    key: str
    name: str
    starts: str
    ends: str
    rule: str

    @property
    def text(self) -> str:
        """The whole definition as one sentence or two."""
        return f"{self.name}: from {self.starts} to {self.ends}. {self.rule}"


_FIRST = "A reopened incident counts with its first occurrence."
_ASSUMED = (
    "Where the start of the impact was not recorded, detection stands in, and the figure says how often."
)

_DURATIONS = (
    Definition(
        Metric.DETECT,
        "Time to detect",
        "the start of the impact",
        "detection",
        "Not recorded where nobody said when the impact began; it is never taken to be the detection.",
    ),
    Definition(
        Metric.PAGE,
        "Time to page",
        "the opening of the incident",
        "the first page that a provider took",
        "Incidents that paged nobody are not recorded.",
    ),
    Definition(
        Metric.ACKNOWLEDGE,
        "Time to acknowledge",
        "the opening of the incident",
        "the first acknowledgement that somebody gave, by hand or with a token",
        "Incidents that ended by themselves, or that nobody acknowledged before their end, are left out and "
        "counted apart.",
    ),
    Definition(
        Metric.TELL,
        "Time to tell",
        "the opening of the incident",
        "the first change of a component on the public status page",
        "Incidents that the public page never showed are not recorded.",
    ),
    Definition(
        Metric.IDENTIFY, "Time to identify", "detection", "the moment the cause was identified (MTTI)", _FIRST
    ),
    Definition(
        Metric.MITIGATE,
        "Time to mitigate",
        "the start of the impact",
        "the end of what customers felt (MTTM)",
        f"{_ASSUMED} {_FIRST}",
    ),
    Definition(
        Metric.RECOVER,
        "Time to recover",
        "the start of the impact",
        "the resolution (MTTR, recovery)",
        f"{_ASSUMED} {_FIRST}",
    ),
    Definition(Metric.RESPOND, "Time to respond", "detection", "the resolution (MTTR, respond)", _FIRST),
    Definition(
        Metric.REPAIR,
        "Time to repair",
        "the first acknowledgement that somebody gave, by hand or with a token",
        "the resolution (MTTR, repair)",
        "Incidents that nobody acknowledged are not recorded.",
    ),
)

DEFINITIONS = {Metric(each.key): each for each in _DURATIONS}

RULES = {
    "period": (
        "An incident belongs to the period in which it was opened. The start belongs to the period, the "
        "end does not."
    ),
    "change": (
        "Compared with the period of equal length before. A difference of medians is only called one "
        "when it lies outside its 95 % interval (Bonett and Price); counts are compared as Poisson."
    ),
    "median": (
        "Half of the incidents took no longer. It stands first, because a few long incidents carry the "
        "mean away."
    ),
    "p90": "Nine in ten incidents took no longer, interpolated between neighbours.",
    "interval": (
        "The median of such incidents lies between low and high with 95 % confidence, by order "
        "statistics. It needs 6 incidents."
    ),
    "invalid": "An incident whose end lies before its start is left out of that figure and counted apart.",
    "drills": "Drills are left out of every figure and counted apart.",
    "severity": "The severity that the incident has now, or had last.",
    "interruptions": (
        "Pages that a provider took, counted once a person and step of an escalation. Work is 8 to 18 "
        "from Monday to Friday, sleep 22 to 8, off all other hours, each in the person's own time zone."
    ),
}
