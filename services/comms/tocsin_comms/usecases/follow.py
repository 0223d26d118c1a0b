"""Taking over what the incidents service tells:

the copy, the promise of an update, the report and the chat message.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_comms.domain.cadence import Promise, promised
from tocsin_comms.domain.incident import Incident
from tocsin_comms.store.incidents import Followed, IncidentRepository
from tocsin_comms.usecases.chat import edit_summary, reply_in_thread
from tocsin_comms.usecases.news import News
from tocsin_comms.usecases.report import Turn, keep_reports
from tocsin_comms.usecases.rules import Rules

REMINDER = "update_reminder"
ById = dict[UUID, Followed]


async def follow(uow: UnitOfWork, news: Sequence[News], *, rules: Rules) -> None:
    """Bring all that comms says of incidents up to what was told, in its order, in one transaction with their
    rows locked.

    An event older than the copy does not turn it back, but what was said with it is still said. What another service
    tells of an incident that is over, or that comms has not heard of, is told nobody.
    """
    news = [each for each in news if each.incident is not None or rules.chat_channel is not None]
    begun, known = await _lock(uow, news)
    now_is, turns = dict(known), []
    for each in news:
        uow.cause = each.cause
        followed = now_is.get(each.incident_id)
        if each.incident is None:
            await _note(uow, followed, each, rules=rules)
            continue
        if followed is None:
            followed = begun[each.incident_id]
            set_reminder(uow, followed)
        newer = each.incident.version >= followed.incident.version
        turns.append(Turn(each.incident if newer else followed.incident, each.cause, each.posted))
        now_is[each.incident_id] = await _take_over(uow, followed, turns[-1].incident, each, rules=rules)
    before = {**begun, **known}
    await IncidentRepository(uow.conn).save([after for id_, after in now_is.items() if after != before[id_]])
    if turns:
        await keep_reports(uow, turns, unreported=begun, rules=rules)
        uow.announce("comms")


def set_reminder(uow: UnitOfWork, followed: Followed) -> None:
    """The durable timer of the promise that stands now."""
    promise = followed.promise
    if promise.due_at is not None:
        uow.schedule(REMINDER, followed.incident.id, promise.due_at, generation=promise.generation)


async def _take_over(
    uow: UnitOfWork, followed: Followed, fresh: Incident, news: News, *, rules: Rules
) -> Followed:
    """The incident as it is after this; the caller saves it."""
    promise = promised(followed.promise, _due(fresh), now=uow.now)
    after = followed.told(fresh, promise)
    if promise.generation != followed.promise.generation:
        set_reminder(uow, after)
    if not news.silently:
        after = await edit_summary(uow, after, rules=rules)
    if news.reply is not None:
        await reply_in_thread(uow, fresh, news.reply, kind="reply", rules=rules)
    return after


async def _note(uow: UnitOfWork, followed: Followed | None, news: News, *, rules: Rules) -> None:
    if followed is not None and not followed.incident.over and news.reply is not None:
        await reply_in_thread(uow, followed.incident, news.reply, kind="reply", rules=rules)


def _due(incident: Incident) -> datetime | None:
    return None if incident.over else incident.update_due_at


async def _lock(uow: UnitOfWork, news: Sequence[News]) -> tuple[ById, ById]:
    """Those of these incidents that are followed from here on, and those that were already, all locked.

    What is new goes in before anything else is locked, and both in the order of ids, so that no two transactions wait
    for each other; the page's row comes after all incidents for the same reason.
    """
    first: ById = {}
    for each in news:
        if (told := each.incident) is not None and told.id not in first:
            first[told.id] = Followed(told, Promise(told.opened_at, _due(told), generation=1))
    repository = IncidentRepository(uow.conn)
    begun = await repository.begin(first.values())
    known = await repository.lock_all({each.incident_id for each in news} - begun)
    assert first.keys() <= begun | known.keys(), "its row was written by another transaction just now"
    return {id_: first[id_].told(first[id_].incident, first[id_].promise) for id_ in begun}, known
