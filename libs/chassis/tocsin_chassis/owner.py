"""Asks paging, which owns tokens, about one that this service's copy does not know yet."""

import httpx2

from tocsin_access.access import AskOwner
from tocsin_access.owner import OWNER, ask_over_http
from tocsin_chassis.platform import Platform


def owner_of_tokens(service: str, platform: Platform, client: httpx2.AsyncClient) -> AskOwner | None:
    """The host's own way to paging, else its address; None for paging itself, and where there is neither."""
    settings = platform.settings
    if service == OWNER:
        return None
    if platform.ask_owner is not None or not settings.paging_url:
        return platform.ask_owner
    secret_key = settings.secret_key.get_secret_value()
    return ask_over_http(client, settings.paging_url.rstrip("/"), issuer=service, secret_key=secret_key)
