"""`POST /internal/v1/events`: events that come past the bus, handled exactly as if they had come through it (R22).

`POST /internal/v1/events/ahead`: those that cannot wait for the bus, which works as ever (R27).
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import httpx2
import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from tocsin_access.dependencies import require_internal
from tocsin_access.internal import InternalKeeper
from tocsin_bus.protocol import Partition, Record
from tocsin_chassis.platform import Courier
from tocsin_events.base import Topic
from tocsin_events.envelope import Envelope, MalformedEvent, from_headers
from tocsin_runtime.clock import process_now
from tocsin_runtime.errors import Code, Problem

if TYPE_CHECKING:
    from tocsin_chassis.service import Service

PATH = "/internal/v1/events"
AHEAD = PATH + "/ahead"
LARGEST_PART = 1024 * 1024
"""Bytes of events in one post: in base64, and with their headers, still less than half of what a service takes."""


def intake_router(service: "Service") -> APIRouter:
    """Answers 204 once the events are committed; on the service's own port only."""
    router = APIRouter(include_in_schema=False)

    @router.post(PATH, status_code=204, name="take_events")
    async def take_events(
        request: Request, _: Annotated[str, Depends(require_internal(service.name))]
    ) -> Response:
        await take_directly(service, _records(await request.body()))
        return Response(status_code=204)

    @router.post(AHEAD, status_code=204, name="take_events_ahead")
    async def take_events_ahead(
        request: Request, _: Annotated[str, Depends(require_internal(service.name))]
    ) -> Response:
        await take_ahead(service, [r.envelope for r in _records(await request.body()) if r.envelope])
        return Response(status_code=204)

    return router


async def take_directly(service: "Service", records: list[Record]) -> None:
    """Handle them now; the same events, coming through the bus later, change nothing."""
    if service.runner is None:
        raise RuntimeError("the service is not built")
    await service.runner.handle(records)
    service.relay.assume_stalled()
    service.wakeups.wake("relay")


async def take_ahead(service: "Service", envelopes: Sequence[Envelope]) -> None:
    """Handle now what this service wants to know ahead of the bus. Says nothing about the bus, unlike the other."""
    if service.runner is None:
        raise RuntimeError("the service is not built")
    for envelope in envelopes:
        await service.runner.handle_ahead(envelope)


def as_record(envelope: Envelope) -> Record:
    """An envelope as the consumer takes it; offset -1 says that it came from no partition."""
    return Record(Partition(envelope.topic, -1), -1, envelope, envelope.headers(), envelope.data)


def http_courier(
    target: str, *, url: str, issuer: str, secret_key: str, client: httpx2.AsyncClient, path: str = PATH
) -> Courier:
    """Brings events to the service at `url`: to `PATH`, or `AHEAD`. Raises httpx2.HTTPError when it took none."""
    keeper = InternalKeeper(secret_key)

    async def bring(envelopes: Sequence[Envelope]) -> None:
        for part in _parts(envelopes):
            await post(part)

    async def post(envelopes: Sequence[Envelope]) -> None:
        token = keeper.issue(target, issuer=issuer, now=process_now())
        events = [
            {"topic": e.topic.value, "headers": e.headers(), "data": base64.b64encode(e.data).decode()}
            for e in envelopes
        ]
        answer = await client.post(
            url + path,
            content=orjson.dumps({"events": events}),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        answer.raise_for_status()

    return bring


def _parts(envelopes: Sequence[Envelope]) -> Iterator[list[Envelope]]:
    """The same in order, each part small enough for the receiver to take."""
    part: list[Envelope] = []
    size = 0
    for envelope in envelopes:
        if part and size + len(envelope.data) > LARGEST_PART:
            yield part
            part, size = [], 0
        part.append(envelope)
        size += len(envelope.data)
    if part:
        yield part


def _records(body: bytes) -> list[Record]:
    try:
        entries = orjson.loads(body)["events"]
        return [
            as_record(
                from_headers(
                    e["headers"], topic=Topic(e["topic"]), data=base64.b64decode(e["data"], validate=True)
                )
            )
            for e in entries
        ]
    except (orjson.JSONDecodeError, binascii.Error, MalformedEvent, KeyError, TypeError, ValueError) as error:
        raise Problem(
            400, Code.BAD_REQUEST, f"Send {{events: [{{topic, headers, data}}]}}: {error!r}"
        ) from error
