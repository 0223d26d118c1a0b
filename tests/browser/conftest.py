"""One Tocsin with a morning behind it and one browser, for all tests of this folder; each gets a fresh page."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from shutil import which

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, StorageState, async_playwright, expect
from pytest_asyncio import is_async_test

from tests.browser.watch import Watch
from tocsin.api import Api, open_api
from tocsin.commands.access import find_user
from tocsin_testkit.world import ADMIN_TOKEN, OneProcess
from tools.demo import Told, tell

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
expect.set_options(timeout=15_000)  # a machine that does much else beside is slow, not wrong
ANA, BO, DANA, CHIDI = (f"{name}@example.com" for name in ("ana", "bo", "dana", "chidi"))


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """All share one event loop, for a browser belongs to the loop that it was started in."""
    here = Path(__file__).parent
    for item in items:
        if is_async_test(item) and here in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world() -> AsyncIterator[OneProcess]:
    """All five services, as `tocsin up` runs them."""
    async with running() as made:
        yield made


@asynccontextmanager
async def running() -> AsyncIterator[OneProcess]:
    """A `tocsin up` of its own; not below pytest's folder, which is closed to PostgreSQL's account."""
    with _folder() as folder:
        made = OneProcess(folder, {})
        try:
            await made.start()
            yield made
        finally:
            await made.stop()


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tocsin-browser-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def api(world: OneProcess) -> Api:
    """The public API, with every right."""
    return open_api(world.origin, ADMIN_TOKEN)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def told(api: Api) -> Told:
    """The morning of `tools/demo.py`: one incident over, one at work, one that nobody has answered."""
    return await asyncio.to_thread(tell, api)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's chromium."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=which("chromium"), args=FLAGS)
        yield launched
        await launched.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def ana(browser: Browser, api: Api, told: Told) -> StorageState:
    """The cookies of Ana, an administrator."""
    return await logged_in(browser, api, ANA)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def dana(browser: Browser, api: Api, told: Told) -> StorageState:
    """The cookies of Dana, who may only look."""
    return await logged_in(browser, api, DANA)


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser, world: OneProcess, ana: StorageState) -> AsyncIterator[BrowserContext]:
    """Ana at her desk."""
    made = await browser.new_context(base_url=world.origin, storage_state=ana)
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def desk(context: BrowserContext) -> AsyncIterator[Page]:
    """A page of Ana's. At the end nothing may have gone wrong in it."""
    page = await context.new_page()
    watch = Watch(page)
    yield page
    watch.assert_quiet()


async def logged_in(browser: Browser, api: Api, email: str) -> StorageState:
    """Log somebody in through a one-use link, as a person does."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(login_link(api, email))
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url(lambda url: "/login" not in url)
    cookies = await context.storage_state()
    await context.close()
    return cookies


def login_link(api: Api, email: str) -> str:
    """A fresh link that logs this person in once."""
    person = find_user(api, email)
    return str(api.call("POST", f"/api/v1/users/{person['id']}/login-links")["url"])
