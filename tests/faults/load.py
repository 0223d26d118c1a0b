"""The load of the fault matrix: alerts at a steady rate, each with its own group, some told again, some resolved.

One of five goes up a ladder of three steps, which pages somebody else every five seconds; half of those are answered.
"""

import asyncio
import json
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import time
from typing import Any

import httpx2

from tocsin_testkit.waiting import pause

REPEATS = 0.2
RESOLVES = 0.1
RESOLVED_AFTER = 3.0
ARREARS = 0.5
TITLE = "Fault test"
STEPS, STEP = 3, 5.0
"""The ladder's steps, and the seconds between two."""


def climbs(name: str) -> bool:
    """Whether this alert goes up the ladder."""
    return _number(name) % 5 == 0


def is_answered(name: str) -> bool:
    """Whether somebody acknowledges it at its first page."""
    return _number(name) % 10 == 5


def _number(name: str) -> int:
    number = name.rpartition("-")[2]
    return int(number) if number.isdigit() else 1  # what others wrote by hand


@dataclass
class Ledger:
    """What was accepted, with its time. Each receipt is on disk before it counts; those that come meanwhile are written
    together next, off the loop, which would else fall behind with its posts. `tries` is the most of any post.

    `answers` are the seconds that each answer took. `answered`: when somebody's acknowledgement was taken.
    """

    path: Path
    accepted: dict[str, float] = field(default_factory=dict)
    resolved: set[str] = field(default_factory=set)
    refused: int = 0
    broken: int = 0
    tries: int = 0
    answers: list[float] = field(default_factory=list)
    answered: dict[str, float] = field(default_factory=dict)

    _waiting: list[str] = field(default_factory=list)
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def keep(self, name: str, *, kind: str, at: float) -> None:
        """Return once the receipt is on disk."""
        line = json.dumps({"name": name, "kind": kind, "at": at})
        self._waiting.append(line)
        async with self._writing:
            if line in self._waiting:  # else another has taken it along
                together, self._waiting = self._waiting, []
                await asyncio.to_thread(self._write, together)
        if kind == "firing":
            self.accepted.setdefault(name, at)
        elif kind == "resolved":
            self.resolved.add(name)

    def _write(self, lines: list[str]) -> None:
        with self.path.open("a") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            os.fsync(file.fileno())


class Load:
    """Posts at `rate` a second until told to stop; a 503 or a broken connection is tried again, as real senders do.

    What it could not post in time, on a machine that is full, it makes up for by ARREARS seconds at most: seconds of
    alerts all at once would be another load.
    """

    def __init__(self, client: httpx2.AsyncClient, path: str, ledger: Ledger, *, rate: float) -> None:
        self._client = client
        self._path = path
        self._ledger = ledger
        self._rate = rate
        self._dice = random.Random(7)
        self._run = f"{random.randrange(16**6):06x}"
        self._stopping = False

    def stop(self) -> None:
        """Begin no new story."""
        self._stopping = True

    async def run(self) -> None:
        """Post, and return when all that was begun is accepted."""
        clock, number = asyncio.get_running_loop().time, 0
        due = clock()
        async with asyncio.TaskGroup() as tasks:
            while not self._stopping:
                await pause(max(0.0, due - clock()))
                due = max(due + 1 / self._rate, clock() - ARREARS)
                tasks.create_task(self._story(f"{self._run}-{number}"))
                number += 1

    async def _story(self, name: str) -> None:
        await self._post(name, kind="firing")
        fate = self._dice.random()
        if fate < REPEATS:
            await self._post(name, kind="repeat")
        elif fate < REPEATS + RESOLVES:
            await pause(RESOLVED_AFTER)
            await self._post(name, kind="resolved")

    async def _post(self, name: str, *, kind: str) -> None:
        body = alert(name, status="resolved" if kind == "resolved" else "firing")
        delay, tries = 0.1, 0
        while True:
            tries += 1
            self._ledger.tries = max(self._ledger.tries, tries)
            if await self._accepted(body):
                await self._ledger.keep(name, kind=kind, at=time())
                return
            await pause(delay)
            delay = min(2.0, delay * 2)

    async def _accepted(self, body: Mapping[str, Any]) -> bool:
        began = time()
        try:
            answer = await self._client.post(self._path, json=body)
        except httpx2.TransportError:
            self._ledger.broken += 1
            return False
        self._ledger.answers.append(time() - began)
        if answer.status_code == 202:
            return True
        assert answer.status_code == 503, f"{answer.status_code} {answer.text}"
        assert answer.headers.get("retry-after"), "a 503 says when to come again"
        self._ledger.refused += 1
        return False


def alert(name: str, *, status: str) -> Mapping[str, Any]:
    """An alert whose title carries its name, so that the page tells which alert it is about."""
    return {
        "title": f"{TITLE} {name}",
        "status": status,
        "severity": "critical",
        "service": "ladder" if climbs(name) else "checkout",
        "dedup_key": name,
        "labels": {"alertname": name},
    }
