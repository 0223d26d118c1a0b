"""Of many refusals of a kind one is kept, and a later line says how many there were."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from tocsin_detector.domain.delivery import STORED, Delivery, Outcome
from tocsin_detector.domain.health import Verdict
from tocsin_detector.domain.integration import Integration, Road, Source
from tocsin_detector.store.intake import DatabaseAway
from tocsin_detector.usecases.accept import Post
from tocsin_detector.usecases.group_commit import GroupCommit
from tocsin_detector.usecases.refusals import Refusals, Refused
from tocsin_testkit.waiting import eventually

AT = datetime(2026, 11, 24, tzinfo=UTC)
POST = Post(Road.GENERIC, b"{}", "application/xml")


def integration(number: int = 1) -> Integration:
    return Integration(UUID(int=number), "a", "a", Source.GENERIC, None, "tci_", 1, AT, AT)


def refused(kind: str = "bad_signature", number: int = 1) -> Refused:
    return Refused(integration(number), POST, kind=kind, reason=f"{kind}: do better")


class Disk:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.lines: list[Delivery] = []
        self.away = False

    async def write(self, deliveries: Sequence[Delivery], *, again: bool) -> list[Outcome]:
        if self.away:
            raise DatabaseAway
        self.lines += deliveries
        return [STORED] * len(deliveries)


async def test_the_first_of_a_kind_is_kept_and_the_others_are_counted() -> None:
    disk = Disk()
    refusals = Refusals(GroupCommit(disk.write), every=60)

    admitted = [refusals.admits(refused()) for _ in range(3)]
    await refusals.keep(refused(), missing=None)

    assert admitted == [True, False, False]
    (line,) = disk.lines
    assert (line.verdict, line.reason, line.body, line.times) == (
        Verdict.REJECTED,
        "bad_signature: do better",
        b"{}",
        1,
    )


async def test_each_integration_and_each_kind_counts_by_itself() -> None:
    refusals = Refusals(GroupCommit(Disk().write), every=60)

    assert refusals.admits(refused())
    assert refusals.admits(refused("too_large"))
    assert refusals.admits(refused(number=2))
    assert not refusals.admits(refused(number=2))


async def test_when_the_time_is_over_one_line_stands_for_the_others() -> None:
    disk = Disk()
    refusals = Refusals(GroupCommit(disk.write), every=0.05)
    for _ in range(5):
        refusals.admits(refused())

    await eventually(lambda: len(disk.lines) == 1, within=5)
    await eventually(lambda: refusals.admits(refused()), within=5)

    (line,) = disk.lines
    assert (line.times, line.body) == (4, b"")
    assert line.body_missing == "only one of its kind is kept every ten seconds"


async def test_whoever_is_away_stops_nothing() -> None:
    disk = Disk()
    disk.away = True
    refusals = Refusals(GroupCommit(disk.write), every=60)

    assert refusals.admits(refused())
    await refusals.keep(refused(), missing="it was too large")
    refusals.admits(refused())
    await refusals.flush()
    assert disk.lines == []
