import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from tocsin_theme.assets import BUNDLES, asset
from tocsin_theme.files import theme_files


@pytest.fixture
def client() -> httpx2.AsyncClient:
    app = Starlette(routes=[Mount("/_/theme", theme_files())])
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://theme.test")


@pytest.mark.parametrize("name", [*BUNDLES, "theme.js", "live.js", "favicon.svg"])
async def test_a_file_under_its_digest_is_kept_for_a_year(client: httpx2.AsyncClient, name: str) -> None:
    answer = await client.get(asset(name))

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_a_file_without_its_digest_is_kept_shortly(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/_/theme/theme.js?v=old")).headers["cache-control"] == "public, max-age=300"


async def test_what_a_browser_has_is_not_sent_again(client: httpx2.AsyncClient) -> None:
    tag = (await client.get(asset("console.css"))).headers["etag"]

    again = await client.get(asset("console.css"), headers={"if-none-match": tag})

    assert (again.status_code, again.content) == (304, b"")


async def test_text_is_compressed_and_fonts_are_not(client: httpx2.AsyncClient) -> None:
    sheet = await client.get(asset("console.css"), headers={"accept-encoding": "gzip"})
    font = await client.get("/_/theme/vendor/inter-5.3.0-latin.woff2", headers={"accept-encoding": "gzip"})

    assert sheet.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in font.headers
    assert font.headers["content-type"] == "font/woff2"


@pytest.mark.parametrize("name", ["nothing.js", "../theme.py", "%2e%2e/theme.py", "css", ""])
async def test_what_the_theme_lacks_is_not_found(client: httpx2.AsyncClient, name: str) -> None:
    assert (await client.get(f"/_/theme/{name}")).status_code == 404


async def test_a_file_cannot_be_posted_to(client: httpx2.AsyncClient) -> None:
    assert (await client.post(asset("theme.js"))).status_code == 405
