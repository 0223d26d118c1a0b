"""The figures as the page shows them: words, links, and which way is better."""

from dataclasses import dataclass

from tocsin_analytics.domain.definitions import DEFINITIONS, RULES
from tocsin_analytics.domain.durations import Metric, Outcome
from tocsin_analytics.domain.figures import Figure, Frequency
from tocsin_analytics.domain.sentences import duration_words
from tocsin_analytics.domain.statistics import Change, Verdict

HEADLINES = (Metric.ACKNOWLEDGE, Metric.RECOVER, Metric.MITIGATE, Metric.DETECT)
NONE, LESS = "\N{EN DASH}", "\N{MINUS SIGN}"
REASONS = {
    Outcome.ONGOING: "still open",
    Outcome.NOT_RECORDED: "not recorded",
    Outcome.INVALID: "invalid: the end lies before the start",
    Outcome.AUTO_RESOLVED: "ended by itself",
    Outcome.NEVER_ACKNOWLEDGED: "never acknowledged",
}


@dataclass(frozen=True, slots=True)
class Stat:
    """One figure of the row on top. `better` is None when nothing can be said."""

    label: str
    value: str
    definition: str
    n: int | None
    change: str
    better: bool | None
    href: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One metric in the table of all figures."""

    name: str
    definition: str
    n: int
    median: str
    interval: str
    p90: str
    mean: str
    before: str
    change: str
    left_out: str


def stats(figures: dict[Metric, Figure], frequency: Frequency) -> list[Stat]:
    """The row on top: how many, then how long."""
    change, better = _change(frequency.change, seconds=False)
    definition = f"Incidents opened in the period. {RULES['period']}"
    counted = Stat("Incidents", f"{frequency.n:,}", definition, None, change, better, "#incidents")
    return [counted, *(_stat(figures[metric]) for metric in HEADLINES)]


def line(figure: Figure) -> Line:
    """One row of the table, with the reason for every incident that is not in it."""
    now = figure.now
    definition = DEFINITIONS[figure.metric]
    interval = NONE if now.low is None or now.high is None else f"{_words(now.low)} to {_words(now.high)}"
    return Line(
        name=definition.name,
        definition=definition.text,
        n=now.n,
        median=_words(now.median),
        interval=interval,
        p90=_words(now.p90),
        mean=_words(now.mean),
        before=_words(figure.before.median),
        change=_change(figure.change, seconds=True)[0] if now.n and figure.before.n else NONE,
        left_out=_left_out(figure),
    )


def _stat(figure: Figure) -> Stat:
    definition = DEFINITIONS[figure.metric]
    change, better = _change(figure.change, seconds=True) if figure.now.n and figure.before.n else ("", None)
    text = f"Median. {definition.text}"
    return Stat(definition.name, _words(figure.now.median), text, figure.now.n, change, better)


def _left_out(figure: Figure) -> str:
    reasons = [f"{n} {REASONS[why]}" for why, n in figure.outcomes.items() if n and why in REASONS]
    if figure.assumed:
        reasons.append(f"{figure.assumed} counted from detection")
    return ", ".join(reasons) or NONE


def _change(change: Change, *, seconds: bool) -> tuple[str, bool | None]:
    """The words of a change, and whether it is a better one: less is, for all that is shown here."""
    match change.verdict:
        case Verdict.TOO_FEW:
            return "too few to compare", None
        case Verdict.NO_DETECTABLE_CHANGE:
            return "no detectable change", None
        case Verdict.FELL | Verdict.ROSE:
            size = abs(change.difference or 0)
            words = duration_words(size) if seconds else f"{size:,.0f}"
            fell = change.verdict is Verdict.FELL
            return f"{LESS if fell else '+'}{words}", fell


def _words(seconds: float | None) -> str:
    return NONE if seconds is None else duration_words(seconds)
