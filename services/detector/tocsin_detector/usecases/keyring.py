"""Integrations by key, from memory: no look-up in the database for a key that is known."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from hmac import compare_digest
from uuid import UUID

from tocsin_detector.domain.integration import Integration
from tocsin_detector.domain.keys import digester

LoadAll = Callable[[], Awaitable[Sequence[Integration]]]
LookUp = Callable[[Sequence[bytes]], Awaitable[Sequence[Integration]]]
MOST_SHOWN = 1024
"""So many keys are held in memory."""


class Keyring:
    """Knows every integration whose key is valid, by keyed digests; keys themselves are stored nowhere.

    The keys that senders have shown lately are held in memory until the keyring changes, for a digest each time costs
    a twentieth of accepting an alert. An unknown key, a missing one and a revoked one take the same road and the same
    time: one look-up, shared by all that ask meanwhile.
    """

    def __init__(self, secret: bytes, *, load_all: LoadAll, look_up: LookUp) -> None:
        self._digest = digester(secret)
        self._load_all = load_all
        self._look_up = look_up
        self._by_digest: dict[bytes, Integration] = {}
        self._shown: dict[str, Integration] = {}
        self._asked: dict[bytes, asyncio.Future[Integration | None]] = {}
        self._task: asyncio.Task[None] | None = None

    def digest(self, key: str) -> bytes:
        """What is stored instead of the key."""
        return self._digest(key)

    def known(self, key: str) -> Integration | None:
        """The integration with this key as far as memory goes; None says nothing."""
        known = self._shown.get(key)
        if known is None:
            known = self._known(self.digest(key))
            if known is not None and len(self._shown) < MOST_SHOWN:
                self._shown[key] = known
        return known

    async def find(self, key: str) -> Integration | None:
        """The integration with this key, None when no valid one has it. Raises what the look-up raises."""
        digest = self.digest(key)
        known = self._known(digest)
        if known is not None:
            return known
        asked = self._asked.get(digest)
        if asked is None:
            asked = self._asked[digest] = asyncio.get_running_loop().create_future()
            if self._task is None:
                self._task = asyncio.create_task(self._ask(), name="key look-up")
        return await asyncio.shield(asked)

    async def reload(self) -> int:
        """Know exactly what the database knows. Returns 0, as there is never more to do."""
        self._replace(await self._load_all())
        return 0

    def remember(self, integration: Integration) -> None:
        """Know this one as it now is."""
        self.forget(integration.id)
        if integration.revoked_at is None:
            self._by_digest[integration.key_digest] = integration

    def forget(self, integration_id: UUID) -> None:
        """Its key opens nothing any more, from this moment on in this process."""
        self._by_digest = {d: i for d, i in self._by_digest.items() if i.id != integration_id}
        self._shown.clear()

    def _known(self, digest: bytes) -> Integration | None:
        known = self._by_digest.get(digest)
        return known if known is not None and compare_digest(known.key_digest, digest) else None

    def _replace(self, integrations: Iterable[Integration]) -> None:
        self._by_digest = {i.key_digest: i for i in integrations if i.revoked_at is None}
        self._shown.clear()

    async def _ask(self) -> None:
        try:
            while self._asked:
                batch, self._asked = self._asked, {}
                await self._answer(batch)
        finally:
            self._task = None

    async def _answer(self, batch: dict[bytes, asyncio.Future[Integration | None]]) -> None:
        try:
            found = {i.key_digest: i for i in await self._look_up(list(batch)) if i.revoked_at is None}
        except Exception as error:  # noqa: BLE001 - whoever asked is told, and decides
            for future in batch.values():
                future.set_exception(error)
                future.exception()  # seen: the one who asked may be gone by now
            return
        self._by_digest.update(found)
        self._shown.clear()
        for digest, future in batch.items():
            future.set_result(found.get(digest))
