"""`/api/v1/analytics`: figures, the incidents behind them, and their course over time, as JSON and as CSV."""

from typing import Annotated, Any

from fastapi import Query, Request, Response

from tocsin_access.directory import Directory
from tocsin_analytics.api.question import QuestionParams, Reader
from tocsin_analytics.api.schemas import (
    DefinitionOut,
    DefinitionsOut,
    IncidentOut,
    InterruptionsOut,
    PointOut,
    SeriesOut,
    SummaryOut,
)
from tocsin_analytics.api.table import csv_answer, wants_csv
from tocsin_analytics.api.tables import (
    INCIDENTS,
    INTERRUPTIONS,
    SUMMARY,
    incident_rows,
    interruption_rows,
    series_table,
    summary_rows,
)
from tocsin_analytics.domain.definitions import DEFINITIONS, RULES
from tocsin_analytics.domain.figures import ALERT_SEVERITIES, SEVERITIES
from tocsin_analytics.domain.interruptions import order
from tocsin_analytics.domain.periods import Step
from tocsin_analytics.store.queries import FigureQueries, last_seen, place
from tocsin_analytics.usecases.ask import course, interrupted, summary
from tocsin_chassis.listing import Listing, ListQueryParams, link_next
from tocsin_chassis.requests import ReadConnection
from tocsin_chassis.routing import api_router

router = api_router(prefix="/api/v1/analytics", tags=["analytics"])
AS_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}}
SCALES = {"incidents": SEVERITIES, "alerts": ALERT_SEVERITIES}
By = Annotated[Step, Query(description="How finely the course is cut.")]


@router.get("/summary", name="analytics_summary", response_model=SummaryOut, responses=AS_CSV)
@router.get("/summary.csv", name="analytics_summary_csv", include_in_schema=False, response_model=None)
async def get_summary(
    request: Request, question: QuestionParams, conn: ReadConnection
) -> SummaryOut | Response:
    """The figures of a period, each with n, its spread, and the change from the period before."""
    queries = FigureQueries(conn)
    found = await summary(question, queries)
    if wants_csv(request):
        return csv_answer("summary", SUMMARY, summary_rows(found))
    return SummaryOut.of(found, await queries.last_applied_at())


@router.get("/incidents.csv", name="analytics_incidents_csv", include_in_schema=False, response_model=None)
async def get_incidents_csv(question: QuestionParams, conn: ReadConnection) -> Response:
    """All incidents behind the figures, newest first."""
    rows = await FigureQueries(conn).facts(question.period, of=question.of, drills=question.drills)
    return csv_answer("incidents", INCIDENTS, incident_rows(rows))


@router.get("/incidents", name="analytics_incidents", response_model=Listing[IncidentOut], responses=AS_CSV)
async def get_incidents(
    request: Request,
    response: Response,
    question: QuestionParams,
    listed: ListQueryParams,
    conn: ReadConnection,
) -> Listing[IncidentOut] | Response:
    """The incidents behind the figures, newest first; as CSV all of them at once."""
    if wants_csv(request):
        return await get_incidents_csv(question, conn)
    rows = await FigureQueries(conn).facts(
        question.period,
        of=question.of,
        drills=question.drills,
        after=last_seen(listed.after),
        limit=listed.limit + 1,
    )
    shown, cursor = listed.cut(rows, place)
    link_next(request, response, cursor)
    return Listing[IncidentOut](items=[IncidentOut.of(row) for row in shown], next=cursor)


@router.get("/series/{metric}", name="analytics_series", response_model=SeriesOut, responses=AS_CSV)
@router.get("/series/{metric}.csv", name="analytics_series_csv", include_in_schema=False, response_model=None)
async def get_series(
    request: Request, metric: str, question: QuestionParams, conn: ReadConnection, by: By = Step.WEEK
) -> SeriesOut | Response:
    """The course of one duration, of `incidents` or of `alerts`, by when they began."""
    points = await course(metric, question, step=by, queries=FigureQueries(conn))
    if wants_csv(request):
        header, rows = series_table(points, SCALES.get(metric, ()))
        return csv_answer(f"{metric}-by-{by}", header, rows)
    told = [PointOut.of(point) for point in points]
    return SeriesOut(metric=metric, by=by, timezone=question.zone.key, points=told)


@router.get(
    "/interruptions.csv", name="analytics_interruptions_csv", include_in_schema=False, response_model=None
)
async def get_interruptions_csv(question: QuestionParams, conn: ReadConnection) -> Response:
    """Everybody whom pages disturbed, the most disturbed first."""
    rows = await interrupted(question, queries=FigureQueries(conn), directory=Directory(conn))
    return csv_answer("interruptions", INTERRUPTIONS, interruption_rows(rows))


@router.get(
    "/interruptions",
    name="analytics_interruptions",
    response_model=Listing[InterruptionsOut],
    responses=AS_CSV,
)
async def get_interruptions(
    request: Request,
    response: Response,
    question: QuestionParams,
    listed: ListQueryParams,
    conn: ReadConnection,
) -> Listing[InterruptionsOut] | Response:
    """Whom pages disturbed in the period, at work, off work or asleep; the most disturbed first, as CSV all at once."""
    if wants_csv(request):
        return await get_interruptions_csv(question, conn)
    rows = await interrupted(question, queries=FigureQueries(conn), directory=Directory(conn))
    shown, cursor = listed.cut_whole(rows, lambda row: [*order(row)])
    link_next(request, response, cursor)
    return Listing[InterruptionsOut](items=[InterruptionsOut.of(row) for row in shown], next=cursor)


@router.get("/definitions", name="analytics_definitions", response_model=DefinitionsOut)
async def get_definitions(_: Reader) -> DefinitionsOut:
    """What every figure means, and the rules that hold for all of them."""
    told = {metric: DefinitionOut.of(definition) for metric, definition in DEFINITIONS.items()}
    return DefinitionsOut(durations=told, rules=RULES)
