"""A token works from the moment on in which it is given, at every service."""

import httpx2

from tocsin_testkit.world import World

READS = {
    "detector": ("alerts:read", "/api/v1/alerts"),
    "incidents": ("incidents:read", "/api/v1/incidents"),
    "paging": ("paging:read", "/api/v1/pages"),
    "comms": ("comms:read", "/api/v1/messages"),
    "analytics": ("analytics:read", "/api/v1/analytics/incidents"),
}


async def test_a_new_token_works_at_once_everywhere(world: World) -> None:
    scopes = [scope for scope, _ in READS.values()]
    for name, (_, path) in list(READS.items()) * 4:
        made = await world.client.post("/api/v1/tokens", json={"name": f"for {name}", "scopes": scopes})
        assert made.status_code == 201, made.text
        headers = {"Authorization": f"Bearer {made.json()['token']}"}
        answer = await world.client.get(path, headers=headers)
        assert answer.status_code == 200, (name, answer.text)


async def test_a_token_that_nobody_made_opens_nothing(world: World) -> None:
    headers = {"Authorization": "Bearer tcs_" + "a" * 43}
    answers: list[httpx2.Response] = [
        await world.client.get(path, headers=headers) for _, path in READS.values()
    ]
    assert [answer.status_code for answer in answers] == [401] * 5
