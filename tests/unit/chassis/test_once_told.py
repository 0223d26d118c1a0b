"""An attempt is made until what it names is told, or until the copy of the directory must know of it."""

import pytest

from tocsin_bus.protocol import BusUnavailable
from tocsin_chassis import once_told as module
from tocsin_chassis.directory_copy import DirectoryCopy
from tocsin_chassis.once_told import once_told


class NotYet(Exception):
    """What an attempt raises."""


class Copy(DirectoryCopy):
    """One that is behind by as much as the test says; with None the bus is away."""

    def __init__(self, *behind: int | None) -> None:
        self._left = list(behind)

    async def behind(self) -> int:
        behind = self._left.pop(0) if len(self._left) > 1 else self._left[0]
        if behind is None:
            raise BusUnavailable("away")
        return behind


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


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.001)
    monkeypatch.setattr(module, "SENT_WITHIN", 0.0)


async def test_what_is_known_is_looked_at_once() -> None:
    place = Place(told_at=1)

    assert await once_told(place.look, NotYet, copy=Copy(7)) == "told"
    assert place.attempts == 1


@pytest.mark.parametrize("copy", [Copy(7), Copy(None)])
async def test_it_is_tried_until_it_is_told(copy: Copy) -> None:
    place = Place(told_at=4)

    assert await once_told(place.look, NotYet, copy=copy) == "told"
    assert place.attempts == 4


async def test_a_copy_that_holds_all_is_looked_at_once_more_and_then_knows() -> None:
    place = Place(told_at=1000)

    with pytest.raises(NotYet):
        await once_told(place.look, NotYet, copy=Copy(2, 1, 0))
    assert place.attempts == 3


async def test_what_has_not_left_its_own_service_may_still_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SENT_WITHIN", 1.0)
    place = Place(told_at=4)

    assert await once_told(place.look, NotYet, copy=Copy(0)) == "told"


async def test_in_the_end_it_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    place = Place(told_at=1_000_000)

    with pytest.raises(NotYet):
        await once_told(place.look, NotYet, copy=Copy(7))
    assert place.attempts >= 2


async def test_what_else_is_wrong_is_said_at_once() -> None:
    place = Place(told_at=2)

    with pytest.raises(NotYet):
        await once_told(place.look, KeyError, copy=Copy(7))
    assert place.attempts == 1
