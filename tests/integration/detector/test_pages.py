"""The pages work as plain forms and links, before any script runs."""

import re

from tests.integration.detector.house import TITLE, House


async def test_with_nothing_there_each_page_says_the_next_step(house: House) -> None:
    alerts, integrations = await house.api.get("/alerts"), await house.api.get("/alerts/integrations")

    assert "No alerts yet" in alerts.text
    assert "curl -sS http://tocsin.test/api/v1/webhooks/generic/YOUR_KEY" in alerts.text
    assert 'href="/alerts/integrations"' in alerts.text
    assert "No integrations yet" in integrations.text


async def test_an_integration_is_made_by_a_form_that_shows_the_key_once(house: House) -> None:
    form = {
        "name": "Shop monitor",
        "source": "generic",
        "service": "web",
        "severity": "high",
        "group_by": "a, b",
    }

    made = await house.api.post("/alerts/integrations", data=form)
    (integration,) = await house.integrations()
    path = f"/alerts/integrations/{integration['id']}"
    assert (made.status_code, made.headers["location"]) == (303, path)
    refresh = await house.api.get(path, headers={"HX-Request": "true"})
    assert "tci_" not in refresh.text.replace(integration["key_prefix"], "")
    page = await house.api.get(path)
    key = re.search(r"tci_[\w-]{43}", page.text)
    again = await house.api.post("/alerts/integrations", data=form)
    nameless = await house.api.post("/alerts/integrations", data={**form, "name": " "})

    assert page.headers["cache-control"] == "no-store"
    assert key is not None
    assert (await house.send(key.group(), {"title": "a"})).status_code == 202
    assert (integration["settings"]["group_by"], integration["service"]) == (["a", "b"], "web")
    shown = await house.api.get(path)
    assert key.group() not in shown.text
    assert "YOUR_KEY" in shown.text
    assert (again.status_code, nameless.status_code) == (422, 422)
    assert 'value="Shop monitor"' in again.text

    rotated = await house.api.post(f"{path}/rotate")
    assert (rotated.status_code, rotated.headers["location"]) == (303, path)
    fresh = re.search(r"tci_[\w-]{43}", (await house.api.get(path)).text)
    assert fresh is not None
    assert fresh.group() != key.group()
    assert (await house.send(fresh.group(), {"title": "b"})).status_code == 202


async def test_an_integration_is_changed_by_a_form_that_shows_how_it_is_now(house: House) -> None:
    made = await house.integration(service="nobody-knows", settings={"group_window_seconds": 60})
    path = f"/alerts/integrations/{made['id']}"
    page = (await house.api.get(path)).text
    assert 'value="nobody-knows"' in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    form = {"version": version[1], "name": "Shop", "service": "", "severity": "low", "group_by": "job"}

    changed = await house.api.post(f"{path}/edit", data=form)
    late = await house.api.post(f"{path}/edit", data={**form, "name": "Other"})
    nameless = await house.api.post(f"{path}/edit", data={**form, "version": "", "name": " "})

    assert (changed.status_code, changed.headers["location"]) == (303, path)
    (now,) = await house.integrations()
    assert (now["name"], now["service"]) == ("Shop", None)
    kept = {"default_severity": "low", "group_by": ["job"], "group_window_seconds": 60}
    assert now["settings"].items() >= kept.items()
    assert (late.status_code, nameless.status_code) == (422, 422)
    assert "Somebody changed this integration in the meantime" in late.text
    assert 'value="Other"' in late.text


async def test_each_source_shows_what_to_paste(house: House) -> None:
    for source, expected in (
        ("alertmanager", ("webhook_configs:", "path_prefix: /alertmanager")),
        ("pagerduty", ("/v2/enqueue", "pagerduty_configs:")),
    ):
        made = await house.integration(source)
        page = await house.api.get(f"/alerts/integrations/{made['id']}")
        for text in expected:
            assert text in page.text


async def test_the_list_is_filtered_by_its_address_and_goes_on(house: House) -> None:
    key = await house.key()
    await house.send(
        key, [{"title": f"{TITLE} {n}", "dedup_key": f"k{n}", "severity": "high"} for n in range(3)]
    )
    await house.settled()

    first = await house.api.get("/alerts?severity=high&limit=2")
    older = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert older is not None
    second = await house.api.get(older.group(1).replace("&amp;", "&"))
    nothing = await house.api.get("/alerts?status=acknowledged")
    nonsense = await house.api.get("/alerts?status=burning&integration_id=x")

    assert f"{TITLE} 2" in first.text
    assert f"{TITLE} 0" not in first.text
    assert f"{TITLE} 0" in second.text
    assert "No alert matches" in nothing.text
    assert nonsense.status_code == 200
    assert 'data-live="alert"' in first.text
    assert "/detector/stream" in first.text


async def test_an_alerts_page_tells_state_story_why_and_what_was_sent(house: House) -> None:
    key = await house.key()
    body = {
        "title": TITLE,
        "dedup_key": "cpu",
        "severity": "high",
        "labels": {"env": "prod"},
        "description": "**hot**",
    }
    for _ in range(3):
        await house.send(key, body)
    await house.settled()
    (alert,) = await house.alerts()

    page = await house.api.get(f"/alerts/{alert['id']}")
    resolved = await house.api.post(f"/alerts/{alert['id']}/resolve", data={"note": "planned"})
    after = await house.api.get(f"/alerts/{alert['id']}")

    assert "<strong>hot</strong>" in page.text
    assert "This happened 2 times in a row." in page.text
    assert "cpu is the sender&#39;s own dedup_key." in page.text
    assert "env=prod" in page.text
    assert "&#34;severity&#34;: &#34;high&#34;" in page.text
    assert resolved.status_code == 303
    assert "Somebody resolved it by hand." in after.text
    assert "planned" in after.text


async def test_a_delivery_can_be_looked_at_and_replayed(house: House) -> None:
    key = await house.key()
    await house.send(key, {"title": TITLE})
    await house.send(key, {"titel": TITLE})
    await house.settled()
    bad, good = await house.deliveries()

    page = await house.api.get(f"/alerts/deliveries/{good['id']}")
    rejected = await house.api.get(f"/alerts/deliveries/{bad['id']}")
    replayed = await house.api.post(f"/alerts/deliveries/{good['id']}/replay")
    in_vain = await house.api.post(f"/alerts/deliveries/{bad['id']}/replay")

    assert "No alert with this key was known" in page.text
    assert "It led to no alert" in rejected.text
    assert replayed.status_code == 303
    assert (await house.api.get(replayed.headers["location"])).status_code == 200
    assert in_vain.headers["location"] == f"/alerts/integrations/{bad['integration_id']}"


async def test_nobody_looks_without_being_logged_in(house: House) -> None:
    for path in ("/alerts", "/alerts/integrations"):
        answer = await house.senders.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login")
