"""What a visitor looks at, as the agent sees it; chats that agents begin, and greetings (VISITOR-2, VISITOR-3)."""

import asyncio
from typing import Any

from playwright.async_api import Browser, Page, expect

from tests.browser.console import Console
from tests.browser.desk import Desk, Elsewhere
from tests.browser.widget import Widget, embedding
from tests.rules import rule

EVIL = "<img src=x onerror=document.title='pwned'>"


async def stored(desk: Desk, sql: str, *values: Any) -> Any:
    """Wait until the database answers this with something."""
    async with asyncio.timeout(60):
        while not (found := await desk.pool.fetchval(sql, *values)):  # noqa: ASYNC110  what is written tells nobody
            await asyncio.sleep(0.05)
    return found


async def open_site(desk: Desk, key: str, **more: Any) -> None:
    """A site as an admin makes it."""
    await desk.site(key, **more)
    assert desk.door is not None
    await desk.door.node.desk.directory.refresh()


async def go(page: Page, address: str, title: str) -> None:
    """As a single-page site goes on."""
    await page.evaluate("([a, t]) => { history.pushState({}, '', a); document.title = t }", [address, title])


@rule("VISITOR-2", "VISITOR-3")
async def test_the_agent_sees_where_the_customer_comes_from_and_each_page_as_it_is_opened(
    desk: Desk, sites: Elsewhere, page: Page, browser: Browser
) -> None:
    ada = await Console(desk, page, "Ada").open()
    shop = sites.page("/shop", embedding(desk.address))
    context = await browser.new_context(timezone_id="Asia/Tokyo", locale="de-AT")
    marta = Widget(await context.new_page())
    await marta.page.goto(shop)
    assert await stored(desk, "SELECT count(*) FROM page_view WHERE url = $1", shop)
    await go(marta.page, "/lamps", "Lamps")
    assert await stored(desk, "SELECT count(*) FROM page_view WHERE title = 'Lamps'")
    await marta.open()
    await marta.write("Is this lamp in stock?")
    await marta.sees("Is this lamp in stock?")
    await ada.page.locator("[data-card]").click()
    for n in range(3):
        await go(marta.page, f"/cart?step={n}&token=abc", EVIL if n == 2 else f"Cart {n}")
        assert await stored(
            desk, "SELECT count(*) FROM entry WHERE kind = 'page' AND data ->> 'url' LIKE $1", f"%step={n}%"
        )
    pages = ada.page.get_by_role("group", name="Pages the customer opened")
    await expect(pages).to_contain_text(EVIL)
    await expect(pages).not_to_contain_text("Cart 0")
    await pages.get_by_role("button").click()
    await expect(pages).to_contain_text("Cart 0")
    await expect(marta.log).not_to_contain_text("Cart")
    await ada.page.get_by_role("tab", name="Visitor").click()
    about = ada.page.get_by_role("region", name="Visitor information")
    await expect(about).to_contain_text("127.0.0.1")
    await expect(about).to_contain_text("Chrome")
    await expect(about).to_contain_text("Austrian German")
    await expect(about).to_contain_text("Asia/Tokyo")
    visit = ada.page.get_by_role("region", name="This visit", exact=True)
    await expect(visit).to_contain_text("On the site")
    await expect(visit.locator("dd").nth(1)).to_contain_text("Shop")
    listed = ada.page.get_by_role("region", name="Pages of this visit")
    await expect(listed.get_by_role("listitem").first).to_contain_text(EVIL)
    assert "abc" not in await ada.page.content()
    assert await ada.page.title() != "pwned"
    await context.close()


@rule("VISITOR-2")
async def test_who_asks_not_to_be_tracked_is_not_and_consent_is_waited_for(
    desk: Desk, sites: Elsewhere, browser: Browser
) -> None:
    await open_site(desk, "careful", tracking="consent")
    quiet = await browser.new_context()
    await quiet.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    one = await quiet.new_page()
    await one.goto(sites.page("/shop", embedding(desk.address)))
    two = await browser.new_page()
    await two.goto(sites.page("/careful", embedding(desk.address, "careful")))
    for page in (one, two):
        await page.wait_for_function("Object.keys(sessionStorage).length")
        assert await page.evaluate("Object.keys(localStorage).length") == 0
    assert await desk.pool.fetchval("SELECT count(*) FROM visitor") == 0
    await two.evaluate("Deskbell('consent', true)")
    assert await stored(desk, "SELECT count(*) FROM page_view WHERE url LIKE '%/careful'")
    await two.evaluate("Deskbell('set', {plan: 'gold'})")
    assert await stored(desk, 'SELECT count(*) FROM visitor WHERE facts = \'{"plan": "gold"}\'')
    await two.close()
    await quiet.close()


async def test_an_agent_begins_a_chat_with_somebody_who_is_on_the_site(
    desk: Desk, sites: Elsewhere, page: Page, browser: Browser
) -> None:
    ada = await Console(desk, page, "Ada").open("/visitors")
    marta = Widget(await browser.new_page())
    await marta.page.goto(sites.page("/shop", embedding(desk.address)))
    row = ada.page.get_by_role("row").filter(has_text="Shop")
    await expect(row).to_contain_text("Came directly")
    await row.get_by_role("button", name="Start a chat").click()
    dialog = ada.page.get_by_role("dialog")
    await dialog.get_by_label("Message").fill("Can I help you?")
    await dialog.get_by_role("button", name="Start a chat").click()
    await expect(ada.log).to_contain_text("Can I help you?")
    await go(marta.page, "/next", "Next")  # the next report brings the chat along
    await marta.framed()
    await marta.sees("Can I help you?")
    await marta.write("Yes please")
    await expect(ada.log).to_contain_text("Yes please")
    await marta.page.close()


async def test_a_greeting_is_shown_answered_and_stands_first(
    desk: Desk, sites: Elsewhere, page: Page, browser: Browser
) -> None:
    greeting = {"id": "cart", "page": "/cart", "seconds": 1, "visits": 1, "text": "Can we help?"}
    await open_site(desk, "greets", triggers=[greeting])
    ada = await Console(desk, page, "Ada").open()
    theo = Widget(await browser.new_page())
    await theo.page.goto(sites.page("/cart", embedding(desk.address, "greets")))
    await stored(desk, "SELECT count(*) FROM visitor WHERE greeted_at IS NOT NULL")
    await theo.page.mouse.click(1180, 600)
    await theo.framed()
    await theo.write("Yes, which lamp is it?")
    await theo.sees("Can we help?")
    await ada.page.locator("[data-card]").click()
    await expect(ada.log).to_contain_text("The site greeted them: Can we help?")
    await theo.page.close()
