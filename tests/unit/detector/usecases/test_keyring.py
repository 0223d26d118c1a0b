"""Integrations by key, from memory."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tocsin_detector.domain.integration import Integration, Source
from tocsin_detector.domain.keys import digester
from tocsin_detector.usecases.keyring import Keyring

SECRET, T0 = b"s" * 32, datetime(2026, 11, 24, tzinfo=UTC)


def integration(key: str, number: int = 1) -> Integration:
    return Integration(
        id=UUID(int=number),
        slug=f"i{number}",
        name="x",
        source=Source.GENERIC,
        service=None,
        key_prefix=key[:8],
        version=1,
        created_at=T0,
        updated_at=T0,
        key_digest=digester(SECRET)(key),
    )


class Table:
    """The integrations that the database holds, and what was asked."""

    def __init__(self, *rows: Integration) -> None:
        self.rows = list(rows)
        self.asked: list[int] = []
        self.error: Exception | None = None

    async def load_all(self) -> Sequence[Integration]:
        return self.rows

    async def look_up(self, digests: Sequence[bytes]) -> Sequence[Integration]:
        self.asked.append(len(digests))
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return [row for row in self.rows if row.key_digest in digests]

    def keyring(self) -> Keyring:
        return Keyring(SECRET, load_all=self.load_all, look_up=self.look_up)


async def test_a_known_key_asks_nobody() -> None:
    table = Table(integration("a"))
    keyring = table.keyring()
    await keyring.reload()

    assert await keyring.find("a") == table.rows[0]
    assert table.asked == []


async def test_a_key_made_elsewhere_is_found_once_and_remembered() -> None:
    table = Table(integration("a"))
    keyring = table.keyring()

    assert await keyring.find("a") == table.rows[0]
    assert await keyring.find("a") == table.rows[0]
    assert table.asked == [1]


async def test_unknown_keys_share_look_ups() -> None:
    table = Table()
    keyring = table.keyring()

    found = await asyncio.gather(*(keyring.find(f"wrong-{n % 50}") for n in range(200)))

    assert found == [None] * 200
    assert len(table.asked) <= 3
    assert sum(table.asked) <= 100


async def test_a_revoked_key_is_unknown_at_once() -> None:
    known = integration("a")
    table = Table(known)
    keyring = table.keyring()
    await keyring.reload()
    revoked = replace(known, revoked_at=T0)
    table.rows = [revoked]

    keyring.remember(revoked)

    assert await keyring.find("a") is None
    await keyring.reload()
    assert await keyring.find("a") is None


async def test_a_rotated_key_opens_and_the_old_one_does_not() -> None:
    known = integration("old")
    table = Table(known)
    keyring = table.keyring()
    await keyring.reload()
    rotated = replace(known, key_digest=digester(SECRET)("new"))
    table.rows = [rotated]

    keyring.remember(rotated)

    assert await keyring.find("new") == rotated
    assert await keyring.find("old") is None


async def test_a_look_up_that_fails_is_not_taken_for_unknown() -> None:
    table = Table(integration("a"))
    keyring = table.keyring()
    table.error = ConnectionError("away")

    with pytest.raises(ConnectionError):
        await keyring.find("a")
    table.error = None

    assert await keyring.find("a") is not None


@pytest.mark.parametrize("change", ["remember", "forget", "reload"])
async def test_a_key_that_was_shown_before_opens_what_it_opens_now(change: str) -> None:
    known = integration("a")
    table = Table(known)
    keyring = table.keyring()
    await keyring.reload()
    assert keyring.known("a") is known
    renamed = replace(known, name="renamed")

    if change == "remember":
        keyring.remember(renamed)
    elif change == "forget":
        keyring.forget(known.id)
    else:
        table.rows = [renamed]
        await keyring.reload()

    assert keyring.known("a") == (None if change == "forget" else renamed)
