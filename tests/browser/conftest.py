"""Browser journeys: a real server, a real Chromium, other people's pages. No console error goes unnoticed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from playwright.async_api import Browser, Page, async_playwright

import deskbell
from tests.browser.desk import Desk, Elsewhere, elsewhere

STATIC = Path(deskbell.__file__).parent / "static"
NewPage = Callable[..., Awaitable[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture
async def desk(pool: asyncpg.Pool, database: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A furnished desk that serves."""
    async with _serving(Desk(pool, database, tmp_path)) as desk:
        yield desk


@pytest.fixture
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


@pytest.fixture
async def sites() -> AsyncIterator[Elsewhere]:
    """The web server of somebody else."""
    async with elsewhere() as place:
        yield place


@pytest.fixture
async def browser(chromium: dict[str, Any]) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**chromium)
        yield browser
        await browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """Errors and warnings of all consoles. A test that provokes some clears them; what is left at its end fails it."""
    return []


@pytest.fixture
async def new_page(browser: Browser, complaints: list[str]) -> AsyncIterator[NewPage]:
    """Opens a page in a browser profile of its own: `await new_page(locale="de", viewport=...)`."""

    async def make(**options: Any) -> Page:
        settings = {"locale": "en-GB", "viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
        context = await browser.new_context(**(settings | options))
        page = await context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        return page

    yield make
    assert complaints == []


@pytest.fixture
async def page(new_page: NewPage) -> Page:
    return await new_page()
