"""What a query names may be known here only in a moment."""

from contextlib import suppress

from fastapi import Depends, Request

from tocsin_access.dependencies import require
from tocsin_access.directory import Directory
from tocsin_chassis.directory_copy import DirectoryCopy
from tocsin_chassis.once_told import once_told
from tocsin_chassis.requests import get_service
from tocsin_paging.domain.errors import NotFoundError
from tocsin_paging.domain.references import as_id


async def wait_for_service(request: Request, _: object = Depends(require("paging:read"))) -> None:
    """Wait, for a moment, until the directory knows the `service` of the query. What is not known then, the
    route says in its own words.
    """
    named = request.query_params.get("service")

    async def look() -> None:
        async with get_service(request).database.read() as conn:
            directory, service_id = Directory(conn), as_id(named or "")
            found = directory.service(service_id) if service_id else directory.service_named(named or "")
            if await found is None:
                raise NotFoundError

    if named:
        with suppress(NotFoundError):
            await once_told(look, NotFoundError, copy=DirectoryCopy(get_service(request)))


ServiceTold = Depends(wait_for_service)
"""Ahead of what a route reads, so that nothing is held meanwhile."""
