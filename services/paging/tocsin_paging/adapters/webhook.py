"""A signed webhook, after the Standard Webhooks specification."""

import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID

import orjson
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    TCPConnector,
)
from standardwebhooks import Webhook

from tocsin_bus.sending import GiveUp, Outcome, Retry, Sending, Sent, Unknown
from tocsin_paging.adapters.guard import ForbiddenTarget, Guard, GuardedResolver, UnresolvedTarget
from tocsin_paging.domain.contact import Channel
from tocsin_paging.domain.message import compose, delayed_by
from tocsin_paging.domain.payload import Payload, payload_from_json

TIMEOUT = ClientTimeout(total=9.5, sock_connect=3.0, connect=4.0)
MAY_PASS = (408, 425, 429)
LONGEST_PAUSE = 300.0


class WebhookProvider:
    """Posts pages to URLs. Connections are reused and go only to addresses that the guard has checked."""

    name = Channel.WEBHOOK.value
    one_place = False

    def __init__(
        self,
        guard: Guard,
        *,
        secret: Callable[[UUID], str],
        ack_url: Callable[[UUID], str],
        now: Callable[[], datetime],
    ) -> None:
        self._guard = guard
        self._secret = secret
        self._ack_url = ack_url
        self._now = now
        self._session: ClientSession | None = None

    async def send(self, sending: Sending) -> Outcome:
        """Post the page. 2xx is sent; a redirect is not followed; what broke off after it left is unknown."""
        payload = payload_from_json(sending.payload)
        body = orjson.dumps(self._body(payload, may_repeat=sending.may_repeat))
        try:
            await self._guard.check_url(payload.address)
            headers = self._headers(payload, body) | _trace(sending)
            async with self._client().post(
                payload.address, data=body, headers=headers, allow_redirects=False
            ) as response:
                return _outcome(response, now=self._now())
        except UnresolvedTarget as error:
            return Retry(str(error))
        except ForbiddenTarget as error:
            return GiveUp(str(error))
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            return Retry(f"the receiver cannot be reached: {error}")
        except (ClientError, TimeoutError) as error:
            return Unknown(f"the receiver broke off: {error or 'no answer in time'}")

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()

    def _client(self) -> ClientSession:
        if self._session is None:
            connector = TCPConnector(
                resolver=GuardedResolver(self._guard), family=socket.AF_UNSPEC, ttl_dns_cache=10
            )
            self._session = ClientSession(connector=connector, timeout=TIMEOUT, auto_decompress=False)
        return self._session

    def _headers(self, payload: Payload, body: bytes) -> dict[str, str]:
        now, message_id = self._now(), str(payload.page_id)
        signer = Webhook(self._secret(payload.contact_id))
        return {
            "content-type": "application/json",
            "user-agent": "tocsin-paging",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signer.sign(message_id, now, body.decode()),
        }

    def _body(self, payload: Payload, *, may_repeat: bool) -> dict[str, Any]:
        now = self._now()
        link = self._ack_url(payload.page_id) if payload.incident_id else None
        content = payload.with_link(link).content
        message = compose(content, now=now, may_repeat=may_repeat)
        data: dict[str, Any] = {
            "page_id": payload.page_id,
            "summary": message.subject,
            "text": message.text,
            "recipient": content.recipient,
            "why": content.why,
            "requested_at": content.requested_at,
            "delayed_seconds": delayed_by(content, now) // timedelta(seconds=1),
            "may_repeat": may_repeat,
            "step": content.step,
            "round": content.round,
            "incident": None,
        }
        if content.about and payload.incident_id:
            data["incident"] = {"id": payload.incident_id, **vars(content.about)}
            data["acknowledge_url"] = link
        kind = "incident" if payload.incident_id else "notice" if content.notice else "test"
        return {"type": f"page.{kind}", "timestamp": now, "data": data}


def _trace(sending: Sending) -> dict[str, str]:
    """The trace that the alert came with, so that whoever is called can go on with it."""
    trace = sending.cause.traceparent
    return {"traceparent": trace} if trace else {}


def _outcome(response: ClientResponse, *, now: datetime) -> Outcome:
    status = response.status
    if 200 <= status < 300:
        return Sent()
    reason = f"the receiver answered {status}"
    if status in MAY_PASS or status >= 500:
        return Retry(reason, after=retry_after(response.headers.get("Retry-After", ""), now=now))
    return GiveUp(reason)


def retry_after(value: str, *, now: datetime) -> float | None:
    """Read a Retry-After header, seconds or a date; None when there is none, never more than 5 minutes."""
    if value.strip().isdigit():
        return min(float(value), LONGEST_PAUSE)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    return min(max((at - now).total_seconds(), 0.0), LONGEST_PAUSE)
