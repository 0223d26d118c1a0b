"""What somebody wants to know: which incidents, of which time, in whose calendar."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from tocsin_access.directory import Directory
from tocsin_access.entries import Team
from tocsin_analytics.domain.errors import UnknownTeam
from tocsin_analytics.domain.periods import Period, period_between, zone_named
from tocsin_analytics.store.queries import EVERYTHING, Selection

DEFAULT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Asked:
    """The question as it was written down. Services and teams are ids, slugs or names; `zone` is an IANA name."""

    start: str | None = None
    end: str | None = None
    days: int = DEFAULT_DAYS
    services: Sequence[str] = ()
    teams: Sequence[str] = ()
    severities: Sequence[str] = ()
    drills: bool = False
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """The question as it is meant. With `drills` it is about drills instead of real incidents."""

    period: Period
    zone: ZoneInfo
    of: Selection = EVERYTHING
    drills: bool = False


async def understand(asked: Asked, *, zone: str | None, now: datetime, directory: Directory) -> Question:
    """What is meant, in the asker's zone unless it names one. Raises InvalidPeriod, UnknownZone or UnknownTeam."""
    calendar = zone_named(asked.zone or zone or "UTC")
    period = period_between(asked.start, asked.end, days=asked.days, now=now, zone=calendar)
    return Question(period, calendar, await choose(asked, directory), asked.drills)


async def choose(asked: Asked, directory: Directory) -> Selection:
    """Find the services and teams that are called so. Raises UnknownTeam.

    An unknown service is no error: incidents keep the name that a service had, also when it is gone.
    """
    found = [await directory.service_named(name) for name in asked.services]
    ids = [service.id for service in found if service is not None]
    known = await directory.teams() if asked.teams else []
    return Selection(
        service_ids=(*ids, *(given for name in asked.services if (given := _as_id(name)))),
        service_names=tuple(name.strip().lower() for name in asked.services),
        team_ids=tuple(_team(name, known) for name in asked.teams),
        severities=tuple(asked.severities),
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
