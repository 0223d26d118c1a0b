"""The query string of `/alerts`, read leniently: what makes no sense is not looked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request

from tocsin_chassis.references import incident_named
from tocsin_detector.domain.alert import Status
from tocsin_detector.domain.severity import Severity
from tocsin_detector.store.queries import AlertFilter

_SINGLE = ("integration_id", "dedup_key", "service", "source", "group_key", "incident_id")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the URL asks for. `params` is the query as a dict of lists, without the cursor."""

    wanted: AlertFilter
    params: Mapping[str, Sequence[str]]

    @property
    def others(self) -> list[tuple[str, str]]:
        """The filters that have no chips of their own."""
        return [(name, self.params[name][-1]) for name in _SINGLE if name in self.params]

    def url(self, cursor: str | None = None) -> str:
        """The same question, from the cursor on."""
        query = urlencode({**self.params, **({"cursor": cursor} if cursor else {})}, doseq=True)
        return f"/alerts?{query}" if query else "/alerts"


def asked_by(request: Request) -> Asked:
    """Read the query string."""
    query = request.query_params
    params = {
        name: [value.replace("\x00", "")[:600] for value in query.getlist(name) if value]
        for name in (*_SINGLE, "status", "severity")
    }
    params = {name: values for name, values in params.items() if values}
    single = {name: values[-1] for name, values in params.items()}
    wanted = AlertFilter(
        integration_id=_uuid(single.get("integration_id")),
        dedup_key=single.get("dedup_key"),
        status=tuple(status for status in Status if status.value in params.get("status", ())),
        severity=tuple(severity for severity in Severity if severity.value in params.get("severity", ())),
        service=single.get("service"),
        source=single.get("source"),
        group_key=single.get("group_key"),
        incident_id=_incident(single.get("incident_id")),
    )
    return Asked(wanted, params)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _incident(text: str | None) -> UUID | int | None:
    try:
        return incident_named(text) if text else None
    except ValueError:
        return None
