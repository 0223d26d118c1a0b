"""Slack through its own client: posts an incident's message once, edits it, and replies below it.

Slack takes no idempotency key. So each message carries its key as metadata, and when an earlier try may have
got
through, the channel's history is searched for that key before anything is posted again (R29).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tocsin_bus.sending import GiveUp, Outcome, Retry, Sending, Sent, Unknown

log = structlog.get_logger("tocsin.comms.slack")
EVENT_TYPE = "tocsin_message"
TIMEOUT = aiohttp.ClientTimeout(total=9, connect=3)
SEARCHED = 999
"""The most that Slack gives at once, newest first."""
SKEW = 3600
"""Seconds by which Slack's clock and the database's may differ."""
LONGEST_PAUSE = 300.0

LATER = {
    "fatal_error",
    "internal_error",
    "message_limit_exceeded",
    "ratelimited",
    "rate_limited",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
}
"""What Slack answers when nothing was done and another try may help."""

NOT_JSON = "not_json"

GONE = {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"}
"""The message that was to be edited, or answered, is not there any more."""

_ADVICE = {
    "invalid_auth": "set TOCSIN_COMMS_SLACK_TOKEN to a valid bot token",
    "token_revoked": "the token was revoked: set a new TOCSIN_COMMS_SLACK_TOKEN",
    "channel_not_found": "set TOCSIN_COMMS_SLACK_CHANNEL to the id of a channel that the bot can see",
    "not_in_channel": "invite the bot to the channel",
    "is_archived": "the channel is archived: choose another",
    "missing_scope": "give the bot the scopes chat:write and channels:history",
}


class Place(Protocol):
    """Where a message is."""

    @property
    def channel(self) -> str: ...

    @property
    def ts(self) -> str: ...


FindPlace = Callable[[UUID], Awaitable[Place | None]]


@dataclass(frozen=True, slots=True)
class Mail:
    """A sending as this adapter reads it."""

    incident_id: UUID
    kind: str
    key: str
    text: str
    blocks: list[dict[str, Any]]
    since: float


class SlackProvider:
    """One workspace, one channel.

    `find_place` tells where an incident's message is, in a transaction of its own.
    """

    name = "slack"
    one_place = True

    def __init__(self, client: AsyncWebClient, channel: str, find_place: FindPlace) -> None:
        self._client = client
        self._channel = channel
        self._find_place = find_place

    async def open(self) -> None:
        """To be called on the event loop before the first `send`, and `close` after the last."""
        connector = aiohttp.TCPConnector(
            force_close=True
        )  # a connection that died unseen would make unknowns
        self._client.session = aiohttp.ClientSession(timeout=TIMEOUT, connector=connector)

    async def close(self) -> None:
        """Close the client's connections."""
        if self._client.session is not None:
            await self._client.session.close()

    async def send(self, sending: Sending) -> Outcome:
        """Sent carries `channel:ts`.

        Nothing is retried here: the queue does that, and knows what may repeat.
        """
        mail = _mail(sending)
        place = await self._find_place(mail.incident_id)
        try:
            if mail.kind != "summary":
                return await self._reply(mail, place, sending)
            return await self._edit(mail, place) or await self._post(mail, sending)
        except SlackApiError as error:
            return _refused(error)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return Retry(f"cannot connect to Slack: {error}")
        except (aiohttp.ClientError, TimeoutError) as error:
            return Unknown(f"no answer from Slack: {type(error).__name__}")

    async def _edit(self, mail: Mail, place: Place | None) -> Outcome | None:
        """Null when there is nothing to edit: never posted, or deleted by somebody."""
        if place is None or place.channel != self._channel:
            return None
        try:
            await self._client.chat_update(
                channel=place.channel,
                ts=place.ts,
                text=mail.text,
                blocks=mail.blocks,
                metadata=_metadata(mail),
                parse="none",
                link_names=False,
            )
        except SlackApiError as error:
            if _code(error) not in GONE:
                raise
            log.info("slack.message_gone", incident_id=str(mail.incident_id))
            return None
        return Sent(f"{place.channel}:{place.ts}")

    async def _post(self, mail: Mail, sending: Sending) -> Outcome:
        """The first message of an incident, unless one of an earlier try is found: that is edited then."""
        if sending.may_repeat or sending.attempt > 1:
            known = await self._search(mail, thread=None)
            if known is not None and (edited := await self._edit(mail, _At(self._channel, known))):
                return edited
        return await self._send(mail, thread=None)

    async def _reply(self, mail: Mail, place: Place | None, sending: Sending) -> Outcome:
        if place is None:
            return GiveUp("the incident has no message to reply to; see why that one was not sent")
        if sending.may_repeat or sending.attempt > 1:
            known = await self._search(mail, thread=place.ts)
            if known is not None:
                return Sent(f"{place.channel}:{known}")
        return await self._send(mail, thread=place.ts)

    async def _send(self, mail: Mail, *, thread: str | None) -> Outcome:
        answer = await self._client.chat_postMessage(
            channel=self._channel,
            text=mail.text,
            blocks=mail.blocks,
            thread_ts=thread,
            metadata=_metadata(mail),
            parse="none",
            link_names=False,
            unfurl_links=False,
            unfurl_media=False,
        )
        return Sent(f"{answer['channel']}:{answer['ts']}")

    async def _search(self, mail: Mail, *, thread: str | None) -> str | None:
        """The ts of a message with this key. Null when there is none, or when the bot may not look."""
        asked: dict[str, Any] = {
            "channel": self._channel,
            "oldest": f"{mail.since:.6f}",
            "limit": SEARCHED,
            "include_all_metadata": True,
        }
        try:
            if thread is None:
                answer = await self._client.conversations_history(**asked)
            else:
                answer = await self._client.conversations_replies(ts=thread, **asked)
        except SlackApiError as error:
            if _code(error) != "missing_scope":
                raise
            log.warning("slack.history_not_allowed", advice=_ADVICE["missing_scope"])
            return None
        found = (message for message in answer["messages"] if _key(message) == mail.key)
        return next((str(message["ts"]) for message in found), None)


@dataclass(frozen=True, slots=True)
class _At:
    channel: str
    ts: str


def slack_client(token: str, *, base_url: str) -> AsyncWebClient:
    """Slack's client without its own retries: it would post again what may have got through."""
    return AsyncWebClient(token=token, base_url=base_url, timeout=9, retry_handlers=[])


def _mail(sending: Sending) -> Mail:
    payload = sending.payload
    incident_id = UUID(payload["incident_id"])
    kind = str(payload["kind"])
    return Mail(
        incident_id=incident_id,
        kind=kind,
        key=f"summary:{incident_id}" if kind == "summary" else sending.idempotency_key,
        text=payload["text"],
        blocks=payload["blocks"],
        since=sending.created_at.timestamp() - SKEW,
    )


def _metadata(mail: Mail) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"key": mail.key}}


def _key(message: Mapping[str, Any]) -> str | None:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return None
    key = (metadata.get("event_payload") or {}).get("key")
    return str(key) if key else None


def _code(error: SlackApiError) -> str:
    data = error.response.data if hasattr(error.response, "data") else error.response
    return str(data.get("error", "unknown")) if isinstance(data, Mapping) else NOT_JSON


def _refused(error: SlackApiError) -> Outcome:
    """What a refusal means: 429 and Slack's own troubles are tried again, everything else needs a human."""
    status, code = int(getattr(error.response, "status_code", 0)), _code(error)
    if status == 429:
        return Retry("Slack asks for a slower pace", after=_pause(error), well=True)
    if status >= 500 or status == 408 or code in LATER:
        return Retry(f"Slack answered {status} {code}")
    if code == NOT_JSON:
        return Unknown("Slack's answer was cut short or no JSON")
    advice = _ADVICE.get(code)
    return GiveUp(f"Slack refused: {code}" + (f"; {advice}" if advice else ""))


def _pause(error: SlackApiError) -> float | None:
    headers = getattr(error.response, "headers", None) or {}
    stated = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return min(float(stated), LONGEST_PAUSE) if str(stated).isdigit() else None
