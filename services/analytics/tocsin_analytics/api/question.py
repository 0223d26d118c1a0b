"""The query parameters that every figure takes."""

from typing import Annotated

from fastapi import Depends, Query, Request

from tocsin_access.dependencies import require
from tocsin_access.directory import Directory
from tocsin_access.principal import Principal
from tocsin_analytics.usecases.question import DEFAULT_DAYS, Asked, Question, understand
from tocsin_chassis.requests import ReadConnection, get_service
from tocsin_events.incidents import Severity
from tocsin_runtime.text import clean

Name = Annotated[str, Query(max_length=200)]
FROM = (
    "The first day of the period, or the moment it begins (RFC 3339). Default: so many days before the end."
)
TO = "The last day of the period, all of it included, or the moment it ends. Default: today."
SERVICE = "Only incidents of this service, by id, slug or name; several may be given."
TEAM = "Only incidents of this team, by id, slug or name; several may be given."
DRILLS = "The figures of drills instead of those of real incidents; the two are never mixed."
ZONE = "The time zone of days and weeks, as an IANA name. Default: yours, else UTC."

Reader = Annotated[Principal, Depends(require("analytics:read"))]


def read_asked(
    start: Annotated[str | None, Query(alias="from", max_length=40, description=FROM)] = None,
    end: Annotated[str | None, Query(alias="to", max_length=40, description=TO)] = None,
    days: Annotated[int, Query(ge=1, le=1100)] = DEFAULT_DAYS,
    service: Annotated[list[Name] | None, Query(max_length=50, description=SERVICE)] = None,
    team: Annotated[list[Name] | None, Query(max_length=50, description=TEAM)] = None,
    severity: Annotated[list[Severity] | None, Query(max_length=4)] = None,
    drills: Annotated[bool, Query(description=DRILLS)] = False,
    tz: Annotated[str | None, Query(max_length=64, description=ZONE)] = None,
) -> Asked:
    """The question as the URL says it."""
    services, teams = [clean(each) for each in service or []], [clean(each) for each in team or []]
    severities = [each.value for each in severity or []]
    return Asked(start, end, days, services, teams, severities, drills, tz)


async def read_question(
    request: Request, asked: Annotated[Asked, Depends(read_asked)], principal: Reader, conn: ReadConnection
) -> Question:
    """The question as it is meant. A bad one ends the request with 422 and says what to change."""
    now = await get_service(request).platform.clock.now(conn)
    return await understand(asked, zone=principal.timezone, now=now, directory=Directory(conn))


QuestionParams = Annotated[Question, Depends(read_question)]
