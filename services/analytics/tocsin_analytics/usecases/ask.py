"""Somebody asks: gather the rows of a period, and of the one before, and let the domain sum them up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from zoneinfo import ZoneInfo

from tocsin_access.directory import Directory
from tocsin_analytics.domain.durations import Metric
from tocsin_analytics.domain.errors import UnknownSeries
from tocsin_analytics.domain.figures import (
    CountPoint,
    DurationPoint,
    Summary,
    alerts_over_time,
    counts_over_time,
    durations_over_time,
    summarise,
)
from tocsin_analytics.domain.interruptions import Interruptions, interruptions
from tocsin_analytics.domain.periods import Period, Step, known_zone
from tocsin_analytics.store.queries import FigureQueries
from tocsin_analytics.usecases.question import Question


@dataclass(frozen=True, slots=True)
class Board:
    """Everything that the page shows, made from one reading of the rows."""

    summary: Summary
    step: Step
    recover: list[DurationPoint]
    acknowledge: list[DurationPoint]
    counts: list[CountPoint]
    interruptions: list[Interruptions]
    services: list[str]
    last_event_at: datetime | None


async def board(question: Question, *, step: Step, queries: FigureQueries, directory: Directory) -> Board:
    """The figures, their course, and whom it disturbed."""
    rows = await queries.incidents(question.period.before().start, question.period.end, of=question.of)
    of = _Of(period=question.period, step=step, zone=question.zone, drills=question.drills)
    return Board(
        summary=summarise(rows, question.period, drills=question.drills),
        step=step,
        recover=durations_over_time(rows, Metric.RECOVER, **of),
        acknowledge=durations_over_time(rows, Metric.ACKNOWLEDGE, **of),
        counts=counts_over_time(rows, **of),
        interruptions=await interrupted(question, queries=queries, directory=directory),
        services=await queries.services(),
        last_event_at=await queries.last_applied_at(),
    )


class _Of(TypedDict):
    period: Period
    step: Step
    zone: ZoneInfo
    drills: bool


async def summary(question: Question, queries: FigureQueries) -> Summary:
    """The figures of the period beside those of the one before."""
    rows = await queries.incidents(question.period.before().start, question.period.end, of=question.of)
    return summarise(rows, question.period, drills=question.drills)


async def durations(
    question: Question, metric: Metric, *, step: Step, queries: FigureQueries
) -> list[DurationPoint]:
    """One metric per day, week or month."""
    rows = await queries.incidents(question.period.start, question.period.end, of=question.of)
    return durations_over_time(
        rows, metric, period=question.period, step=step, zone=question.zone, drills=question.drills
    )


async def counts(question: Question, *, step: Step, queries: FigureQueries) -> list[CountPoint]:
    """How many incidents began per day, week or month."""
    rows = await queries.incidents(question.period.start, question.period.end, of=question.of)
    return counts_over_time(
        rows, period=question.period, step=step, zone=question.zone, drills=question.drills
    )


async def course(
    metric: str, question: Question, *, step: Step, queries: FigureQueries
) -> Sequence[DurationPoint | CountPoint]:
    """The course of a metric, of `incidents` or of `alerts`. Raises UnknownSeries."""
    if metric == "incidents":
        return await counts(question, step=step, queries=queries)
    if metric == "alerts":
        return await alerts(question, step=step, queries=queries)
    if metric not in list(Metric):
        known = ", ".join([*Metric, "incidents", "alerts"])
        raise UnknownSeries(f"There is no series {metric!r}. There are: {known}.")
    return await durations(question, Metric(metric), step=step, queries=queries)


async def alerts(question: Question, *, step: Step, queries: FigureQueries) -> list[CountPoint]:
    """How many alerts began per day, week or month."""
    began = await queries.alerts(question.period, of=question.of)
    return alerts_over_time(began, period=question.period, step=step, zone=question.zone)


async def interrupted(
    question: Question, *, queries: FigureQueries, directory: Directory
) -> list[Interruptions]:
    """Whom pages disturbed, each in the person's own zone."""
    pages = await queries.pages(question.period, of=question.of, drills=question.drills)
    users = await directory.users() if pages else []
    zones = {user.id: zone for user in users if (zone := known_zone(user.timezone))}
    return interruptions(pages, zones)
