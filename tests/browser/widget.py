"""The widget as a person uses it: a click where the launcher is, then the frame."""

import asyncio
from typing import Any

from playwright.async_api import Frame, Locator, Page, expect

EDGE = 48
"""From the middle of the launcher to the two edges of the window."""


def embedding(desk: str, key: str = "shop", attributes: str = "") -> str:
    """A page of a shop with the one script tag in it."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>'
        '<link rel="icon" href="data:,"></head><body><h1>Shop</h1><input aria-label="Search">'
        f'<script src="{desk}/widget.js" data-site="{key}" {attributes} async></script></body></html>'
    )


class Widget:
    """A person in front of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.inside: Page | Frame = page

    async def click_launcher(self) -> None:
        await self.page.locator("deskbell-widget").wait_for(state="attached")
        size = self.page.viewport_size
        assert size
        await self.page.mouse.click(size["width"] - EDGE, size["height"] - EDGE)

    async def launcher(self) -> str:
        """What a screen reader says of it (the accessibility tree shows what a closed shadow root hides)."""
        client = await self.page.context.new_cdp_session(self.page)
        tree = await client.send("Accessibility.getFullAXTree")
        buttons = [node for node in tree["nodes"] if node.get("role", {}).get("value") == "button"]
        name: str = buttons[-1]["name"]["value"]
        return name

    async def called(self, name: str) -> None:
        """Wait until the launcher says so."""
        async with asyncio.timeout(30):
            while await self.launcher() != name:  # noqa: ASYNC110  a name tells nobody that it changed
                await asyncio.sleep(0.05)

    async def open(self) -> None:
        """Click the launcher and wait for the frame. (A closed shadow root hides both from locators.)"""
        await self.click_launcher()
        await self.framed()

    async def framed(self) -> None:
        found = [frame for frame in self.page.frames if _is_chat(frame)]
        self.inside = found[-1] if found else await self.page.wait_for_event("framenavigated", _is_chat)

    @property
    def log(self) -> Locator:
        return self.inside.get_by_role("log")

    @property
    def box(self) -> Locator:
        """Where messages are written."""
        return self.inside.locator("form.composer textarea")

    async def write(self, text: str) -> None:
        await self.box.fill(text)
        await self.box.press("Enter")

    async def sees(self, text: str, **more: Any) -> None:
        await expect(self.log).to_contain_text(text, **more)

    async def titled(self, title: str) -> None:
        """Wait until the frame is called so."""
        async with asyncio.timeout(30):
            while await self.inside.title() != title:  # noqa: ASYNC110  a title tells nobody that it changed
                await asyncio.sleep(0.05)

    def tick(self, how: str) -> Locator:
        return self.inside.locator(f"[data-tick={how}]")


def _is_chat(frame: Frame) -> bool:
    return "/widget/frame/" in frame.url


def not_reported(complaints: list[str]) -> list[str]:
    """What a browser says of pages that are not reported, since a strict policy would need connect-src for it too."""
    return [line for line in complaints if "/api/widget/visit" in line]
