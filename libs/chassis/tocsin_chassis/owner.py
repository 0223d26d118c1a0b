"""Asks paging, which owns tokens, about one that this service's copy does not know yet."""

import httpx2

from tocsin_access.access import AskOwner
from tocsin_access.owner import ask_over_http
from tocsin_runtime.settings import PlatformSettings


def owner_of_tokens(service: str, settings: PlatformSettings, client: httpx2.AsyncClient) -> AskOwner | None:
    """None for paging itself, and where no address of paging is set."""
    if service == "paging" or not settings.paging_url:
        return None
    secret_key = settings.secret_key.get_secret_value()
    return ask_over_http(client, settings.paging_url.rstrip("/"), issuer=service, secret_key=secret_key)
