"""The places that one provider sends to: how much is under way to each, and whether it answers (R32)."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tocsin_bus.breaker import WITHIN, Breaker

MOST = 1000
"""Places remembered although nothing is under way to them."""
WORTH_A_CLAIM = 4
"""A claim is a transaction, however little it takes: it waits until there is room for as much, or for most."""


@dataclass
class Destination:
    """One of them. `under_way` is what it has not answered yet. `pressed` says that more may wait for it than there was
    room for.

    One that asked for a slower pace is left alone until `rests_until`, and has room for `pace` from then on: one more
    with each success. None where it has not asked.
    """

    breaker: Breaker = field(default_factory=Breaker)
    under_way: int = 0
    pressed: bool = False
    rests_until: float = -math.inf
    pace: int | None = None


@dataclass(frozen=True)
class Offer:
    """What may be begun now: `limit` in all, `each` to one place, or what `room` says of it."""

    limit: int
    each: int
    room: Mapping[str, int] = field(default_factory=dict)

    def room_for(self, destination: str) -> int:
        """Return how many may begin to this place."""
        return min(self.limit, self.room.get(destination, self.each))

    @property
    def is_plain(self) -> bool:
        """Say whether it is the same for all places."""
        return min((self.each, *self.room.values())) >= self.limit

    @property
    def closed(self) -> list[str]:
        """The places to which none may begin."""
        return [name for name, room in self.room.items() if room <= 0]


class Destinations:
    """What one process knows; each makes its own experience. Bounded."""

    def __init__(self, *, in_all: int, each: int) -> None:
        self._in_all = in_all
        self._each = each
        self._known: dict[str, Destination] = {}
        self._under_way = 0
        self._full = False

    def offer(self, now: float) -> Offer:
        """Return what may be begun now."""
        self._forget(now)
        rooms = {name: self._room(one, now) for name, one in self._known.items()}
        unusual = {name: room for name, room in rooms.items() if room < self._each}
        return Offer(self._in_all - self._under_way, each=self._each, room=unusual)

    def broken(self, now: float) -> dict[str, str]:
        """Return the places that do not answer, with what was said last."""
        return {name: one.breaker.reason for name, one in self._known.items() if one.breaker.is_open(now)}

    @property
    def under_way(self) -> int:
        """How many have taken off and not landed: those to be recorded among them."""
        return self._under_way

    def take_room(self, name: str, now: float) -> bool:
        """Take off to this place, unless there is no room or others wait for it.

        Whoever takes the last room, or finds none, sees to it that somebody looks for what waits once there is room.
        """
        one = self._known.setdefault(name, Destination())
        if self._full or one.pressed or one.breaker.is_open(now):
            return False
        free = self._under_way < self._in_all and self._room(one, now) > 0
        if free:
            self.took_off(name)
        self._full = self._under_way >= self._in_all
        one.pressed = self._room(one, now) <= 0
        return free

    def took_off(self, name: str) -> None:
        """One more is under way."""
        self._known.setdefault(name, Destination()).under_way += 1
        self._under_way += 1

    def more_waits(self, *, places: Iterable[str], full: bool) -> None:
        """More may wait for these places than there was room for; `full`: more than there was room for in all."""
        for name in places:
            self._known.setdefault(name, Destination()).pressed = True
        self._full = full

    def succeeded(self, name: str) -> None:
        """This place answered as it should."""
        one = self._known[name]
        one.breaker.succeeded()
        if one.pace is not None:
            one.pace = one.pace + 1 if one.pace + 1 < self._each else None

    def slowed(self, name: str, now: float, *, rest: float) -> None:
        """It works, and asks to be left alone for `rest` seconds and sent less at once."""
        one = self._known[name]
        one.rests_until, one.pace = max(one.rests_until, now + rest), 1

    def failed(self, name: str, now: float, *, reason: str) -> None:
        """It did not."""
        self._known[name].breaker.failed(now, reason=reason)

    def left(self, name: str, now: float) -> bool:
        """This place has answered one, which is still to be recorded. Say whether to look for what may wait for it."""
        one = self._known[name]
        one.under_way -= 1
        here = one.pressed and self._room(one, now) >= min(WORTH_A_CLAIM, self._each // 2 + 1)
        one.pressed = one.pressed and not here
        return here

    def landed(self) -> bool:
        """One that had left its place has ended. Say whether to look for what may wait for any."""
        self._under_way -= 1
        return self._full and self._in_all - self._under_way >= WORTH_A_CLAIM

    def _room(self, one: Destination, now: float) -> int:
        if now < one.rests_until:
            return 0
        return one.breaker.room(now, usual=one.pace or self._each) - one.under_way

    def _forget(self, now: float) -> None:
        idle = [name for name, one in self._known.items() if not one.under_way]
        for name in idle:
            breaker = self._known[name].breaker
            recent = breaker.failures and now - breaker.failures[-1] <= WITHIN
            recent = recent or now - self._known[name].rests_until <= WITHIN
            if len(self._known) > MOST or not (recent or breaker.is_open(now)):
                del self._known[name]
