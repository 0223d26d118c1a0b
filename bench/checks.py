"""The table of aims, and whether a figure meets them. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from bench.alertmanager import NAME as AM
from bench.book import Book
from bench.rows import accept, growth, idle, page, storm, through
from bench.tocsin import DETECTOR, FIVE, LANES_OFF, LANES_ON, UP


class Verdict(StrEnum):
    """How far a figure got."""

    GOAL = "goal"
    FIRST = "first"
    MISSED = "missed"
    NOT_YET = "not yet"
    """There is no first aim, and the goal is not met."""
    TOLD = ""
    """There is no aim, or nothing to compare with."""


@dataclass(frozen=True)
class Bound:
    """`value` at least or at most; times Alertmanager's figure when `relative`."""

    value: float
    at_least: bool = False
    relative: bool = False

    def holds(self, measured: float, beside: float | None) -> bool | None:
        """Whether it holds; None when there is nothing to compare with."""
        if self.relative and beside is None:
            return None
        limit = self.value * (beside or 0.0) if self.relative else self.value
        return measured >= limit if self.at_least else measured <= limit

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {self.value:,g}{' x AM' if self.relative else ''}"


@dataclass(frozen=True)
class Check:
    """One line of the result: a figure of a system, Alertmanager's beside it, and the two aims."""

    row: str
    what: str
    figure: str
    system: str
    first: Bound | None = None
    goal: Bound | None = None
    beside: bool = False


@dataclass(frozen=True)
class Result:
    """A check with what was measured."""

    check: Check
    measured: float
    beside: float | None

    @property
    def ratio(self) -> float | None:
        """To Alertmanager's figure."""
        return self.measured / self.beside if self.beside else None

    @property
    def verdict(self) -> Verdict:
        """The better of the two aims that is met."""
        holds = [
            b.holds(self.measured, self.beside) if b else None for b in (self.check.first, self.check.goal)
        ]
        if holds == [None, None]:
            return Verdict.TOLD
        if holds[1]:
            return Verdict.GOAL
        if holds[0] is None:
            return Verdict.NOT_YET
        return Verdict.FIRST if holds[0] else Verdict.MISSED


def _times(value: float) -> Bound:
    return Bound(value, relative=True)


def _least(value: float, *, relative: bool = False) -> Bound:
    return Bound(value, at_least=True, relative=relative)


def _accept(system: str, *, judged: bool = False) -> list[Check]:
    """The aims are for a detector that only accepts; with its lanes, and with all else, the same is told."""

    def check(row: str, what: str, figure: str, first: Bound, goal: Bound) -> Check:
        aims = (first, goal) if judged else (None, None)
        return Check(row, what, figure, system, aims[0], aims[1], beside=True)

    return [
        check(accept.ROW_64, "alerts/s", "rate", _least(0.6, relative=True), _least(1.5, relative=True)),
        check(accept.ROW_64, "p99 ms", "p99_ms", _times(0.5), _times(0.25)),
        check(accept.ROW_64, "CPU-ms/alert", "cpu_ms", _times(2), _times(0.7)),
        check(accept.ROW_1, "p50 ms", "p50_ms", Bound(1.0), Bound(0.5)),
        check(accept.ROW_50, "alerts/s", "rate", _least(1, relative=True), _least(3, relative=True)),
    ]


def _through(system: str) -> list[Check]:
    return [
        Check(through.ROW, "alerts/s", "rate", system, _least(1000), _least(5000)),
        Check(through.ROW, "CPU-ms/alert", "cpu_ms", system),
        Check(through.ROW_INCIDENTS, "alerts/s", "rate", system),
        Check(through.ROW_INCIDENTS, "CPU-ms/alert", "cpu_ms", system),
    ]


def _storm(system: str) -> list[Check]:
    row = storm.ROW
    return [
        Check(row, "first page, ms after the first alert", "first_page_ms", system, Bound(100), Bound(20)),
        Check(row, "notifications", "notifications", system, Bound(6), Bound(6)),
        Check(row, "last page, s after the last alert", "last_page_s", system, None, Bound(1)),
        Check(row, "refused", "refused", system, Bound(0), Bound(0)),
        Check(row, "lost", "lost", system, Bound(0), Bound(0)),
        Check(row, "accept p99, times calm", "accept_p99_ratio", system, Bound(4), Bound(4)),
        Check(row, "others' page p99, times calm", "others_p99_ratio", system, None, Bound(2)),
    ]


CHECKS = [
    *_accept(LANES_OFF, judged=True),
    *_accept(LANES_ON),
    *_accept(UP),
    *_through(FIVE),
    *_through(UP),
    Check(page.ROW, "p50 ms", "p50_ms", FIVE, Bound(25), _times(5), True),
    Check(page.ROW, "p99 ms", "p99_ms", FIVE, Bound(100), _times(10), True),
    Check(page.ROW, "p50 ms", "p50_ms", UP, Bound(20), _times(4), True),
    Check(page.ROW, "p99 ms", "p99_ms", UP, beside=True),
    *_storm(FIVE),
    *_storm(UP),
    Check(idle.ROW, "% of a core, PostgreSQL with it", "cpu_percent", FIVE, Bound(3)),
    Check(idle.ROW, "% of a core, Kafka alone", "cpu_percent_kafka", FIVE),
    Check(idle.ROW, "% of a core, PostgreSQL with it", "cpu_percent", UP, Bound(3)),
    Check(idle.ROW, "MiB PSS, PostgreSQL with it", "pss_mib", UP, Bound(350)),
    Check(idle.ROW, "MiB PSS of the largest service", "service_pss_mib", FIVE, None, Bound(64)),
    Check(idle.ROW_START, "s until the slowest service is ready", "ready_s", FIVE, Bound(2), Bound(1.5)),
    Check(idle.ROW_START, "s until all is ready, second start", "ready_s", UP, Bound(5)),
    Check(growth.ROW, "accept CPU, full by empty", "cpu_ratio", DETECTOR, Bound(1.25), Bound(1.15)),
    Check(growth.ROW, "open alerts when full", "open_alerts", DETECTOR),
    Check(growth.ROW, "ms, first page of the list of alerts", "list_ms_alerts", DETECTOR, None, Bound(10)),
]


def results(book: Book) -> list[Result]:
    """The checks whose figures were measured."""
    found = ((check, book.figure(check.row, check.system, check.figure)) for check in CHECKS)
    return [
        Result(check, measured, book.figure(check.row, AM, check.figure) if check.beside else None)
        for check, measured in found
        if measured is not None
    ]
