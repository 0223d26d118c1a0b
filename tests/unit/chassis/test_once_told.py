"""An attempt is made until what it names is told, and not for ever."""

import pytest

from tocsin_chassis import once_told as module
from tocsin_chassis.once_told import once_told


class NotYet(Exception):
    """What an attempt raises."""


class Place:
    """Where something is told from the attempt `told_at` on."""

    def __init__(self, told_at: int) -> None:
        self.attempts = 0
        self._told_at = told_at

    async def look(self) -> str:
        self.attempts += 1
        if self.attempts < self._told_at:
            raise NotYet
        return "told"


async def test_what_is_known_is_looked_at_once() -> None:
    place = Place(told_at=1)

    assert await once_told(place.look, NotYet) == "told"
    assert place.attempts == 1


async def test_it_is_tried_until_it_is_told() -> None:
    place = Place(told_at=4)

    assert await once_told(place.look, NotYet) == "told"
    assert place.attempts == 4


async def test_in_the_end_it_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.12)
    place = Place(told_at=1000)

    with pytest.raises(NotYet):
        await once_told(place.look, NotYet)
    assert 2 <= place.attempts <= 5


async def test_what_else_is_wrong_is_said_at_once() -> None:
    place = Place(told_at=2)

    with pytest.raises(NotYet):
        await once_told(place.look, KeyError)
    assert place.attempts == 1
