"""The only process of an installation need not wait for what its killed forerunner held."""

from datetime import timedelta

from tests.integration.bus.postbox import Desk, Postbox, queue
from tests.ledger import SCHEMA
from tocsin_bus.destinations import Offer
from tocsin_bus.lease_table import LeaseTable
from tocsin_bus.leases import LeaseKeeper
from tocsin_bus.send_runner import SendRunner
from tocsin_bus.sending_rows import claim
from tocsin_bus.succession import succeed
from tocsin_bus.unit_of_work import OpenUnitOfWork
from tocsin_runtime.database import Database

NAMES = ["0", "1", "2", "3"]


async def test_leases_of_the_dead_are_free_at_once(database: Database) -> None:
    dead = LeaseKeeper(LeaseTable(database.apart), scope=SCHEMA, names=NAMES)
    await dead.renew()
    await succeed(database, sends=True)
    heir = LeaseKeeper(LeaseTable(database.apart), scope=SCHEMA, names=NAMES)
    await heir.renew()
    assert sorted(heir.held()) == NAMES
    assert all(epoch == 2 for epoch in heir.held().values())


async def test_claims_of_the_dead_are_free_at_once_and_may_repeat(
    database: Database, open_now: OpenUnitOfWork
) -> None:
    await queue(open_now)
    async with open_now() as uow:
        assert len((await claim(uow, Offer(5, each=5), provider="postbox")).claimed) == 1
    postbox = Postbox()
    heir = SendRunner(postbox, Desk(), open_now)
    assert await heir.run_once() == 0
    await succeed(database, sends=True)
    assert await heir.run_once() == 1
    assert postbox.taken[0].may_repeat
    async with open_now() as uow:
        assert uow.now - postbox.taken[0].created_at < timedelta(minutes=1)
