"""The page's URL, read into a question and written again with one part changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from fastapi import Request
from starlette.datastructures import QueryParams

from tocsin_analytics.domain.periods import InvalidPeriod, Step, following
from tocsin_analytics.usecases.question import DEFAULT_DAYS, Asked
from tocsin_runtime.text import clean

PAGE, API = "/analytics", "/api/v1/analytics"
PRESETS = (7, 30, 90)
_KEPT = ("from", "to", "days", "service", "team", "severity", "drills")


@dataclass(frozen=True, slots=True)
class Address:
    """What the page was asked for. `params` is the query as a dict of lists, for filters."""

    asked: Asked
    params: Mapping[str, list[str]]

    @property
    def custom(self) -> bool:
        """Whether a period of its own was asked for instead of the last so many days."""
        return bool(self.asked.start or self.asked.end)

    def page(self, anchor: str = "", **changed: str | list[str] | None) -> str:
        """The page with some parameters changed, or left out when None. `since` stands for `from`."""
        return f"{PAGE}{self._query(changed)}{anchor}"

    def api(self, path: str, **changed: str | list[str] | None) -> str:
        """The same question to the API."""
        return f"{API}/{path}{self._query(changed)}"

    def chart(self, name: str) -> str:
        """Where the chart of that name gets its numbers."""
        return f"{PAGE}/charts/{name}.json{self._query({})}"

    def bucket(self, start: date, step: Step) -> str:
        """The incidents of one day, week or month."""
        last = following(start, step) - timedelta(days=1)
        return self.page("#incidents", since=start.isoformat(), to=last.isoformat(), days=None)

    def _query(self, changed: Mapping[str, str | list[str] | None]) -> str:
        named = {"from" if name == "since" else name: value for name, value in changed.items()}
        query = urlencode({k: v for k, v in {**self.params, **named}.items() if v is not None}, doseq=True)
        return f"?{query}" if query else ""


def read_address(request: Request) -> Address:
    """What the URL asks for. Raises InvalidPeriod for days that are none."""
    query = request.query_params
    params = {name: [clean(value) for value in query.getlist(name) if value] for name in _KEPT}
    params = {name: values for name, values in params.items() if values}
    asked = Asked(
        start=_last(params, "from"),
        end=_last(params, "to"),
        days=_days(query),
        services=params.get("service", []),
        teams=params.get("team", []),
        severities=params.get("severity", []),
        drills=_last(params, "drills") in ("1", "true", "on"),
    )
    return Address(asked, params)


def _last(params: Mapping[str, list[str]], name: str) -> str | None:
    return params[name][-1] if name in params else None


def _days(query: QueryParams) -> int:
    written = query.get("days") or str(DEFAULT_DAYS)
    if not written.isascii() or not written.isdigit() or not 1 <= int(written[:5]) <= 1100:
        raise InvalidPeriod("'days' is a whole number from 1 to 1100.", pointer="days")
    return int(written)
