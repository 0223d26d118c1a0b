"""Somebody who answers: acknowledges the incidents of some pages through the public API, as a person would."""

import asyncio
from time import time

import httpx2

from tests.faults.load import Ledger, is_answered
from tests.faults.verdict import NAME
from tocsin_testkit.receiver import Receiver
from tocsin_testkit.waiting import pause

LOOK_EVERY = 0.1
TRY_EVERY = 0.2
OVER = 409
"""What an incident that has resolved meanwhile answers."""


class Responder:
    """Reads what the receiver got. Each answer counts from when it was given; one that is not taken is tried again."""

    def __init__(self, client: httpx2.AsyncClient, receiver: Receiver, ledger: Ledger) -> None:
        self._client = client
        self._receiver = receiver
        self._ledger = ledger
        self._seen: set[str] = set()
        self._read = 0

    async def run(self) -> None:
        """Answer until cancelled."""
        async with asyncio.TaskGroup() as answers:
            while True:
                for name, incident in self._new():
                    answers.create_task(self._answer(name, incident))
                await pause(LOOK_EVERY)

    def _new(self) -> list[tuple[str, str]]:
        calls = self._receiver.calls[self._read :]
        self._read += len(calls)
        found = []
        for call in calls:
            told = NAME.search(str(call.body["data"]["summary"]))
            if told and told[1] not in self._seen and is_answered(told[1]):
                self._seen.add(told[1])
                found.append((told[1], str(call.body["data"]["incident"]["id"])))
        return found

    async def _answer(self, name: str, incident: str) -> None:
        while not await self._taken(incident):
            await pause(TRY_EVERY)
        self._ledger.answered[name] = time()

    async def _taken(self, incident: str) -> bool:
        try:
            answer = await self._client.post(f"/api/v1/incidents/{incident}/acknowledge")
        except httpx2.TransportError:
            return False
        assert answer.status_code in (200, OVER, 503), f"{answer.status_code} {answer.text}"
        return answer.status_code != 503
