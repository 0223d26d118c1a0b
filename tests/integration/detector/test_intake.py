"""The writer below the accept road: only the guilty fails, nothing is written twice, a lost connection is replaced."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from tocsin_detector.domain.delivery import STORED, Delivery, Refused, Repeats
from tocsin_detector.domain.health import Verdict
from tocsin_detector.domain.integration import Road
from tocsin_detector.store.intake import DatabaseAway, Intake
from tocsin_runtime.database import Database
from tocsin_runtime.ids import new_id

SENDER = UUID(int=7)


def delivery(**changes: object) -> Delivery:
    plain = Delivery(
        id=new_id(),
        integration_id=SENDER,
        lane=1,
        received_at=datetime.now(UTC),
        road=Road.GENERIC,
        verdict=Verdict.ACCEPTED,
        body=b'{"title": "a"}',
        accepted=1,
        signals=b"[]",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Intake]:
    made = Intake(database)
    yield made
    await made.close()


async def count(database: Database, statement: str) -> int:
    async with database.read() as conn:
        return int((await conn.execute(text(statement))).scalar_one())


async def test_only_the_guilty_fails_and_its_body_is_kept(intake: Intake, database: Database) -> None:
    good = [delivery() for _ in range(20)]
    guilty = delivery(content_type="text\x00plain", body=b"\x00\xff")

    outcomes = await intake.write([*good[:7], guilty, *good[7:]])

    assert outcomes[:7] + outcomes[8:] == [STORED] * 20
    assert isinstance(outcomes[7], Refused)
    assert outcomes[7].kept
    assert await count(database, "SELECT count(*) FROM deliveries WHERE verdict = 'accepted'") == 20
    assert (
        await count(
            database, "SELECT count(*) FROM deliveries WHERE verdict = 'rejected' AND body = '\\x00ff'"
        )
        == 1
    )
    assert await count(database, "SELECT count(*) FROM waiting") == 20


async def test_what_cannot_be_kept_at_all_is_said(intake: Intake) -> None:
    twice = delivery()
    await intake.write([twice])

    (outcome,) = await intake.write([twice])

    assert outcome == Refused(outcome.reason, kept=False) if isinstance(outcome, Refused) else False


async def test_after_a_lost_answer_nothing_is_written_twice(intake: Intake, database: Database) -> None:
    """The commit went through, its answer did not come: the same batch is written again."""
    first, second = delivery(), delivery()
    await intake.write([first])

    assert await intake.write([first, second], again=True) == [STORED, STORED]
    assert await count(database, "SELECT count(*) FROM deliveries") == 2
    assert await count(database, "SELECT count(*) FROM waiting") == 2


async def test_a_connection_that_is_cut_is_replaced(intake: Intake, database: Database) -> None:
    await intake.write([delivery()])
    pid = (await intake._connected()).get_server_pid()
    cut, again = delivery(), delivery()
    other = await database.raw()
    await other.execute("SET ROLE NONE")
    await other.fetchval("SELECT pg_terminate_backend($1)", pid)
    await other.close()
    with suppress(DatabaseAway):  # it depends on whether the end was noticed before
        await intake.write([cut])

    assert await intake.write([again], again=True) == [STORED]
    assert (await intake._connected()).get_server_pid() != pid


async def test_writes_are_synchronous(intake: Intake) -> None:
    connection = await intake._connected()

    assert await connection.fetchval("SHOW synchronous_commit") == "on"


async def test_the_same_sender_id_twice_in_a_batch_is_one(intake: Intake, database: Database) -> None:
    first = delivery(sender_id="webhook-id:1", body_digest=b"x", answer=b"first")
    second = delivery(sender_id="webhook-id:1", body_digest=b"y", answer=b"second")
    plain = delivery()

    outcomes = await intake.write([first, plain, second])

    assert outcomes == [STORED, STORED, Repeats(b"first", same_body=False)]
    assert await count(database, "SELECT count(*) FROM waiting") == 2


async def test_rejected_deliveries_are_not_remembered_by_id(intake: Intake) -> None:
    rejected = delivery(sender_id="webhook-id:1", verdict=Verdict.REJECTED, signals=None, reason="x")

    assert await intake.write([rejected]) == [STORED]
    assert await intake.write([delivery(sender_id="webhook-id:1")]) == [STORED]
