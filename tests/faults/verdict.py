"""The verdict, from outside only: receipts on one side, what the receiver recorded on the other."""

import re
from collections import defaultdict
from dataclasses import asdict, dataclass

from tests.faults.load import Ledger
from tocsin_testkit.receiver import Receiver

NAME = re.compile(r"Fault test (\S+)")


@dataclass(frozen=True)
class Verdict:
    """`late` are seconds from acceptance to the page.

    `duplicates` are pages of one identity (incident, step, round, person) under different idempotency keys;
    `repeats_under_key` are what a receiver that honours the key drops.
    """

    accepted: int
    paged: int
    lost: int
    duplicates: int
    repeats_under_key: int
    may_repeat: int
    late_p50: float
    late_max: float
    refused: int
    broken: int
    slowest_accept: float

    def row(self) -> dict[str, float | int]:
        """For the report."""
        return asdict(self)


def judge(ledger: Ledger, receiver: Receiver) -> Verdict:
    """Compare. An alert that resolved before anybody could be paged is not lost."""
    first: dict[str, float] = {}
    told_repeats = 0
    for call in list(receiver.calls):
        found = NAME.search(str(call.body["data"]["summary"]))
        if found:
            first.setdefault(found[1], call.at)
        told_repeats += bool(call.body["data"].get("may_repeat"))
    late = sorted(first[name] - at for name, at in ledger.accepted.items() if name in first)
    missing = [name for name in ledger.accepted if name not in first and name not in ledger.resolved]
    return Verdict(
        accepted=len(ledger.accepted),
        paged=len(first),
        lost=len(missing),
        duplicates=sum(len(keys) - 1 for keys in _keys_by_identity(receiver).values()),
        repeats_under_key=sum(count - 1 for count in receiver.keys().values()),
        may_repeat=told_repeats,
        late_p50=round(late[len(late) // 2], 3) if late else 0.0,
        late_max=round(late[-1], 3) if late else 0.0,
        refused=ledger.refused,
        broken=ledger.broken,
        slowest_accept=round(ledger.slowest, 3),
    )


def _keys_by_identity(receiver: Receiver) -> dict[tuple[object, ...], set[str]]:
    found: dict[tuple[object, ...], set[str]] = defaultdict(set)
    for call in list(receiver.calls):
        data = call.body["data"]
        if data.get("incident"):
            found[data["incident"]["id"], data["step"], data["round"], data["recipient"]].add(call.key)
    return found
