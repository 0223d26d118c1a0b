"""Planned work as somebody types it: on the wall clock of where they live."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from tocsin_chassis.moments import EARLIEST, LATEST
from tocsin_comms.domain.checks import name_problem
from tocsin_comms.domain.maintenance import Maintenance
from tocsin_runtime.text import clean

TYPED = "%Y-%m-%dT%H:%M"
LONGEST_BODY = 5_000
ENTER_A_TIME = "Enter a day and a time."


@dataclass(frozen=True, slots=True)
class Planned:
    """What the form says, once nothing is wrong with it. Times are aware UTC."""

    name: str
    body: str
    starts_at: datetime
    ends_at: datetime
    component_ids: frozenset[UUID]


class WorkForm(BaseModel):
    """The fields as typed; whatever they are, they come back with words beside them."""

    name: str = ""
    body: str = ""
    starts_at: str = ""
    ends_at: str = ""
    component_ids: list[UUID] = []
    csrf: str = ""

    def planned(self, zone: ZoneInfo, errors: dict[str, str]) -> Planned | None:
        """The work that is meant, in that zone; None when there are errors, by field name.

        Of a time that comes twice a start is the first and an end the last; one that is skipped is as much later.
        """
        name, body = clean(self.name).strip(), clean(self.body).strip()
        begins, ends = _instant(self.starts_at, zone, fold=0), _instant(self.ends_at, zone, fold=1)
        if problem := name_problem(name):
            errors["name"] = f"The name {problem}."
        if len(body) > LONGEST_BODY:
            errors["body"] = f"Write at most {LONGEST_BODY} characters."
        if begins is None:
            errors["starts_at"] = ENTER_A_TIME
        if ends is None:
            errors["ends_at"] = ENTER_A_TIME
        if begins is not None and ends is not None and ends <= begins:
            errors["ends_at"] = "Choose an end that is after the beginning."
        if not self.component_ids:
            errors["component_ids"] = "Choose what is worked on."
        if errors or begins is None or ends is None:
            return None
        return Planned(name, body, begins, ends, frozenset(self.component_ids))


def form_of(work: Maintenance, zone: ZoneInfo) -> WorkForm:
    """The form as it shows work that is planned already."""
    return WorkForm(
        name=work.name,
        body=work.body,
        starts_at=work.starts_at.astimezone(zone).strftime(TYPED),
        ends_at=work.ends_at.astimezone(zone).strftime(TYPED),
        component_ids=sorted(work.component_ids),
    )


def _instant(text: str, zone: ZoneInfo, *, fold: int) -> datetime | None:
    try:
        local = datetime.strptime(text, TYPED).replace(tzinfo=zone, fold=fold)
        instant = local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return instant if EARLIEST <= instant <= LATEST else None
