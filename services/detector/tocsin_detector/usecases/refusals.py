"""Keep what was turned away although it showed a valid key: its owner sees it, and nobody fills the table by it."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from tocsin_detector.domain.delivery import Delivery, Outcome
from tocsin_detector.domain.health import Verdict
from tocsin_detector.domain.integration import Integration
from tocsin_detector.store.intake import DatabaseAway
from tocsin_detector.usecases.accept import Post
from tocsin_detector.usecases.group_commit import GroupCommit, TooMuchWaiting
from tocsin_runtime.clock import process_now
from tocsin_runtime.ids import new_id
from tocsin_runtime.text import clean

EVERY: Final = 10.0
_COUNTED: Final = "only one of its kind is kept every ten seconds"


@dataclass(frozen=True, slots=True)
class Refused:
    """A post that was turned away. `kind` names why for the machine, `reason` tells it to the integration's owner."""

    integration: Integration
    post: Post
    kind: str
    reason: str


@dataclass(slots=True)
class _Tally:
    """What came since the last line of its kind."""

    last: Refused
    timer: asyncio.TimerHandle
    more: int = 0


class Refusals:
    """For each integration and kind one line in `every` seconds; what came besides is one more, with its number."""

    def __init__(self, commit: GroupCommit, *, every: float = EVERY) -> None:
        self._commit = commit
        self._every = every
        self._tallies: dict[tuple[UUID, str], _Tally] = {}

    def admits(self, refused: Refused) -> bool:
        """Whether this one is to be kept now; if not, it is counted, and told when its time has come."""
        place = (refused.integration.id, refused.kind)
        tally = self._tallies.get(place)
        if tally is None:
            self._begin(place, refused)
            return True
        tally.last = refused
        tally.more += 1
        return False

    async def keep(self, refused: Refused, *, missing: str | None) -> None:
        """Write it down, without its body when something is `missing`; whether that succeeds changes no answer."""
        with suppress(DatabaseAway, TooMuchWaiting):
            await self._commit.put(_line(refused, times=1, missing=missing))

    async def flush(self) -> None:
        """Write down now what was counted."""
        for place in list(self._tallies):
            line = self._end(place)
            if line is not None:
                with suppress(DatabaseAway, TooMuchWaiting):
                    await self._commit.put(line)

    def _begin(self, place: tuple[UUID, str], refused: Refused) -> None:
        timer = asyncio.get_running_loop().call_later(self._every, self._tell, place)
        self._tallies[place] = _Tally(refused, timer)

    def _end(self, place: tuple[UUID, str]) -> Delivery | None:
        tally = self._tallies.pop(place)
        tally.timer.cancel()
        return _line(tally.last, times=tally.more, missing=_COUNTED) if tally.more else None

    def _tell(self, place: tuple[UUID, str]) -> None:
        last = self._tallies[place].last
        line = self._end(place)
        if line is None:
            return
        self._begin(place, last)
        with suppress(DatabaseAway, TooMuchWaiting):
            self._commit.hand(line, _nobody_waits)


def _line(refused: Refused, *, times: int, missing: str | None) -> Delivery:
    return Delivery(
        id=new_id(),
        integration_id=refused.integration.id,
        lane=refused.integration.lane,
        received_at=process_now(),
        road=refused.post.road,
        verdict=Verdict.REJECTED,
        body=b"" if missing else refused.post.body,
        body_missing=missing,
        reason=clean(refused.reason)[:500],
        content_type=refused.post.content_type,
        times=times,
    )


def _nobody_waits(_: Outcome | Exception) -> None:
    """Its sender has had its answer long ago."""
