"""For the one process of an installation: what a dead one held is free at once, not after its time."""

from tocsin_runtime.database import Database
from tocsin_runtime.statement import Statement


async def succeed(database: Database, *, sends: bool) -> None:
    """End all leases, and with `sends` all claims on messages; those may have left already and are marked so.

    With another process alive this would have two of them act at once: only the one owner of a database may call it.
    """
    async with database.begin() as conn:
        await _LEASES.run(conn)
        await _MEMBERS.run(conn)
        if sends:
            await _CLAIMS.run(conn)


_LEASES = Statement("UPDATE leases SET until = now() WHERE until > now()")
_MEMBERS = Statement("DELETE FROM lease_members")
_CLAIMS = Statement("UPDATE sendings SET next_try_at = now() WHERE state = 'sending' AND next_try_at > now()")
