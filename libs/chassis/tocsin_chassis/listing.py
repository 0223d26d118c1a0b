"""Lists by keyset: `limit` and an opaque signed `cursor` in, `items` and `next` out, and a Link header."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import quote

import orjson
from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel

from tocsin_chassis.requests import get_service
from tocsin_runtime.errors import Code, FieldError, Problem

T = TypeVar("T")
SIGNATURE_BYTES = 9


class Listing(BaseModel, Generic[T]):
    """One page of a list. `next` is the cursor of the page after it, null on the last."""

    items: list[T]
    next: str | None = None


@dataclass(frozen=True)
class ListQuery:
    """What the caller asked for. `after` holds the sort values of the last row seen, None on the first page."""

    limit: int
    after: list[Any] | None
    sign: Callable[[bytes], bytes]

    def cut(self, rows: Sequence[T], values: Callable[[T], list[object]]) -> tuple[list[T], str | None]:
        """Fetch `limit + 1` rows; this gives the page and the cursor after its last row, None when that was all."""
        shown = list(rows[: self.limit])
        if len(rows) <= self.limit:
            return shown, None
        payload = orjson.dumps(values(shown[-1]), option=orjson.OPT_NAIVE_UTC)
        return shown, base64.urlsafe_b64encode(self.sign(payload) + payload).decode().rstrip("=")

    def cut_whole(self, rows: Sequence[T], values: Callable[[T], list[Any]]) -> tuple[list[T], str | None]:
        """The same of a short list that is there as a whole, sorted by `values`, which differ from row to row."""
        after = self.after
        return self.cut([row for row in rows if after is None or values(row) > after], values)


def list_query(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> ListQuery:
    """Reads `limit` and `cursor`; 422 for a cursor that is none of this list's."""
    key = hashlib.sha256(
        b"cursor" + get_service(request).platform.settings.secret_key.get_secret_value().encode()
    ).digest()
    path = request.url.path.encode()

    def sign(payload: bytes) -> bytes:
        return hmac.digest(key, path + b"\0" + payload, "sha256")[:SIGNATURE_BYTES]

    return ListQuery(limit, _decode(cursor, sign) if cursor else None, sign)


def link_next(request: Request, response: Response, cursor: str | None) -> None:
    """Set `Link: rel="next"` when there is a next page.

    It leads to the public URL, whatever host the request names: whoever follows it takes their token there.
    """
    if cursor is not None:
        origin = get_service(request).platform.settings.public_url.rstrip("/")
        query = request.url.include_query_params(cursor=cursor).query
        response.headers["Link"] = f'<{origin}{quote(request.url.path)}?{query}>; rel="next"'


def _decode(cursor: str, sign: Callable[[bytes], bytes]) -> list[Any]:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        signature, payload = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        if hmac.compare_digest(signature, sign(payload)):
            values = orjson.loads(payload)
            if isinstance(values, list):
                return values
    except (binascii.Error, orjson.JSONDecodeError, ValueError):
        raise _bad_cursor() from None
    raise _bad_cursor()


def _bad_cursor() -> Problem:
    detail = "Use the cursor that the page before gave as `next`, unchanged, or leave it out to start anew."
    return Problem(422, Code.BAD_CURSOR, detail, errors=[FieldError("cursor", "not a cursor of this list")])


ListQueryParams = Annotated[ListQuery, Depends(list_query)]
