"""Somebody asks: gather the rows of a period, and of the one before, and let the domain sum them up."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from tocsin_access.directory import Directory
from tocsin_access.entries import Team
from tocsin_analytics.domain.durations import Metric
from tocsin_analytics.domain.errors import UnknownTeam
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
from tocsin_analytics.domain.rows import IncidentRow
from tocsin_analytics.store.queries import EVERYTHING, FigureQueries, Selection


@dataclass(frozen=True, slots=True)
class Question:
    """Which incidents, of which time, in whose calendar, and whether drills instead of real ones."""

    period: Period
    zone: ZoneInfo
    of: Selection = EVERYTHING
    drills: bool = False


async def rows_for(question: Question, queries: FigureQueries) -> list[IncidentRow]:
    """The incidents of the period and of the one before, which all figures are made of."""
    return await queries.incidents(question.period.before().start, question.period.end, of=question.of)


async def summary(question: Question, queries: FigureQueries) -> Summary:
    """The figures of the period beside those of the one before."""
    return summarise(await rows_for(question, queries), question.period, drills=question.drills)


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


async def choose(
    directory: Directory, *, services: Sequence[str], teams: Sequence[str], severities: Sequence[str]
) -> Selection:
    """Find what is called so, by id, slug or name. Raises UnknownTeam.

    An unknown service is no error: incidents keep the name that a service had, also when it is gone.
    """
    found = [await directory.service_named(name) for name in services]
    ids = [service.id for service in found if service is not None]
    known = await directory.teams() if teams else []
    return Selection(
        service_ids=(*ids, *(given for name in services if (given := _as_id(name)))),
        service_names=tuple(name.strip().lower() for name in services),
        team_ids=tuple(_team(name, known) for name in teams),
        severities=tuple(severities),
    )


def _team(name: str, known: Sequence[Team]) -> UUID:
    given = _as_id(name)
    wanted = name.strip().lower()
    found = next((team.id for team in known if wanted in (team.slug.lower(), team.name.lower())), given)
    if found is None:
        raise UnknownTeam(f"No team is called {name!r}. Give its name, slug or id.")
    return found


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
