"""Pictures of the main pages of a running Tocsin, for `docs/screenshots/`: at a desk and on a phone, some of them dark.

    tocsin up --no-starter & python -m tools.demo && python -m tools.screenshots docs/screenshots

With pngquant on the path they become small.
"""

import subprocess
import sys
from pathlib import Path
from shutil import which

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tocsin.api import Api, open_api
from tocsin.commands.access import first_admin

PAGES = {
    "incidents": "/incidents",
    "incident": "/incidents/{ref}",
    "declare": "/incidents/new",
    "alerts": "/alerts",
    "integrations": "/alerts/integrations",
    "on-call": "/on-call",
    "policy": "/escalation-policies/shop",
    "service": "/services/checkout",
    "comms": "/comms",
    "status": "/status",
    "analytics": "/analytics?days=7",
}
DARK = ("incident", "on-call")
SIZES = ((1440, 900, 1), (390, 844, 2))
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PENDING = ".fragment .skeleton, .chart-waiting, [data-chart-url]:not(.chart-seen)"


def main() -> int:
    """Usage: python -m tools.screenshots FOLDER [PAGE…]; TOCSIN_URL and the token as for the command line."""
    folder, wanted = Path(sys.argv[1]), sys.argv[2:] or list(PAGES)
    folder.mkdir(parents=True, exist_ok=True)
    api = open_api()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=FLAGS)
        for width, height, scale in SIZES:
            page = _open(browser, api, width=width, height=height, scale=scale)
            _shoot(page, folder, _paths(api, wanted), width=width)
        browser.close()
    _shrink(folder)
    return 0


def _paths(api: Api, wanted: list[str]) -> dict[str, str]:
    gravest = api.get("/api/v1/incidents", severity="SEV-1", limit=1)["items"]
    ref = gravest[0]["ref"] if gravest else "INC-1"
    return {name: PAGES[name].format(ref=ref) for name in wanted}


def _open(browser: Browser, api: Api, *, width: int, height: int, scale: int) -> Page:
    page = browser.new_page(
        base_url=str(api.client.base_url),
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        reduced_motion="reduce",
    )
    log_in(page, api)
    return page


def _shoot(page: Page, folder: Path, paths: dict[str, str], *, width: int) -> None:
    for name, path in paths.items():
        for scheme in ("light", "dark") if name in DARK else ("light",):
            page.emulate_media(color_scheme=scheme)
            page.goto(path)
            expect(page.locator(PENDING)).to_have_count(0, timeout=20_000)
            page.evaluate("document.fonts.ready")
            page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")


def _shrink(folder: Path) -> None:
    if pngquant := which("pngquant"):
        pictures = map(str, folder.glob("*.png"))
        subprocess.run([pngquant, "--force", "--skip-if-larger", "--ext", ".png", *pictures], check=False)


def log_in(page: Page, api: Api) -> None:
    """Through a one-use link, as a person does."""
    link = api.call("POST", f"/api/v1/users/{first_admin(api)['id']}/login-links")["url"]
    page.goto(link)
    page.get_by_role("button").first.click()
    page.wait_for_url(lambda url: "/login" not in url)


if __name__ == "__main__":
    sys.exit(main())
