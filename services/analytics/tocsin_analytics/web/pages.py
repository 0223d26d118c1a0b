"""`/analytics`: how fast incidents are found, answered and ended, and whether that changes."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse

from tocsin_access.dependencies import page_viewer
from tocsin_access.directory import Directory
from tocsin_access.principal import Principal
from tocsin_analytics.domain.definitions import RULES
from tocsin_analytics.domain.durations import Metric, measure
from tocsin_analytics.domain.errors import UnknownSeries
from tocsin_analytics.domain.figures import SEVERITIES
from tocsin_analytics.domain.sentences import figure_sentence, frequency_sentence, severity_sentence
from tocsin_analytics.store.queries import FactRow, FigureQueries, last_seen, place
from tocsin_analytics.usecases.ask import Board, board, counts, durations, summary
from tocsin_analytics.usecases.question import Question, understand
from tocsin_analytics.web.asked import PRESETS, Address, read_address
from tocsin_analytics.web.charts import (
    day_words,
    durations_chart,
    incidents_chart,
    long_day,
    severity_chart,
    step_for,
)
from tocsin_analytics.web.view import line, stats
from tocsin_chassis.listing import ListQueryParams
from tocsin_chassis.render import page
from tocsin_chassis.requests import ReadConnection, get_service
from tocsin_chassis.routing import page_router

router = page_router()
ROWS = 20
Reader = Annotated[Principal, Depends(page_viewer("analytics:read"))]
SHOWN_METRICS = (Metric.ACKNOWLEDGE, Metric.MITIGATE, Metric.RECOVER)


async def read_question(request: Request, principal: Reader, conn: ReadConnection) -> Question:
    """What the URL asks for, in the reader's calendar."""
    now = await get_service(request).platform.clock.now(conn)
    asked = read_address(request).asked
    return await understand(asked, zone=principal.timezone, now=now, directory=Directory(conn))


QuestionParams = Annotated[Question, Depends(read_question)]


@router.get("/analytics", name="analytics")
async def show_figures(
    request: Request,
    principal: Reader,
    question: QuestionParams,
    listed: ListQueryParams,
    conn: ReadConnection,
) -> HTMLResponse:
    """The figures, what they are made of, and whom it disturbed."""
    address, queries = read_address(request), FigureQueries(conn)
    step = step_for(question.period)
    found = await board(question, step=step, queries=queries, directory=Directory(conn))
    listed = replace(listed, limit=min(listed.limit, ROWS))
    rows = await queries.facts(
        question.period,
        of=question.of,
        drills=question.drills,
        after=last_seen(listed.after),
        limit=listed.limit + 1,
    )
    shown, cursor = listed.cut(rows, place)
    context = {**_words(found), **_filters(address, question, found), "rows": [_row(row) for row in shown]}
    return page(request, "analytics.html", principal, board=found, address=address, next=cursor, **context)


@router.get("/analytics/charts/{name}.json", name="analytics_chart")
async def draw_chart(
    request: Request, name: str, question: QuestionParams, conn: ReadConnection
) -> JSONResponse:
    """What one chart of the page draws."""
    address, queries, step = read_address(request), FigureQueries(conn), step_for(question.period)
    match name:
        case "incidents":
            counted = await counts(question, step=step, queries=queries)
            spec = incidents_chart(
                counted, step, links=[address.bucket(each.start, step) for each in counted]
            )
        case "severity":
            frequency = (await summary(question, queries)).frequency
            links = [address.page("#incidents", severity=severity) for severity in SEVERITIES]
            spec = severity_chart(frequency, links=links)
        case "recover" | "acknowledge":
            points = await durations(question, Metric(name), step=step, queries=queries)
            spec = durations_chart(points, step, links=[address.bucket(each.start, step) for each in points])
        case _:
            raise UnknownSeries(f"There is no chart {name!r}.")
    return JSONResponse(spec, headers={"cache-control": "no-store"})


def _words(found: Board) -> dict[str, Any]:
    figures, frequency = found.summary.figures, found.summary.frequency
    return {
        "stats": stats(figures, frequency),
        "lines": [line(figure) for figure in figures.values()],
        "titles": {
            "recover": figure_sentence(figures[Metric.RECOVER]),
            "acknowledge": figure_sentence(figures[Metric.ACKNOWLEDGE]),
            "severity": severity_sentence(frequency),
            "incidents": frequency_sentence(frequency),
        },
        "rules": RULES,
        "day_words": lambda start: day_words(start, found.step),
    }


def _filters(address: Address, question: Question, found: Board) -> dict[str, Any]:
    presets = [(f"{days} days", address.page(days=str(days), since=None, to=None)) for days in PRESETS]
    here = address.page(days=str(address.asked.days), since=None, to=None)
    first = question.period.start.astimezone(question.zone).date()
    last = (question.period.end - timedelta(microseconds=1)).astimezone(question.zone).date()
    days = (last - first).days + 1
    services = [*found.services, *(each for each in address.asked.services if each not in found.services)]
    length = "day" if days == 1 else f"{days} days"
    return {
        "presets": presets,
        "preset": "" if address.custom else here,
        "first_day": first,
        "last_day": last,
        "period_words": f"{long_day(first)} to {long_day(last)}, compared with the {length} before",
        "groups": [
            {"name": "severity", "label": "Severity", "options": [(each, each) for each in SEVERITIES]},
            {"name": "service", "label": "Service", "options": [(each, each) for each in services]},
        ],
    }


def _row(row: FactRow) -> dict[str, Any]:
    durations = {metric.value: measure(row.incident, metric) for metric in SHOWN_METRICS}
    return {"incident": row.incident, "severities": row.severities, "durations": durations}
