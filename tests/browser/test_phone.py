"""The simulator's phone: a customer by hand (CHANNEL-3)."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.barriers import barriers
from tests.browser.conftest import NewPage
from tests.rules import rule
from tests.whatsapp_sim.conftest import BODY, HEADER, TRACK, Shop, wamid
from tests.whatsapp_sim.sink import Sink, sink
from whatsapp_sim import defaults
from whatsapp_sim.delivery import trust
from whatsapp_sim.server import serving
from whatsapp_sim.simulator import Simulator

Place = tuple[Simulator, Sink, Shop]


@pytest_asyncio.fixture(loop_scope="session")
async def place() -> AsyncIterator[Place]:
    """A simulator whose clock runs, the webhook it posts to, and the business."""
    token = {"Authorization": f"Bearer {defaults.TOKEN}"}
    async with (
        sink() as hook,
        serving(webhook=hook.url) as sim,
        httpx.AsyncClient(base_url=sim.base, headers=token, trust_env=False, verify=trust()) as http,
    ):
        yield sim, hook, Shop(http)


@rule("CHANNEL-3")
async def test_a_customer_writes_reads_presses_reacts_and_time_passes(place: Place, page: Page) -> None:
    sim, hook, shop = place
    await page.goto(f"{sim.base}/#marta")
    await expect(page.get_by_text("Simulator, not WhatsApp")).to_be_visible()
    await expect(page.get_by_text("it has not been written to yet")).to_be_visible()
    await page.get_by_label("Message", exact=True).fill("Hello, is it *here*?")
    await page.keyboard.press("Enter")
    own = page.locator(".row.own")
    await expect(own.locator("strong")).to_have_text("here")
    await expect(own.get_by_label("Sent")).to_be_visible()
    await sim.idle()
    [said] = hook.messages
    assert said["text"]["body"] == "Hello, is it *here*?"

    await shop.send(status="read", message_id=said["id"], typing_indicator={"type": "text"})
    await expect(page.get_by_text("typing…")).to_be_visible()
    await expect(own.get_by_label("Read")).to_be_visible()
    ours = wamid(await shop.text(text="It is on its way."))
    await expect(page.locator(".row:not(.own)")).to_contain_text("It is on its way.")
    await expect_statuses(sim, hook, ["sent", "delivered", "read"])

    await page.locator(".row:not(.own)").hover()
    await page.get_by_label("More about: It is on its way.").press("Enter")
    await expect(page.get_by_role("menuitem", name="React with 👍")).to_be_focused()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("menuitem", name="React with ❤️")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Reactions: ❤️")).to_be_visible()
    await sim.idle()
    assert hook.messages[-1]["reaction"] == {"message_id": ours, "emoji": "❤️"}

    sent = wamid(await shop.template("order_update", "en", HEADER, BODY, TRACK))
    row = page.locator(f'[data-id="{sent}"]')
    await expect(row).to_contain_text("your order 2041 leaves us on Friday")
    await expect(row.get_by_role("link", name="Track it")).to_have_attribute(
        "href", re.compile("/track/2041$")
    )
    await row.get_by_role("button", name="Thank you").click()
    await expect(own.last).to_contain_text("Thank you")
    await page.get_by_label("Attach").click()
    await page.get_by_role("menuitem", name="A picture").click()
    await expect(own.last.locator("img")).to_be_visible()
    await sim.idle()
    button, picture = hook.messages[-2:]
    assert (button["context"]["id"], button["button"]["payload"]) == (sent, "Thank you")
    assert picture["type"] == "image"

    await page.get_by_role("button", name="+25 h").click()
    await expect(page.get_by_text("it heard nothing for 24 hours")).to_be_visible()
    assert (await shop.text()).json()["error"]["code"] == 131047
    assert await barriers(page) == []


async def expect_statuses(sim: Simulator, hook: Sink, statuses: list[str]) -> None:
    while hook.statuses != statuses:
        with sim.watching() as news:
            await sim.idle()
            if hook.statuses != statuses:
                await news.get()


@rule("CHANNEL-3")
async def test_on_a_small_dark_screen_a_customer_without_a_number_is_made_and_things_go_wrong(
    place: Place, new_page: NewPage
) -> None:
    sim, hook, _ = place
    page = await new_page(viewport={"width": 390, "height": 780}, color_scheme="dark")
    await page.goto(sim.base)
    await page.get_by_role("button", name="Customers").click()
    await page.get_by_text("New customer").click()
    await page.get_by_label("Name", exact=True).fill("Noor")
    await page.get_by_label("Username").fill("noor.nights")
    await page.get_by_label("Hides the phone number").check()
    assert await barriers(page) == []
    await page.get_by_role("button", name="Add").click()
    await page.get_by_role("button", name="Controls").click()
    await page.get_by_label("Come twice").check()
    assert await barriers(page) == []
    await page.get_by_role("button", name="Chat").click()
    await page.get_by_label("Message", exact=True).fill("Anybody there?")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".row.own")).to_contain_text("Anybody there?")
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    assert await barriers(page) == []
    await sim.idle()
    first, again = hook.values
    assert first == again
    assert first["contacts"][0]["profile"] == {"name": "Noor", "username": "noor.nights"}
    assert "from" not in first["messages"][0]
