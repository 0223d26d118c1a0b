"""Figures in words: the titles of charts, which answer a question instead of naming an axis."""

from tocsin_analytics.domain.definitions import DEFINITIONS
from tocsin_analytics.domain.figures import Figure, Frequency
from tocsin_analytics.domain.statistics import Verdict


def duration_words(seconds: float) -> str:
    """A duration as the pages say it: `35 s`, `48 min`, `1 h 04 min`, `2 d 3 h`; what is left over is dropped."""
    whole = round(seconds)
    minutes, hours = whole // 60, whole // 3600
    if not minutes:
        return f"{whole} s"
    if not hours:
        return f"{minutes} min"
    if hours < 24:
        return f"{hours} h {minutes % 60:02d} min"
    return f"{hours // 24} d {hours % 24} h"


def incidents(n: int) -> str:
    """A count with its word."""
    return "1 incident" if n == 1 else f"{n:,} incidents"


def figure_sentence(figure: Figure) -> str:
    """What a metric did, no more than the data allow: `Time to recover is falling: 48 min, was 71 min`."""
    name = DEFINITIONS[figure.metric].name
    if figure.now.median is None:
        return f"{name}: not recorded for any incident"
    now = duration_words(figure.now.median)
    if figure.before.median is None:
        return f"{name}: {now}, nothing before to compare with"
    before = duration_words(figure.before.median)
    match figure.change.verdict:
        case Verdict.FELL:
            return f"{name} is falling: {now}, was {before}"
        case Verdict.ROSE:
            return f"{name} is rising: {now}, was {before}"
        case Verdict.NO_DETECTABLE_CHANGE:
            return f"{name}: {now}, no detectable change from {before}"
        case Verdict.TOO_FEW:
            return f"{name}: {now}, was {before}, too few to call it a change"


def frequency_sentence(frequency: Frequency) -> str:
    """Whether incidents became more frequent."""
    now, before = incidents(frequency.n), f"{frequency.before:,}"
    match frequency.change.verdict:
        case Verdict.FELL:
            return f"Fewer incidents: {now}, {before} before"
        case Verdict.ROSE:
            return f"More incidents: {now}, {before} before"
        case Verdict.NO_DETECTABLE_CHANGE:
            return f"{now}, no detectable change from {before}"
        case Verdict.TOO_FEW:
            return f"{now}, {before} before, too few to call it a change"


def severity_sentence(frequency: Frequency) -> str:
    """How much of it was grave."""
    grave = frequency.severities["SEV-1"] + frequency.severities["SEV-2"]
    if not frequency.n:
        return "No incident, so no severity"
    if not grave:
        return "None was SEV-1 or SEV-2"
    return f"{grave} of {incidents(frequency.n)} {'was' if grave == 1 else 'were'} SEV-1 or SEV-2"
