"""Events that go past the bus by HTTP: in order, and never in a body that the next service would not take."""

from uuid import UUID

import httpx2
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin_chassis.frame import LARGEST_BODY
from tocsin_chassis.intake import PATH, http_courier
from tocsin_events.base import Topic
from tocsin_events.envelope import Envelope
from tocsin_runtime.clock import process_now
from tocsin_runtime.ids import new_id


def envelope(size: int) -> Envelope:
    return Envelope(
        id=new_id(),
        type="alert.opened.v1",
        source="/tocsin/detector",
        topic=Topic.ALERTS,
        key=UUID(int=1),
        occurred_at=process_now(),
        data=b"x" * size,
        correlation_id=new_id(),
    )


async def test_many_large_events_are_brought_in_several_posts_in_order() -> None:
    bodies: list[bytes] = []

    async def take(request: Request) -> Response:
        bodies.append(await request.body())
        return Response(status_code=204)

    receiver = Starlette(routes=[Route(PATH, take, methods=["POST"])])
    transport = httpx2.ASGITransport(receiver)
    events = [envelope(size) for size in (2_300_000, *[20_000] * 497, 2_300_000)]
    async with httpx2.AsyncClient(transport=transport) as client:
        bring = http_courier(
            "incidents", url="http://incidents", issuer="detector", secret_key="k" * 32, client=client
        )
        await bring(events)
        await bring([])

    assert max(len(body) for body in bodies) < LARGEST_BODY
    brought = [event["headers"]["id"] for body in bodies for event in orjson.loads(body)["events"]]
    assert brought == [str(event.id) for event in events]
