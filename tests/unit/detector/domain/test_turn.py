"""Signals played on alerts and groups, by example and by a model."""

from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.detector.domain.signals import MINUTE, SECOND, T0, heard, new_turn, signal
from tocsin_detector.domain.alert import Alert, Group, Status
from tocsin_detector.domain.grouping import Grouping
from tocsin_detector.domain.severity import Severity
from tocsin_detector.domain.signal import Told
from tocsin_detector.domain.turn import News, Turn

RESOLVE, ACK = signal(told=Told.RESOLVED), signal(told=Told.ACKNOWLEDGED)


def test_trigger_resolve_trigger_is_two_occurrences() -> None:
    turn = new_turn()
    steps = [turn.hear(heard(said)) for said in (signal(), RESOLVE, signal())]

    assert [step.news for step in steps] == [News.OPENED, News.RESOLVED, News.OPENED]
    assert steps[0].alert is not None
    assert steps[2].alert is not None
    assert steps[0].alert.id != steps[2].alert.id
    assert steps[0].alert.group_id == steps[2].alert.group_id
    assert sorted(alert.status for alert in turn.opened.values()) == [Status.FIRING, Status.RESOLVED]


def test_a_group_that_has_ended_goes_on_soon_after_and_not_for_ever() -> None:
    turn = new_turn()
    began = turn.hear(heard(signal())).alert
    turn.hear(heard(RESOLVE, T0 + 25 * 60 * MINUTE))
    again = turn.hear(heard(signal(), T0 + 25 * 60 * MINUTE + SECOND))
    turn.hear(heard(RESOLVE, T0 + 26 * 60 * MINUTE))
    late = turn.hear(heard(signal(), T0 + 28 * 60 * MINUTE))

    assert began is not None
    assert again.alert is not None
    assert late.alert is not None
    assert again.group is not None
    assert (again.alert.group_id, again.group.reason) == (began.group_id, "ended_lately")
    assert late.alert.group_id != began.group_id


def test_of_two_groups_with_a_key_the_later_one_goes_on() -> None:
    turn = new_turn()
    turn.hear(heard(signal("a")))
    second = turn.hear(heard(signal("b"), T0 + 61 * MINUTE)).alert
    turn.hear(heard(signal("b", Told.RESOLVED), T0 + 62 * MINUTE))
    turn.hear(heard(signal("a", Told.RESOLVED), T0 + 63 * MINUTE))
    third = turn.hear(heard(signal("c"), T0 + 64 * MINUTE)).alert

    assert second is not None
    assert third is not None
    assert third.group_id == second.group_id
    assert [group.open_alerts for group in turn.new_groups.values()] == [0, 1]


def test_repeats_are_told_once_a_minute_and_changes_at_once() -> None:
    turn = new_turn()
    turn.hear(heard(signal()))

    assert turn.hear(heard(signal(), T0 + 59 * SECOND)).news is None
    assert turn.hear(heard(signal(), T0 + 60 * SECOND)).news is News.REPEATED
    changed = turn.hear(heard(signal(severity=Severity.LOW), T0 + 61 * SECOND))
    assert (changed.news, changed.previous_severity) == (News.REPEATED, Severity.CRITICAL)
    assert turn.hear(heard(signal(severity=Severity.LOW, title="x"), T0 + 62 * SECOND)).news is News.REPEATED
    assert changed.alert is not None
    assert changed.alert.count == 4


def test_related_alerts_share_a_group_until_its_window_has_passed() -> None:
    turn = new_turn()
    steps = [turn.hear(heard(signal(f"k{n}"), T0 + n * 50 * MINUTE)) for n in range(3)]
    late = turn.hear(heard(signal("late"), T0 + 161 * MINUTE))

    assert len({step.alert.group_id for step in steps if step.alert}) == 1
    assert [step.group_alerts for step in steps] == [1, 2, 3]
    assert late.group is not None
    assert late.group.reason == "window_passed"
    assert len(turn.new_groups) == 2


def test_a_group_closes_with_its_last_alert() -> None:
    turn = new_turn()
    for said in (signal("a"), signal("b"), signal("a", Told.RESOLVED)):
        turn.hear(heard(said))
    (group,) = turn.new_groups.values()
    assert (group.open_alerts, group.closed_at) == (1, None)

    turn.hear(heard(signal("b", Told.RESOLVED), T0 + MINUTE))

    (group,) = turn.new_groups.values()
    assert (group.open_alerts, group.closed_at) == (0, T0 + MINUTE)


def test_an_acknowledged_alert_stays_so_when_it_is_told_again() -> None:
    turn = new_turn()
    steps = [turn.hear(heard(said)) for said in (signal(), ACK, signal())]

    assert steps[1].news is News.ACKNOWLEDGED
    assert steps[2].alert is not None
    assert steps[2].alert.status is Status.ACKNOWLEDGED


def test_times_of_the_sender_are_taken_when_they_can_be_true() -> None:
    turn = new_turn()
    past = turn.hear(heard(signal("a", started_at=T0 - MINUTE))).alert
    future = turn.hear(heard(signal("b", started_at=T0 + timedelta(hours=3)))).alert
    ended = turn.hear(heard(signal("a", Told.RESOLVED, ended_at=T0 - timedelta(hours=3)), T0 + MINUTE)).alert

    assert past is not None
    assert past.started_at == T0 - MINUTE
    assert future is not None
    assert future.started_at == T0
    assert ended is not None
    assert ended.ended_at == T0 + MINUTE


def test_senders_do_not_share_keys_or_groups() -> None:
    turn = new_turn()
    first = turn.hear(heard(signal())).alert
    second = turn.hear(heard(signal(), sender=UUID(int=8))).alert

    assert first is not None
    assert second is not None
    assert first.id != second.id
    assert first.group_id != second.group_id


SAID = st.tuples(st.sampled_from("abc"), st.sampled_from(list(Told)), st.integers(0, 7200))


@given(st.lists(SAID, max_size=40), st.integers(1, 7200))
def test_whatever_is_said_the_books_are_right(script: list[tuple[str, Told, int]], window: int) -> None:
    """Played in one turn or in many, at most one alert a key is open, and groups count their open alerts."""
    grouping = Grouping(("service",), timedelta(seconds=window))
    whole = new_turn()
    open_by_model: set[str] = set()
    opened = ended = 0
    now = T0
    for key, told, seconds in script:
        now += seconds * SECOND
        step = whole.hear(heard(signal(key, told), now, grouping=grouping))
        opened += step.news is News.OPENED
        ended += step.news is News.RESOLVED
        if told is Told.FIRING:
            assert (step.news is News.OPENED) == (key not in open_by_model)
            open_by_model.add(key)
        elif told is Told.RESOLVED:
            assert (step.news is News.RESOLVED) == (key in open_by_model)
            open_by_model.discard(key)

    alerts = list(whole.opened.values())
    assert {alert.dedup_key for alert in alerts if alert.is_open} == open_by_model
    assert len([alert for alert in alerts if alert.is_open]) == len(open_by_model) == opened - ended
    for group in whole.new_groups.values():
        mine = [alert for alert in alerts if alert.group_id == group.id]
        assert group.alerts == len(mine)
        assert group.open_alerts == sum(alert.is_open for alert in mine)
    assert len({g.key for g in whole.new_groups.values() if g.closed_at is None}) == len(
        [g for g in whole.new_groups.values() if g.closed_at is None]
    )


@given(st.lists(SAID, min_size=1, max_size=25), st.integers(1, 5))
def test_turns_of_any_length_come_to_the_same(script: list[tuple[str, Told, int]], length: int) -> None:
    """A lane may stop and go on anywhere."""
    whole, now = new_turn(), T0
    said = []
    for key, told, seconds in script:
        now += seconds * SECOND
        said.append(heard(signal(key, told), now))
    in_one = [(step.decision, step.news, step.group) for step in (whole.hear(one) for one in said)]

    ids = iter(range(1, 1000))
    alerts: dict[UUID, Alert] = {}
    groups: dict[UUID, Group] = {}
    in_many = []
    for start in range(0, len(said), length):
        latest = {alert.dedup_key: alert for alert in alerts.values() if not alert.is_open}
        latest |= {alert.dedup_key: alert for alert in alerts.values() if alert.is_open}
        turn = Turn(latest.values(), groups.values(), lambda: UUID(int=next(ids)))
        in_many += [
            (s.decision, s.news, s.group) for s in (turn.hear(one) for one in said[start : start + length])
        ]
        alerts |= turn.opened | turn.changed
        groups |= turn.new_groups | turn.changed_groups

    assert in_many == in_one
