"""What axe-core finds wrong with a screen as it stands, in light and in dark colours."""

from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

AXE = Axe().axe_script
EVERYWHERE = {"resultTypes": ["violations"], "iframes": False}
"""Frames hold what others wrote: mails."""


async def barriers(page: Page) -> list[str]:
    """Breaches of WCAG 2.2 AA and of axe-core's best practices. The other colours can only change contrasts."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    dark = await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    found = await _violations(page, {})
    await page.emulate_media(color_scheme="light" if dark else "dark")
    found += await _violations(page, {"runOnly": ["color-contrast"]})
    await page.emulate_media(color_scheme="dark" if dark else "light")
    return found


async def _violations(page: Page, options: dict[str, Any]) -> list[str]:
    found = await page.evaluate("options => axe.run(options)", options | EVERYWHERE)
    return [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]]
