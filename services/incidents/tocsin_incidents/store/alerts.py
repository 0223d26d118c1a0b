"""Which alerts and groups of alerts belong to which incident.

The road of a storm: an alert that joins costs one look-up and one insert, and touches no row that another alert
of the storm touches. What has joined or ended is `pending` until `usecases/settle.py` counts it, many at once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_bus.unit_of_work import Cause
from tocsin_incidents.domain.catalogue import Service
from tocsin_incidents.domain.correlation import Candidate
from tocsin_incidents.domain.incident import Status
from tocsin_incidents.domain.severity import DEFAULT_MAP, Severity, SeverityMap, severity_or_none
from tocsin_incidents.store.services import load, severity_map_of
from tocsin_incidents.store.tables import services
from tocsin_runtime.statement import Row, Statement, to_json
from tocsin_runtime.writes import Write

PENDING = "SELECT FROM incident_alerts WHERE pending"
"""Finds a row when some alert waits to be counted."""

OPENING_LOCK = 0x746F6370
"""The class of the advisory locks under which one service, or one group, opens incidents one after another."""

Place = tuple[UUID, UUID | None]
"""A group, and the service that its alerts are of."""


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What one statement finds: what the alert's service makes of severities, and its group's open incident.

    `service_id` is None when the catalogue has no such service.
    """

    severity_map: SeverityMap
    group: Candidate | None
    service_id: UUID | None = None

    @property
    def lone(self) -> bool:
        """No incident of the group is open; one that an alert joined while it was resolved waits to be let go."""
        return self.group is None or not self.group.status.is_open


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What decides where no incident of the group is open: the group's last one, and the service's youngest open one.

    Drills do not count as the service's.
    """

    service: Service | None
    last: Candidate | None
    youngest: Candidate | None


@dataclass(frozen=True, slots=True)
class Joined:
    """An alert that belongs to an incident now, with the rule's reason."""

    alert_id: UUID
    incident_id: UUID
    group_id: UUID
    title: str
    severity: str
    reason: str


@dataclass(frozen=True, slots=True)
class Settled:
    """What was pending: alerts that joined, oldest first, how many of those fire, how many others ended.

    `ended_with` of those that ended did so because a person resolved their incident. What led to the first that joined,
    to the first that fires still and to the last that ended is None where the release before wrote it down.
    """

    joined: list[Joined]
    joined_firing: int
    ended: int
    total: int
    ended_with: int = 0
    joined_by: Cause | None = None
    fired_by: Cause | None = None
    ended_by: Cause | None = None

    @property
    def only_followed(self) -> bool:
        """Whether all that happened is that alerts ended because their incident had been resolved."""
        return not self.joined and 0 < self.ended == self.ended_with


class AlertRepository:
    """Alerts and groups, by incident."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    async def first_looks(self, places: Collection[Place]) -> dict[Place, FirstLook]:
        """The same for many at once, by group and service."""
        wanted = sorted(places, key=str)
        groups, services = [place[0] for place in wanted], [place[1] for place in wanted]
        rows = await _FIRST_LOOKS.rows(self._conn, groups=groups, services=services)
        return {place: _first_look(row) for place, row in zip(wanted, rows, strict=True)}

    async def first_look(self, group_id: UUID, service_id: UUID | None) -> FirstLook:
        """What is needed to place an alert in a storm."""
        row = await _FIRST_LOOK.row(self._conn, group_id=group_id, service_id=service_id)
        assert row is not None, "a row without a table always comes back"
        return _first_look(row)

    async def second_looks(self, places: Sequence[Place]) -> list[SecondLook]:
        """For each, in the order given. Hold the lock by which they open."""
        groups, services_of = [place[0] for place in places], [place[1] for place in places]
        rows = await _SECOND_LOOKS.rows(self._conn, groups=groups, services=services_of)
        return [
            SecondLook(
                load(row) if row["id"] else None,
                _candidate(row, "last_"),
                _candidate(row, "youngest_"),
            )
            for row in rows
        ]

    async def were_of(
        self, incidents: Collection[UUID], groups: Collection[UUID]
    ) -> dict[UUID, frozenset[UUID]]:
        """Which of these incidents each of these groups has belonged to; groups of none are left out."""
        rows = await _WERE_OF.rows(self._conn, incidents=list(incidents), groups=list(groups))
        return {row["group_id"]: frozenset(row["incident_ids"]) for row in rows}

    async def counted_in(self, alert_id: UUID) -> UUID | None:
        """The incident that counts this alert as firing. Holds the alert, so that `settle` does not count it now."""
        row = await _COUNTED_IN.row(self._conn, alert_id=alert_id)
        return None if row is None else row["incident_id"]

    async def incident_of(self, alert_id: UUID) -> Candidate | None:
        """The incident that a firing alert belongs to."""
        return _candidate(await _INCIDENT_OF.row(self._conn, alert_id=alert_id))

    async def lock_opening(self, scopes: Collection[UUID]) -> None:
        """Let nobody else open an incident for these services, or groups, until the end of the transaction.

        The locks come in one order, so that two who want several of them do not wait for each other.
        """
        wanted = sorted({str(scope) for scope in scopes})
        await _LOCK_OPENING.rows(self._conn, kind=OPENING_LOCK, scopes=wanted)

    async def claim_new(self, groups: Mapping[UUID, UUID]) -> dict[UUID, int]:
        """Make each new incident, by its id, its group's open one, and number it; groups that have one are left out.

        Numbers grow as the mapping goes; a failed opening may leave one out. Waits for rivals as `claim_group` does.
        """
        rows = await _CLAIM_NEW.rows(self._conn, incidents=list(groups.keys()), groups=list(groups.values()))
        return {row["incident_id"]: row["number"] for row in rows}

    async def claim_group(self, group_id: UUID, incident_id: UUID) -> bool:
        """Make this the group's open incident; False when it has one. Waits for a rival to commit or give up."""
        if await _CLAIM_GROUP.run(self._conn, group_id=group_id, incident_id=incident_id) == 1:
            return True
        return await _CLAIM_GROUP_AGAIN.run(self._conn, group_id=group_id, incident_id=incident_id) == 1

    async def join(self, *alerts: tuple[Joined, Cause], at: datetime) -> None:
        """They belong to their incidents, and wait to be counted; each is another one."""
        columns = {name: [getattr(alert, name) for alert, _ in alerts] for name in _JOINED}
        causes = {name: [getattr(cause, name) for _, cause in alerts] for name in _CAUSE}
        await _JOIN.run(self._conn, **columns, **causes, at=at)

    async def end(self, alert_id: UUID, *, at: datetime, with_incident: bool, cause: Cause) -> bool:
        """The alert is over; False when it is of no incident, or was over before."""
        values = {"alert_id": alert_id, "at": at, "with_incident": with_incident}
        return await _END.run(self._conn, **values, **vars(cause)) == 1

    async def unsettled(self, *, now: datetime, quiet: timedelta, small: int) -> list[UUID]:
        """Incidents with something pending; one with `small` alerts or more only every `quiet`."""
        rows = await _UNSETTLED.rows(self._conn, before=now - quiet, small=small)
        return [row["incident_id"] for row in rows]

    async def settle(self, incident_id: UUID, *, most: int) -> Settled:
        """Count what is pending and not in another transaction's hands; hold the incident's lock."""
        rows = await _SETTLE.rows(self._conn, incident_id=incident_id, most=most)
        fresh = sorted((row for row in rows if not row["was_told"]), key=lambda row: row["joined_at"])
        ended = [row for row in rows if row["was_firing"] and not row["is_firing"]]
        firing = next((row for row in fresh if row["is_firing"]), None)
        last = max(ended, key=lambda row: row["ended_at"], default=None)
        return Settled(
            [Joined(**{name: row[name] for name in _JOINED}) for row in fresh],
            joined_firing=sum(row["is_firing"] for row in fresh),
            total=len(rows),
            ended=len(ended),
            ended_with=sum(row["ended_with_incident"] for row in ended),
            joined_by=_cause(fresh[0]) if fresh else None,
            fired_by=_cause(firing) if firing else None,
            ended_by=_cause(last) if last else None,
        )

    async def let_go(self, incident_id: UUID) -> None:
        """The incident is over: its groups may open another."""
        await _LET_GO.run(self._conn, incident_id=incident_id)

    async def take_back(self, incident_id: UUID) -> None:
        """The incident goes on: its groups are its own again, but for those that have another by now."""
        await _TAKE_BACK.run(self._conn, incident_id=incident_id)


def counted(alerts: Mapping[Joined, datetime]) -> Write:
    """Writes alerts that open incidents, with the time at which they did; their incidents count them from the start."""
    rows = [{**asdict(alert), "joined_at": joined_at} for alert, joined_at in alerts.items()]
    return Write(_COUNTED, {"alerts": to_json(rows)})


def _first_look(row: Row) -> FirstLook:
    stored = row["severity_map"]
    return FirstLook(
        severity_map_of(stored) if stored else DEFAULT_MAP, _candidate(row, "open_"), row["service_id"]
    )


def _cause(row: Row) -> Cause | None:
    if row["correlation_id"] is None:
        return None
    return Cause(row["correlation_id"], row["causation_id"], row["traceparent"])


def _candidate(row: Row | None, prefix: str = "") -> Candidate | None:
    if row is None or row[prefix + "id"] is None:
        return None
    return Candidate(
        row[prefix + "id"],
        Severity(row[prefix + "severity"]),
        status=Status(row[prefix + "status"]),
        opened_at=row[prefix + "opened_at"],
        resolved_at=row[prefix + "resolved_at"],
        service_id=row[prefix + "service_id"],
        asked_severity=severity_or_none(row[prefix + "asked_severity"]),
    )


_CANDIDATE = ("id", "severity", "status", "opened_at", "resolved_at", "service_id", "asked_severity")


def _as(prefix: str) -> str:
    return ", ".join(f"i.{name} AS {prefix}{name}" for name in _CANDIDATE)


_FIRST_LOOK = Statement(
    f"SELECT s.id AS service_id, s.severity_map, {_as('open_')} FROM (SELECT 1) AS one"
    " LEFT JOIN services s ON s.id = CAST(:service_id AS uuid) AND NOT s.deleted"
    " LEFT JOIN incident_groups g ON g.group_id = :group_id AND g.open"
    " LEFT JOIN incidents i ON i.id = g.incident_id"
)
_FIRST_LOOKS = Statement(
    f"SELECT s.id AS service_id, s.severity_map, {_as('open_')}"
    " FROM unnest(CAST(:groups AS uuid[]), CAST(:services AS uuid[])) WITH ORDINALITY AS w(group_id, service_id, nr)"
    " LEFT JOIN services s ON s.id = w.service_id AND NOT s.deleted"
    " LEFT JOIN incident_groups g ON g.group_id = w.group_id AND g.open"
    " LEFT JOIN incidents i ON i.id = g.incident_id ORDER BY w.nr"
)
# Ids are UUIDv7: the last of a group is the one with the greatest id, which the primary key finds.
_SECOND_LOOKS = Statement(
    f"SELECT {', '.join(f's.{column.name}' for column in services.columns)}, last.*, youngest.*"
    " FROM unnest(CAST(:groups AS uuid[]), CAST(:services AS uuid[])) WITH ORDINALITY AS w(group_id, service_id, nr)"
    " LEFT JOIN services s ON s.id = w.service_id AND NOT s.deleted"
    f" LEFT JOIN LATERAL (SELECT {_as('last_')} FROM incident_groups g JOIN incidents i ON i.id = g.incident_id"
    " WHERE g.group_id = w.group_id ORDER BY g.open DESC, g.incident_id DESC LIMIT 1) AS last ON true"
    f" LEFT JOIN LATERAL (SELECT {_as('youngest_')} FROM incidents i"
    " WHERE i.service_id = s.id AND i.rank < 5 ORDER BY i.opened_at DESC LIMIT 1) AS youngest ON true ORDER BY w.nr"
)
_WERE_OF = Statement(
    "SELECT group_id, array_agg(incident_id) AS incident_ids FROM incident_groups"
    " WHERE incident_id = ANY(CAST(:incidents AS uuid[])) AND group_id = ANY(CAST(:groups AS uuid[]))"
    " GROUP BY group_id"
)
_COUNTED_IN = Statement(
    "SELECT incident_id FROM incident_alerts WHERE alert_id = :alert_id AND counted_firing FOR UPDATE"
)
_INCIDENT_OF = Statement(
    f"SELECT {_as('')} FROM incident_alerts a"
    " JOIN incidents i ON i.id = a.incident_id WHERE a.alert_id = :alert_id AND a.ended_at IS NULL"
)
_LOCK_OPENING = Statement(
    "SELECT pg_advisory_xact_lock(CAST(:kind AS int), hashtext(scope)) FROM unnest(CAST(:scopes AS text[])) AS w(scope)"
)
_CLAIM_NEW = Statement(
    "INSERT INTO incident_groups (group_id, incident_id, open) SELECT g, i, true"
    " FROM unnest(CAST(:groups AS uuid[]), CAST(:incidents AS uuid[])) AS new(g, i)"
    " ON CONFLICT DO NOTHING RETURNING incident_id, nextval('incident_numbers') AS number"
)
_CLAIM_GROUP = Statement(
    "INSERT INTO incident_groups (group_id, incident_id, open) VALUES (:group_id, :incident_id, true)"
    " ON CONFLICT DO NOTHING"
)
_CLAIM_GROUP_AGAIN = Statement(
    "UPDATE incident_groups SET open = true WHERE group_id = :group_id AND incident_id = :incident_id"
    " AND NOT EXISTS (SELECT 1 FROM incident_groups o WHERE o.group_id = :group_id AND o.open)"
)
_JOINED = ("alert_id", "incident_id", "group_id", "title", "severity", "reason")
_CAUSE = ("correlation_id", "causation_id", "traceparent")
_INTO = (
    "INSERT INTO incident_alerts (alert_id, incident_id, group_id, title, severity, reason, joined_at,"
    " told, counted_firing, pending, correlation_id, causation_id, traceparent) "
)
_MOVED = (
    " ON CONFLICT (alert_id) DO UPDATE SET incident_id = excluded.incident_id, group_id = excluded.group_id,"
    " title = excluded.title, severity = excluded.severity, reason = excluded.reason,"
    " joined_at = excluded.joined_at, ended_at = NULL, ended_with_incident = false, told = excluded.told,"
    " counted_firing = excluded.counted_firing, pending = excluded.pending, correlation_id = excluded.correlation_id,"
    " causation_id = excluded.causation_id, traceparent = excluded.traceparent"
)
_JOIN = Statement(
    _INTO + "SELECT a, i, g, t, s, r, CAST(:at AS timestamptz), false, false, true, c, e, w FROM unnest("
    "CAST(:alert_id AS uuid[]), CAST(:incident_id AS uuid[]), CAST(:group_id AS uuid[]), CAST(:title AS text[]),"
    " CAST(:severity AS text[]), CAST(:reason AS text[]), CAST(:correlation_id AS uuid[]),"
    " CAST(:causation_id AS uuid[]), CAST(:traceparent AS text[])) AS new(a, i, g, t, s, r, c, e, w) ORDER BY a"
    + _MOVED
)
_COUNTED = Statement(
    _INTO + "SELECT alert_id, incident_id, group_id, title, severity, reason, joined_at, true, true, false,"
    " NULL, NULL, NULL"
    " FROM jsonb_populate_recordset(CAST(NULL AS incident_alerts), CAST(:alerts AS jsonb)) ORDER BY alert_id"
    + _MOVED
)
_END = Statement(
    "UPDATE incident_alerts SET ended_at = :at, ended_with_incident = CAST(:with_incident AS boolean), pending = true,"
    # What led to the joining stands until that is told.
    " correlation_id = CASE WHEN told THEN CAST(:correlation_id AS uuid) ELSE correlation_id END,"
    " causation_id = CASE WHEN told THEN CAST(:causation_id AS uuid) ELSE causation_id END,"
    " traceparent = CASE WHEN told THEN CAST(:traceparent AS text) ELSE traceparent END"
    " WHERE alert_id = :alert_id AND ended_at IS NULL"
)
_UNSETTLED = Statement(
    "SELECT DISTINCT a.incident_id FROM incident_alerts a JOIN incidents i ON i.id = a.incident_id"
    " WHERE a.pending AND (i.alert_count < :small OR i.settled_at IS NULL OR i.settled_at <= :before) LIMIT 50"
)
# A row that a consumer is just changing is skipped, not waited for: that consumer may wait for the incident.
_SETTLE = Statement(
    "WITH was AS (SELECT alert_id, told, counted_firing FROM incident_alerts"
    " WHERE incident_id = :incident_id AND pending ORDER BY joined_at LIMIT :most FOR UPDATE SKIP LOCKED)"
    " UPDATE incident_alerts a SET told = true, pending = false, counted_firing = a.ended_at IS NULL"
    " FROM was WHERE a.alert_id = was.alert_id"
    " RETURNING a.alert_id, a.incident_id, a.group_id, a.title, a.severity, a.reason, a.joined_at,"
    " was.told AS was_told, was.counted_firing AS was_firing, a.counted_firing AS is_firing, a.ended_with_incident,"
    " a.ended_at, a.correlation_id, a.causation_id, a.traceparent"
)
_LET_GO = Statement("UPDATE incident_groups SET open = false WHERE incident_id = :incident_id AND open")
_TAKE_BACK = Statement(
    "UPDATE incident_groups g SET open = true WHERE g.incident_id = :incident_id AND NOT g.open"
    " AND NOT EXISTS (SELECT 1 FROM incident_groups o WHERE o.group_id = g.group_id AND o.open)"
)
