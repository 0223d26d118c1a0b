"""Database time between two questions, with a database and an uptime that do as they are told."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin_runtime.clock import TOO_SOON, DatabaseClock, monotonic, until_beat

BEGIN = datetime(2026, 3, 1, 3, 12, tzinfo=UTC)


class _World:
    """True time, what the database makes of it, and how long a question takes."""

    def __init__(self) -> None:
        self.true = 100.0
        self.database_ahead = 0.0
        self.there, self.back = 0.0, 0.0
        self.asked = 0
        self.clock = DatabaseClock(lambda: self.true, self.answer)

    async def answer(self, _connection: object) -> datetime:
        """The database's answer."""
        self.asked += 1
        self.true += self.there
        told = BEGIN + timedelta(seconds=self.true - 100 + self.database_ahead)
        self.true += self.back
        return told

    async def now(self) -> float:
        """What the clock says, in seconds after the beginning."""
        return ((await self.clock.now(cast(Any, None))) - BEGIN).total_seconds()


@pytest.fixture
def world() -> _World:
    return _World()


async def test_the_database_is_asked_every_ten_seconds_and_its_answer_carried_on(world: _World) -> None:
    assert await world.now() == 0
    world.true += 4
    assert await world.now() == pytest.approx(4)
    world.true += 5
    assert await world.now() == pytest.approx(9)
    assert world.asked == 1
    world.true += 2
    assert await world.now() == pytest.approx(11)
    assert world.asked == 2


async def test_an_answer_that_took_long_sets_nothing_back(world: _World) -> None:
    assert await world.now() == 0
    world.true += 15
    world.back = 0.015
    assert await world.now() == pytest.approx(15.015)


async def test_an_answer_that_took_too_long_is_not_carried_on(world: _World) -> None:
    world.back = 0.3
    assert await world.now() == 0
    world.back = 0.0
    assert await world.now() == pytest.approx(0.3)
    assert world.asked == 2


async def test_it_is_wrong_by_no_more_than_the_answer_took(world: _World) -> None:
    world.there, world.back = 0.005, 0.01
    first = await world.now()
    assert first == pytest.approx(0.005)
    world.there, world.back = 0.0, 0.0
    world.true += 12
    assert await world.now() == pytest.approx(world.true - 100)


async def test_a_step_of_the_databases_clock_is_followed_within_ten_seconds(world: _World) -> None:
    assert await world.now() == 0
    world.database_ahead = -3600
    world.true += 10
    assert await world.now() == pytest.approx(10 - 3600)
    world.database_ahead = 3600
    world.true += 10
    assert await world.now() == pytest.approx(20 + 3600)


@given(every=st.sampled_from([0.5, 1.0, 2.0, 15.0]), place=st.integers(0, 20))
def test_beats_are_shared_and_never_two_at_once(every: float, place: int) -> None:
    before = monotonic()
    left = until_beat(every, place=place)
    assert TOO_SOON < left <= every + TOO_SOON
    beat = (before + left - place) % every
    assert min(beat, every - beat) < TOO_SOON / 2


def test_what_is_done_more_often_has_no_beat() -> None:
    assert until_beat(0.1) == 0.1
