"""Whatever holds up the event loop shows in its gauge, also when it happens between two looks (R20)."""

import re
from time import monotonic

from tests.integration.detector.house import House
from tocsin_chassis.lag import SAMPLE_AT_REST
from tocsin_testkit.waiting import eventually


async def test_a_block_shows_at_the_next_scrape(house: House) -> None:
    async def lag() -> float:
        shown = (await house.api.get("/metrics")).text
        found = re.search(r"^tocsin_detector_loop_lag_seconds (\S+)$", shown, re.M)
        assert found, shown
        return float(found[1])

    await eventually(lag, within=10)
    before = await lag()
    until = monotonic() + before + SAMPLE_AT_REST + 1
    while monotonic() < until:  # what a handler must never do
        pass

    async def worse() -> bool:
        return await lag() > before + 0.9

    await eventually(worse, within=10)
