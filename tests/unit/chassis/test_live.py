"""What open pages are told: every change, also those between a page's being rendered and its stream's being open."""

from collections.abc import AsyncIterator

import orjson
import pytest

from tocsin_chassis.live import MOST_REMEMBERED, MOST_WAITING, LiveHub
from tocsin_testkit.waiting import eventually


def _told(*names: str) -> str:
    return orjson.dumps({"live": names}).decode()


async def _opened(stream: AsyncIterator[str]) -> dict[str, object]:
    """What the first event of a stream says."""
    lines = (await anext(stream)).splitlines()
    assert "event: tocsin:recent" in lines
    data = next(line for line in lines if line.startswith("data: "))
    found: dict[str, object] = orjson.loads(data.removeprefix("data: "))
    return found


async def test_a_stream_begins_with_what_was_heard_before_it_was_open() -> None:
    hub = LiveHub()
    hub.heard(_told("incident", "incident-7"))

    recent = await _opened(hub.stream())

    assert isinstance(recent["heard"], dict)
    assert set(recent["heard"]) == {"incident", "incident-7"}
    assert all(0 <= ago < 5_000 for ago in recent["heard"].values())


async def test_a_page_learns_how_far_back_that_goes() -> None:
    hub = LiveHub()

    async def goes_back() -> bool:
        return await _back(hub) >= 50

    await eventually(goes_back, within=5)
    hub.heard("")

    assert await _back(hub) < 50


async def _back(hub: LiveHub) -> float:
    back = (await _opened(hub.stream()))["back"]
    assert isinstance(back, float)
    return back


async def test_the_oldest_is_forgotten_first() -> None:
    hub = LiveHub()
    hub.heard(_told(*(f"incident-{number}" for number in range(MOST_REMEMBERED))))
    hub.heard(_told("incident-0", "alert"))

    recent = await _opened(hub.stream())

    assert isinstance(recent["heard"], dict)
    assert len(recent["heard"]) == MOST_REMEMBERED
    assert "incident-0" in recent["heard"]
    assert "incident-1" not in recent["heard"]


async def test_an_open_stream_tells_each_name_once_however_often_it_was_heard() -> None:
    hub = LiveHub()
    stream = hub.stream()
    await _opened(stream)
    for _ in range(1_000):
        hub.heard(_told("incident", "alert"))

    assert await anext(stream) == "event: incident\ndata: {}\n\nevent: alert\ndata: {}\n\n"


async def test_a_page_that_reads_nothing_costs_little() -> None:
    hub = LiveHub()
    stream = hub.stream()
    await _opened(stream)
    for number in range(10 * MOST_WAITING):
        hub.heard(_told(f"incident-{number}"))

    told = await anext(stream)
    assert told.startswith("event: tocsin:missed\n")
    assert told.count("event:") <= MOST_WAITING


async def test_after_lost_notifications_all_is_to_be_asked_for_again() -> None:
    hub = LiveHub()
    stream = hub.stream()
    await _opened(stream)

    hub.heard("")

    assert await anext(stream) == "event: tocsin:missed\ndata: {}\n\n"


async def test_a_hub_that_closes_ends_its_streams() -> None:
    hub = LiveHub()
    stream = hub.stream()
    await _opened(stream)

    hub.close()

    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert hub.full()
