"""Telling the team: one message an incident, which is edited as it moves, and replies for what matters."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from tocsin_access.directory import Directory
from tocsin_bus.sending import queue_sending
from tocsin_bus.unit_of_work import UnitOfWork
from tocsin_comms.domain.chat import ChatMessage, People, summary
from tocsin_comms.domain.incident import Incident
from tocsin_comms.store.incidents import Followed
from tocsin_comms.store.messages import MessageRepository
from tocsin_comms.usecases.rules import Rules
from tocsin_runtime.ids import new_id

SLACK = "slack"


async def edit_summary(uow: UnitOfWork, followed: Followed, *, rules: Rules) -> Followed:
    """Queue the incident's one message as it now is: posted the first time, edited afterwards.

    The incident's row must be locked: its count of versions, which the caller saves, makes each message's key.
    """
    if rules.chat_channel is None:
        return followed
    followed = replace(followed, summaries=followed.summaries + 1)
    incident = followed.incident
    assignee = await person(uow, incident.assignee_id)
    message = summary(incident, assignee, base_url=rules.base_url, update_due_at=followed.promise.due_at)
    kind, key = "summary", f"summary:{incident.id}:{followed.summaries}"
    await _queue(uow, incident, message, kind=kind, key=key, version=followed.summaries)
    return followed


async def reply_in_thread(
    uow: UnitOfWork,
    incident: Incident,
    message: ChatMessage,
    *,
    kind: str,
    rules: Rules,
    key: UUID | None = None,
) -> None:
    """Queue a reply below the incident's message. The same `key` a second time is no second reply."""
    if rules.chat_channel is not None:
        await _queue(uow, incident, message, kind=kind, key=f"{kind}:{key or new_id()}", version=0)


async def person(uow: UnitOfWork, user_id: UUID | None) -> People:
    """Who that is, as far as the directory's copy knows."""
    user = await Directory(uow.conn).user(user_id) if user_id else None
    return People(user.name, user.slack_user_id) if user else People()


async def _queue(
    uow: UnitOfWork, incident: Incident, message: ChatMessage, *, kind: str, key: str, version: int
) -> None:
    payload: dict[str, Any] = {
        "kind": kind,
        "incident_id": str(incident.id),
        "version": version,
        "text": message.text,
        "blocks": list(message.blocks),
    }
    sending_id = await queue_sending(
        uow,
        provider=SLACK,
        subject=incident.id,
        payload=payload,
        idempotency_key=key,
        order_key=str(incident.id),
    )
    if sending_id is not None:
        await MessageRepository(uow.conn).queue(
            sending_id, incident_id=incident.id, channel=SLACK, kind=kind, text=message.text, now=uow.now
        )
