"""Browser journeys: a real server, a real Chromium, other people's pages. No console error goes unnoticed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

import deskbell
from tests.browser.desk import Desk, Elsewhere, elsewhere
from tests.conftest import database_of_its_own

expect.set_options(timeout=20_000)
STATIC = Path(deskbell.__file__).parent / "static"
NewPage = Callable[..., Awaitable[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # One event loop for all journeys of a worker, and so one Chromium.
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.add_marker(pytest.mark.flaky(reruns=1))  # docs/decisions/0013


@pytest_asyncio.fixture(loop_scope="session")
async def database(postgres: str, template: str) -> AsyncIterator[str]:
    async with database_of_its_own(postgres, template) as address:
        yield address


@pytest_asyncio.fixture(loop_scope="session")
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database, min_size=1, max_size=8) as pool:
        yield pool


@pytest_asyncio.fixture(loop_scope="session")
async def desk(pool: asyncpg.Pool, database: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A furnished desk that serves."""
    async with _serving(Desk(pool, database, tmp_path)) as desk:
        yield desk


@pytest_asyncio.fixture(loop_scope="session")
async def desk_apart(pool: asyncpg.Pool, database: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """The same in a process of its own, whose plug can be pulled."""
    async with _serving(Desk(pool, database, tmp_path, apart=True)) as desk:
        yield desk


@asynccontextmanager
async def _serving(desk: Desk) -> AsyncIterator[Desk]:
    assert (STATIC / "widget" / "manifest.json").exists(), "The web parts are not built: run `make web`."
    try:
        await desk.furnish()
        await desk.start()
        yield desk
    finally:
        await desk.close()


@pytest_asyncio.fixture(loop_scope="session")
async def sites() -> AsyncIterator[Elsewhere]:
    """The web server of somebody else."""
    async with elsewhere() as place:
        yield place


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser(chromium: dict[str, Any]) -> AsyncIterator[Browser]:
    """One for all tests of a worker: starting it costs more than most journeys. Each page has a profile of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**chromium)
        yield browser
        await browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """Errors and warnings of all consoles. A test that provokes some clears them; what is left at its end fails it."""
    return []


@pytest_asyncio.fixture(loop_scope="session")
async def new_page(browser: Browser, complaints: list[str]) -> AsyncIterator[NewPage]:
    """Opens a page in a browser profile of its own: `await new_page(locale="de", viewport=...)`."""

    contexts = []

    async def make(**options: Any) -> Page:
        settings = {"locale": "en-GB", "viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
        context = await browser.new_context(**(settings | options))
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        return page

    yield make
    said = (
        complaints.copy()
    )  # a socket that is cut off while its page closes complains, and nobody is there to see it
    for context in contexts:
        await context.close()
    assert said == []


@pytest_asyncio.fixture(loop_scope="session")
async def page(new_page: NewPage) -> Page:
    return await new_page()
