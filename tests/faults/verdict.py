"""The verdict, from outside only: receipts on one side, what the receiver recorded on the other."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from time import time
from typing import Any

from tests.faults.load import STEP, STEPS, TITLE, Ledger, climbs, is_answered
from tocsin_testkit.receiver import Call, Receiver

UNDER_WAY = 0.3
"""Seconds for which a page that had begun may take to arrive (R27: an answer waits 250 ms for it to begin)."""
NAME = re.compile(rf"{TITLE} (\S+)")


@dataclass
class Outages:
    """When something was away, in seconds of the epoch: from the kill until it was ready again."""

    spans: list[tuple[float, float]] = field(default_factory=list)

    @contextmanager
    def one(self) -> Iterator[None]:
        """The block is one outage."""
        began = time()
        yield
        self.spans.append((began, time()))

    def due(self, accepted: float, paged: float) -> float:
        """From when on a page counts as late: its alert was accepted, and what the page waited for is back."""
        return max([accepted, *(ended for began, ended in self.spans if began <= paged)])

    def between(self, one: float, other: float) -> bool:
        """Whether something was away at some time between these two, or a second before."""
        return any(began <= other and ended >= one - 1 for began, ended in self.spans)


@dataclass(frozen=True)
class Verdict:
    """Times are seconds. `late` is from acceptance to the page; `late_after` spares the time of an outage.

    `duplicates` are pages of one identity (incident, step, round, person) under different idempotency keys, and
    second incidents of one alert; `repeats_under_key` are what a receiver that honours the key drops, `worst_key`
    how often the most repeated key came. `tries` is how many times the unluckiest post was sent; `answer` is what an
    answer took. `steps` are the pages beyond the first of those that nobody answers, `steps_lost` those missing,
    `step_late` is how much later than due the worst came. `after_answer` are pages that began although somebody had
    answered, with nothing away then.
    """

    accepted: int
    paged: int
    lost: int
    duplicates: int
    repeats_under_key: int
    worst_key: int
    may_repeat: int
    late_p50: float
    late_p99: float
    late_max: float
    late_after: float
    refused: int
    broken: int
    tries: int
    answer_p99: float
    answer_max: float
    steps: int
    steps_lost: int
    step_late: float
    after_answer: int

    def row(self) -> dict[str, float | int]:
        """For the report."""
        return asdict(self)


def judge(ledger: Ledger, receiver: Receiver, outages: Outages | None = None) -> Verdict:
    """Compare. An alert that resolved before anybody could be paged is not lost."""
    calls, spared = list(receiver.calls), outages or Outages()
    first: dict[str, float] = {}
    for name, call in _told_of(calls):
        first.setdefault(name, call.at)
    missing = [name for name in ledger.accepted if name not in first and name not in ledger.resolved]
    paged = {name: at for name, at in ledger.accepted.items() if name in first}
    late = sorted(first[name] - at for name, at in paged.items())
    after = [first[name] - spared.due(at, first[name]) for name, at in paged.items()]
    keys, answers = receiver.keys(), sorted(ledger.answers)
    return Verdict(
        accepted=len(ledger.accepted),
        paged=len(paged),
        lost=len(missing),
        duplicates=_beyond_one(_identities(calls)) + _beyond_one(_incidents(calls)),
        repeats_under_key=sum(count - 1 for count in keys.values()),
        worst_key=max(keys.values(), default=0),
        may_repeat=sum(bool(call.body["data"].get("may_repeat")) for call in calls),
        late_p50=_at(late, 0.5),
        late_p99=_at(late, 0.99),
        late_max=_at(late, 1.0),
        late_after=round(max([0.0, *after]), 3),
        refused=ledger.refused,
        broken=ledger.broken,
        tries=ledger.tries,
        answer_p99=_at(answers, 0.99),
        answer_max=_at(answers, 1.0),
        **_ladder(ledger, _steps_of(calls), spared),
    )


def _steps_of(calls: Iterable[Call]) -> dict[str, dict[int, float]]:
    """When each step's first page came, by alert."""
    found: dict[str, dict[int, float]] = defaultdict(dict)
    for name, call in _told_of(calls):
        if climbs(name):
            found[name].setdefault(int(call.body["data"]["step"]), call.at)
    return found


def _ladder(ledger: Ledger, steps: dict[str, dict[int, float]], outages: Outages) -> dict[str, Any]:
    """Those that nobody answers go all the way up, each step five seconds after the one before; the others stop."""
    alone = [name for name in ledger.accepted if climbs(name) and not is_answered(name)]
    whole = [name for name in alone if name not in ledger.resolved]
    gaps = [
        (at - steps[name][step - 1] - STEP, name, at)
        for name in whole
        for step, at in steps.get(name, {}).items()
        if step - 1 in steps[name]
    ]
    late = [gap for gap, _, at in gaps if not outages.between(at - STEP - gap, at)]
    after = [
        at
        for name, answered in ledger.answered.items()
        for at in steps.get(name, {}).values()
        if at > answered + UNDER_WAY and not outages.between(answered, at)
    ]
    return {
        "steps": len(gaps),
        "steps_lost": sum(STEPS - len(steps.get(name, {})) for name in whole),
        "step_late": round(max([0.0, *late]), 3),
        "after_answer": len(after),
    }


def _told_of(calls: Iterable[Call]) -> Iterator[tuple[str, Call]]:
    for call in calls:
        found = NAME.search(str(call.body["data"]["summary"]))
        if found:
            yield found[1], call


def _identities(calls: Iterable[Call]) -> dict[object, set[str]]:
    """The idempotency keys of each page that there should be."""
    found: dict[object, set[str]] = defaultdict(set)
    for call in calls:
        data = call.body["data"]
        if data.get("incident"):
            found[data["incident"]["id"], data["step"], data["round"], data["recipient"]].add(call.key)
    return found


def _incidents(calls: Iterable[Call]) -> dict[object, set[str]]:
    """The incidents that each alert led to."""
    found: dict[object, set[str]] = defaultdict(set)
    for name, call in _told_of(calls):
        found[name].add(call.body["data"]["incident"]["id"])
    return found


def _beyond_one(found: dict[object, set[str]]) -> int:
    return sum(len(several) - 1 for several in found.values())


def _at(ordered: list[float], part: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * part))], 3) if ordered else 0.0
