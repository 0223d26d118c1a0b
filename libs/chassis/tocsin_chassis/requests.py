"""What routes ask for: the service, a unit of work, a connection for reading, with the time or without."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin_access.dependencies import recognised
from tocsin_bus.unit_of_work import Cause, UnitOfWork
from tocsin_runtime.ids import new_id
from tocsin_runtime.reading import Reading
from tocsin_runtime.tracing import valid_traceparent

if TYPE_CHECKING:
    from tocsin_chassis.service import Service


def get_service(request: Request) -> "Service":
    """The service that the request came to."""
    return cast("Service", request.app.state.service)


async def open_unit_of_work(request: Request) -> AsyncIterator[UnitOfWork]:
    """A unit of work that has committed before the answer leaves, and told ahead what cannot wait for the bus.

    Under an Idempotency-Key it is the route's, which opens it now and sees to both.
    """
    begin: Callable[[], Awaitable[UnitOfWork]] | None = getattr(request.state, "begin_unit_of_work", None)
    if begin is not None:
        yield await begin()
        return
    await recognised(request)  # first, as it may need a connection too
    service = get_service(request)
    async with service.unit_of_work(cause=cause_of(request)) as uow:
        yield uow
    await service.ahead.tell(uow.emitted)


def cause_of(request: Request) -> Cause:
    """A new story, which carries on the caller's trace."""
    return Cause(new_id(), traceparent=valid_traceparent(request.headers.get("traceparent", "")))


async def open_connection(request: Request) -> AsyncIterator[AsyncConnection]:
    """A connection for reading."""
    await recognised(request)  # first, as it may need a connection too
    async with get_service(request).database.read() as conn:
        yield conn


async def open_reading(request: Request) -> AsyncIterator[Reading]:
    """A connection for reading, and the time of the look: what only looks opens no transaction and wakes nobody."""
    await recognised(request)  # first, as it may need a connection too
    async with get_service(request).reading() as reading:
        yield reading


RequestUnitOfWork = Annotated[UnitOfWork, Depends(open_unit_of_work, scope="function")]
ReadConnection = Annotated[AsyncConnection, Depends(open_connection, scope="function")]
RequestReading = Annotated[Reading, Depends(open_reading, scope="function")]
