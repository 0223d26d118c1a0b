"""Who calls is what the socket says, but for proxies that are trusted (S36)."""

import pytest
from starlette.types import Receive, Scope, Send

from tocsin_runtime.serve import uvicorn_config


@pytest.mark.parametrize(
    ("trusted", "peer", "seen"),
    [
        ("", "10.1.2.3", "10.1.2.3"),
        ("10.0.0.0/8", "10.1.2.3", "203.0.113.9"),
        ("10.0.0.0/8", "192.0.2.1", "192.0.2.1"),
        ("192.0.2.1,10.0.0.0/8", "192.0.2.1", "203.0.113.9"),
    ],
)
async def test_only_a_trusted_proxy_is_believed(trusted: str, peer: str, seen: str) -> None:
    callers: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        callers.append(scope["client"][0])

    config = uvicorn_config(app, host="127.0.0.1", port=0, trusted_proxies=trusted)
    config.load()
    headers = [(b"x-forwarded-for", b"198.51.100.7, 203.0.113.9")]
    scope = {"type": "http", "scheme": "http", "client": (peer, 1), "headers": headers}
    await config.loaded_app(scope, None, None)
    assert callers == [seen]
