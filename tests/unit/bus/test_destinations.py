"""How much may be under way to a place, as far as it answers (R32)."""

import pytest

from tocsin_bus.breaker import FAILURES, FORGOTTEN_AFTER, OPEN_FOR, WITHIN, Breaker
from tocsin_bus.destinations import MOST, Destinations


def broken(now: float) -> Breaker:
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker.failed(now, reason="refused")
    return breaker


def test_after_a_row_of_failures_it_is_left_alone_then_tried_once() -> None:
    breaker = broken(100.0)
    assert breaker.room(100.0 + OPEN_FOR - 0.1, usual=5) == 0
    assert breaker.room(100.0 + OPEN_FOR, usual=5) == 1
    breaker.failed(100.0 + OPEN_FOR, reason="refused")
    assert breaker.room(100.0 + OPEN_FOR + 0.1, usual=5) == 0
    breaker.succeeded()
    assert breaker.room(100.0 + OPEN_FOR + 0.2, usual=5) == 5


def test_each_failure_takes_a_place_away_for_a_while() -> None:
    breaker = Breaker()
    for _ in range(FAILURES - 1):
        breaker.failed(100.0, reason="no answer")
    assert [breaker.room(100.0, usual=usual) for usual in (16, 5, 2)] == [12, 1, 1]
    assert breaker.room(100.1 + WITHIN, usual=5) == 5


def test_failures_far_apart_say_little() -> None:
    breaker = Breaker()
    for number in range(3 * FAILURES):
        breaker.failed(number * WITHIN / 2, reason="refused")
        assert not breaker.is_open(number * WITHIN / 2)


def test_what_was_broken_long_ago_is_forgotten() -> None:
    breaker = broken(100.0)
    assert breaker.is_open(100.0 + FORGOTTEN_AFTER - 1)
    assert breaker.room(100.0 + FORGOTTEN_AFTER, usual=5) == 5


def test_a_place_that_is_full_is_not_offered_and_the_others_are() -> None:
    places = Destinations(in_all=8, each=5)
    for _ in range(5):
        places.took_off("a")
    offer = places.offer(0.0)
    assert (offer.limit, offer.closed, offer.room_for("b")) == (3, ["a"], 3)


def test_a_place_that_has_answered_is_free_while_that_is_recorded() -> None:
    places = Destinations(in_all=8, each=5)
    for _ in range(5):
        places.took_off("a")
    places.left("a", 0.0)
    assert (places.offer(0.0).limit, places.offer(0.0).room_for("a")) == (3, 1)
    places.landed()
    assert places.offer(0.0).limit == 4


def test_a_place_that_asks_for_a_slower_pace_rests_and_is_not_broken() -> None:
    places = Destinations(in_all=32, each=16)
    for _ in range(FAILURES + 1):
        places.took_off("slack")
        places.slowed("slack", 100.0, rest=3.0)
        places.left("slack", 100.0)
        places.landed()
    assert places.broken(100.0) == {}
    assert [places.offer(now).room_for("slack") for now in (102.9, 103.0)] == [0, 1]
    places.succeeded("slack")
    assert places.offer(103.1).room_for("slack") == 2
    for _ in range(14):
        places.succeeded("slack")
    assert places.offer(103.2).room_for("slack") == 16


@pytest.mark.parametrize(("under_way", "worth"), [(4, False), (3, False), (2, True), (0, True)])
def test_a_claim_waits_until_it_is_worth_while(under_way: int, *, worth: bool) -> None:
    places = Destinations(in_all=32, each=5)
    for _ in range(under_way + 1):
        places.took_off("a")
    places.more_waits(places=["a"], full=False)
    assert places.left("a", 0.0) is worth


def test_what_is_remembered_is_bounded() -> None:
    places = Destinations(in_all=32, each=5)
    for number in range(3 * MOST):
        places.took_off(str(number))
        places.failed(str(number), 1.0, reason="refused")
        places.left(str(number), 1.0)
        places.landed()
        places.offer(1.0)
    assert len(vars(places)["_known"]) <= MOST
    places.offer(100.0)
    assert not vars(places)["_known"]
