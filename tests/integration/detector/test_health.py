"""How integrations are doing: one look at the last deliveries of all."""

from uuid import UUID

from tests.integration.detector.house import House
from tocsin_detector.domain.health import Verdict
from tocsin_detector.store.queries import DeliveryQueries

REFUSED = b"no json"


async def test_the_last_deliveries_of_each_are_read_at_once(house: House) -> None:
    busy, quiet, silent = [await house.integration() for _ in range(3)]
    await house.send(quiet["key"], {"title": "a"})
    for body in (b'{"title": "a"}', REFUSED, b'{"title": "b"}'):
        await house.send(busy["key"], content=body)

    async with house.app.state.service.database.read() as conn:
        latest = await DeliveryQueries(conn).latest_of(
            [UUID(one["id"]) for one in (busy, quiet, silent)], each=2
        )

    assert [line.verdict for line in latest[UUID(busy["id"])]] == [Verdict.ACCEPTED, Verdict.REJECTED]
    assert [line.verdict for line in latest[UUID(quiet["id"])]] == [Verdict.ACCEPTED]
    assert UUID(silent["id"]) not in latest


async def test_lists_and_pages_tell_the_same_health(house: House) -> None:
    """Told from the last ten: what was refused before them is forgotten."""
    well, ill, waiting, revoked = [
        await house.integration(name=name) for name in ("well", "ill", "waiting", "revoked")
    ]
    await house.send(well["key"], content=REFUSED)
    await house.send(ill["key"], content=REFUSED)
    for _ in range(10):
        await house.send(well["key"], {"title": "a"})
    await house.api.patch(f"/api/v1/integrations/{revoked['id']}", json={"revoked": True})

    listed = {one["name"]: one["health"] for one in await house.integrations()}
    page = (await house.api.get("/alerts/integrations")).text

    assert {name: health["condition"] for name, health in listed.items()} == {
        "well": "healthy",
        "ill": "unhealthy",
        "waiting": "waiting",
        "revoked": "revoked",
    }
    assert page.count("None yet") == 2
    for one in (well, ill, waiting, revoked):
        shown = (await house.api.get(f"/api/v1/integrations/{one['id']}")).json()
        detail = (await house.api.get(f"/alerts/integrations/{one['id']}")).text
        assert shown["health"] == listed[one["name"]]
        assert shown["health"]["detail"].partition(":")[0] in detail
