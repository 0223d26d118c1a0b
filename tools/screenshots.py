"""Pictures of the main pages of a running Tocsin, at 1440 and 390 px, light and dark: `docs/screenshots/`."""

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tocsin.api import Api, open_api
from tocsin.commands.access import first_admin

PAGES = {
    "incidents": "/incidents",
    "incident": "/incidents/INC-1",
    "declare": "/incidents/new",
    "alerts": "/alerts",
    "integrations": "/alerts/integrations",
    "on-call": "/on-call",
    "policies": "/escalation-policies",
    "services": "/services",
    "people": "/people",
    "comms": "/comms",
    "status": "/status",
    "analytics": "/analytics",
    "settings": "/settings",
    "components": "/_/components",
}
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-sync",
]


def main() -> int:
    """Usage: python -m tools.screenshots FOLDER [PAGE…]; TOCSIN_URL and the token as for the command line."""
    folder = Path(sys.argv[1])
    wanted = sys.argv[2:] or list(PAGES)
    folder.mkdir(parents=True, exist_ok=True)
    api = open_api()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for width, height in ((1440, 900), (390, 844)):
            for scheme in ("light", "dark"):
                _shoot(browser, api, folder, wanted, (width, height), scheme)
        browser.close()
    return 0


def _shoot(
    browser: Browser, api: Api, folder: Path, wanted: list[str], size: tuple[int, int], scheme: str
) -> None:
    base = str(api.client.base_url).rstrip("/")
    context = browser.new_context(
        base_url=base,
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,  # type: ignore[arg-type]
        device_scale_factor=1 if size[0] > 1000 else 2,
    )
    page = context.new_page()
    log_in(page, api)
    for name in wanted:
        page.goto(PAGES[name])
        page.wait_for_load_state("networkidle") if name == "analytics" else page.wait_for_timeout(400)
        page.screenshot(path=folder / f"{name}-{size[0]}-{scheme}.png", full_page=size[0] < 1000)
    context.close()


def log_in(page: Page, api: Api) -> None:
    """Through a one-use link, as a person does."""
    link = api.call("POST", f"/api/v1/users/{first_admin(api)['id']}/login-links")["url"]
    page.goto(link)
    page.get_by_role("button").first.click()
    page.wait_for_url(lambda url: "/login" not in url)


if __name__ == "__main__":
    sys.exit(main())
