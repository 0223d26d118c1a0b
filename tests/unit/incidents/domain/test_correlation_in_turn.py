"""A batch is decided as its alerts would be one by one; and nothing is ever opened beside what is open."""

from dataclasses import dataclass, field, replace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.incidents.domain.builders import MINUTE, T0
from tocsin_incidents.domain.correlation import (
    Candidate,
    Decision,
    Known,
    Placement,
    Turn,
    correlate,
    correlate_in_turn,
)
from tocsin_incidents.domain.incident import Status
from tocsin_incidents.domain.rules import Rules
from tocsin_incidents.domain.severity import Severity

SERVICES = (UUID(int=7), UUID(int=8), None)
ENDED = (Status.RESOLVED, Status.CLOSED)


@dataclass(frozen=True)
class Fires:
    """An alert of a group: each of a batch is of another one."""

    group: int
    severity: Severity | None
    service_id: UUID | None
    opens_as: UUID


@dataclass
class World:
    """What the tables hold: incidents, and by group those that it was of, with the one that is its open one."""

    incidents: dict[UUID, Candidate]
    was_of: dict[int, set[UUID]]
    open_one: dict[int, UUID] = field(default_factory=dict)

    def copy(self) -> "World":
        was_of = {group: set(ids) for group, ids in self.was_of.items()}
        return World(dict(self.incidents), was_of, dict(self.open_one))

    def known(self, fires: Fires) -> Known:
        """As the second look finds it."""
        last = self.open_one.get(fires.group) or max(self.was_of[fires.group], default=None)
        mine = [
            each
            for each in self.incidents.values()
            if each.status.is_open and each.service_id is not None and each.service_id == fires.service_id
        ]
        youngest = max(mine, key=lambda each: each.opened_at, default=None)
        return Known(group=self.incidents[last] if last else None, service=youngest)

    def turn(self, fires: Fires) -> Turn:
        was_of = frozenset(self.was_of[fires.group])
        return Turn(fires.severity, self.known(fires), fires.opens_as, fires.service_id, was_of)

    def decide(self, fires: Fires, rules: Rules) -> Decision:
        """One transaction: look, decide, apply."""
        decision = correlate(fires.severity, self.known(fires), rules=rules, now=T0)
        if decision.placement is Placement.OPEN:
            decision = replace(decision, incident_id=fires.opens_as)
        self._apply(fires, decision)
        return decision

    def _apply(self, fires: Fires, decision: Decision) -> None:
        incident_id = decision.incident_id
        if incident_id is None:
            return
        if decision.placement is Placement.OPEN:
            assert decision.severity is not None
            self.incidents[incident_id] = Candidate(
                incident_id,
                decision.severity,
                Status.DETECTED,
                T0,
                service_id=fires.service_id,
                asked_severity=decision.severity,
            )
        before = self.incidents[incident_id]
        if decision.placement is Placement.REOPEN:
            before = replace(before, status=Status.DETECTED, resolved_at=None)
            for group, ids in self.was_of.items():
                if incident_id in ids:
                    self.open_one.setdefault(group, incident_id)
        if decision.severity is not None:
            before = replace(before, severity=decision.severity, asked_severity=decision.severity)
        self.incidents[incident_id] = before
        self.was_of[fires.group].add(incident_id)
        self.open_one.setdefault(fires.group, incident_id)


@st.composite
def candidates(draw: st.DrawFn, number: int) -> Candidate:
    status = draw(st.sampled_from((Status.RESOLVED, Status.RESOLVED, Status.CLOSED, Status.MITIGATED)))
    return Candidate(
        UUID(int=number),
        draw(st.sampled_from(Severity)),
        status,
        T0 - draw(st.integers(1, 8)) * MINUTE - number * MINUTE / 100,
        T0 - draw(st.integers(0, 12)) * MINUTE if status in ENDED else None,
        service_id=draw(st.sampled_from(SERVICES)),
        asked_severity=draw(st.none() | st.sampled_from(Severity)),
    )


@st.composite
def worlds(draw: st.DrawFn, groups: int) -> World:
    incidents = [draw(candidates(number)) for number in range(1, draw(st.integers(0, 4)) + 1)]
    ids = {each.incident_id for each in incidents}
    was_of = {
        group: draw(st.sets(st.sampled_from(sorted(ids)))) if ids else set[UUID]() for group in range(groups)
    }
    world = World({each.incident_id: each for each in incidents}, was_of)
    for group, mine in was_of.items():
        if opens := [each for each in mine if world.incidents[each].status.is_open]:
            world.open_one[group] = max(opens)
    return world


@st.composite
def batches(draw: st.DrawFn) -> tuple[World, list[Fires]]:
    size = draw(st.integers(1, 5))
    severities, services = st.sampled_from((*Severity, None)), st.sampled_from(SERVICES)
    return draw(worlds(size)), [
        Fires(group, draw(severities), draw(services), UUID(int=100 + group)) for group in range(size)
    ]


@given(batches(), st.sampled_from((0, 5)))
def test_a_batch_is_decided_as_its_alerts_one_by_one(
    batch: tuple[World, list[Fires]], join_window: int
) -> None:
    world, alerts = batch
    rules = Rules(join_window=join_window * MINUTE, reopen_window=10 * MINUTE)
    together = correlate_in_turn([world.turn(fires) for fires in alerts], rules=rules, now=T0)
    alone = world.copy()
    assert together == [alone.decide(fires, rules) for fires in alerts]


@given(
    severity=st.sampled_from((*Severity, None)),
    own=st.none() | candidates(1),
    group=st.none() | candidates(1) | candidates(2),
    service=st.none() | candidates(3),
)
def test_no_alert_opens_or_reopens_beside_the_open_incident_of_its_group(
    severity: Severity | None, own: Candidate | None, group: Candidate | None, service: Candidate | None
) -> None:
    placed = correlate(severity, Known(own, group, service), rules=Rules(), now=T0)
    if group is not None and group.status.is_open:
        assert placed.placement not in (Placement.OPEN, Placement.REOPEN)
        assert placed.incident_id is not None or severity is None
