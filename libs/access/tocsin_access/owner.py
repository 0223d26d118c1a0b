"""Asking paging, which owns the tokens, about one that the copy does not know yet."""

from typing import Final

from httpx2 import AsyncClient, HTTPError
from pydantic import TypeAdapter, ValidationError

from tocsin_access.access import AskOwner, Grant, OwnerAwayError
from tocsin_access.internal import InternalKeeper
from tocsin_runtime.clock import process_now

CHECK_PATH: Final = "/internal/v1/tokens/check"
OWNER: Final = "paging"
GRANT: Final = TypeAdapter(Grant)
"""How a grant travels between services."""


def ask_over_http(client: AsyncClient, paging_url: str, *, issuer: str, secret_key: str) -> AskOwner:
    """How `issuer` asks paging at its direct URL. Only the keyed hash of the token leaves the process."""
    keeper = InternalKeeper(secret_key)

    async def ask(digest: str) -> Grant | None:
        token = keeper.issue(OWNER, issuer=issuer, now=process_now())
        headers = {"Authorization": f"Bearer {token}"}
        try:
            answer = await client.post(paging_url + CHECK_PATH, json={"digest": digest}, headers=headers)
            if answer.status_code == 404:
                return None
            return GRANT.validate_json(answer.raise_for_status().content)
        except (HTTPError, ValidationError) as error:
            raise OwnerAwayError(f"{type(error).__name__} from {CHECK_PATH}") from error

    return ask
