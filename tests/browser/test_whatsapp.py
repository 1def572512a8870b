"""A customer's phone on one side, the console on the other, and WhatsApp between them (CHANNEL-2, LIFE-10, LIFE-11)."""

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest_asyncio
from playwright.async_api import Page, expect

from deskbell.kit.clock import SystemClock
from tests.browser.barriers import barriers
from tests.browser.conftest import _serving
from tests.browser.console import Console, color
from tests.browser.desk import Desk
from tests.rules import rule
from whatsapp_sim import defaults
from whatsapp_sim.client import Client
from whatsapp_sim.server import serving as simulating
from whatsapp_sim.simulator import Simulator

ACCOUNTS = "/api/channels/whatsapp/accounts"
NUMBER = {"name": "Shop", "phone_number_id": defaults.PHONE_NUMBER_ID, "waba_id": defaults.WABA_ID}
SECRETS = {"token": defaults.TOKEN, "app_secret": defaults.APP_SECRET}


class Ahead(SystemClock):
    """The real time and as much more as was put on it."""

    by = timedelta()

    def now(self) -> datetime:
        return super().now() + self.by


class Shop(NamedTuple):
    desk: Desk
    clock: Ahead
    simulator: Simulator
    phone: Client

    async def later(self, hours: int) -> None:
        """For everybody."""
        self.clock.by += timedelta(hours=hours)
        await self.phone.advance(hours * 3600)

    async def number(self) -> None:
        """Set up as an admin would, with its templates."""
        alma = await self.desk.signed_in("Alma")
        made = await alma.post(ACCOUNTS, json=NUMBER | SECRETS)
        assert made.status_code == 201, made.text
        assert (await alma.post(f"{ACCOUNTS}/{made.json()['id']}/sync")).status_code == 200


@pytest_asyncio.fixture(loop_scope="session")
async def shop(pool: asyncpg.Pool, database: str, tmp_path: Path) -> AsyncIterator[Shop]:
    """A desk and a simulator that can reach each other; no number is set up."""
    async with simulating() as simulator, Client(simulator.base) as phone:
        desk, clock = Desk(pool, database, tmp_path), Ahead()
        desk.settings["whatsapp_api"] = simulator.base
        desk.clock = clock
        simulator.set_webhook(f"http://127.0.0.1:{desk.port}/hooks/whatsapp")
        async with _serving(desk):
            yield Shop(desk, clock, simulator, phone)


@rule("CHANNEL-2", "CHANNEL-3")
async def test_a_phone_writes_it_rings_and_all_that_is_said_is_seen(shop: Shop, page: Page) -> None:
    await shop.number()
    sven = await shop.desk.signed_in("Sven")
    assert (await sven.patch("/api/preferences", json={"distribution": "offer"})).status_code == 200
    ada = await Console(shop.desk, page, "Ada").open()
    phone = shop.phone
    first = await phone.text("marta", "Is the *brass* lantern there?")
    await ada.choose("Marta Keller")
    await page.get_by_role("button", name="Accept").first.click()
    await expect(ada.message("Is the").locator("strong")).to_have_text("brass")
    await expect(page.locator(".reply")).to_contain_text("left to write freely")
    await ada.write("Yes, it is")
    await expect(ada.tick_of("Yes, it is")).to_have_attribute("data-ticks", "delivered")
    await phone.read("marta")
    await expect(ada.tick_of("Yes, it is")).to_have_attribute("data-ticks", "read")
    red, green, blue = await color(ada.tick_of("Yes, it is"), "color")
    assert green > max(red, blue)

    (answer,) = [one for one in (await phone.thread("marta")).messages if not one.inbound]
    await phone.react("marta", answer.id, "👍")
    await phone.edit("marta", first.id, "Is the copper lantern there?")
    await phone.send("marta", "image", text="This one")
    await phone.send("marta", "voice")
    await phone.send("marta", "location", name="Our street", latitude=52.5163, longitude=13.3777)
    await expect(ada.message("Yes, it is")).to_contain_text("👍")
    await expect(ada.message("copper lantern").get_by_role("button", name="Edited")).to_be_visible()
    await expect(ada.message("This one").get_by_role("button", name="Show picture")).to_be_visible()
    await expect(ada.log.get_by_role("group", name="Voice message")).to_contain_text(re.compile(r"\d:\d\d"))
    place = ada.message("Our street").get_by_role("link", name="Open the map")
    await expect(place).to_have_attribute(
        "href", re.compile("^https://www.openstreetmap.org/.*mlat=52.51630")
    )
    await phone.delete("marta", first.id)
    await expect(ada.log).to_contain_text("The customer deleted this message")
    await expect(ada.log).not_to_contain_text("copper")
    await expect(ada.log.locator(".event").filter(has_text="reacted")).to_have_count(0)
    assert await barriers(page) == []

    await phone.advance(25 * 3600)  # WhatsApp's clock goes before ours: it refuses what we thought would go
    await ada.write("Shall I put it aside?")
    await expect(ada.tick_of("Shall I put it aside?")).to_have_attribute("data-ticks", "failed")
    await expect(ada.log).to_contain_text("WhatsApp takes only templates now.")
    await ada.log.get_by_role("button", name="Choose a template").click()
    await expect(page.get_by_role("combobox", name="Search templates")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(ada.box).to_be_focused()


@rule("LIFE-10", "LIFE-11", "CHANNEL-2")
async def test_after_25_hours_only_a_template_goes_and_the_answer_makes_it_live_again(
    shop: Shop, page: Page, complaints: list[str]
) -> None:
    await shop.number()
    ada = await Console(shop.desk, page, "Ada").open()
    await shop.phone.text("marta", "Is the lantern there?")
    await ada.choose("Marta Keller")
    await ada.write("I will ask")
    await expect(ada.tick_of("I will ask")).to_have_attribute("data-ticks", "delivered")
    number = await page.locator("main .number").inner_text()
    http = await shop.desk.signed_in("Ada")
    c = int(number.removeprefix("#"))
    assert (await http.post(f"/api/conversations/{c}/close", json={"id": "c"})).status_code == 200
    await expect(page.locator(".reply")).to_contain_text("it stays closed until the customer answers")

    await shop.later(hours=25)
    await ada.open("/closed")
    complaints.clear()  # her session is over as well: the console was told 401
    await ada.choose("Marta Keller")
    search = page.get_by_role("combobox", name="Search templates")
    await expect(ada.box).to_have_count(0)
    await expect(page.locator(".reply")).to_contain_text("only a template can be sent now")
    assert await barriers(page) == []
    await search.fill("order update")
    await page.get_by_label("Language").select_option("en")
    await search.press("Enter")
    form = page.get_by_role("form", name="Template Order update")
    await expect(form.get_by_label("{{1}}", exact=True)).to_have_value("Marta")
    await form.get_by_label("{{1}} in the header").fill("2041")
    await page.keyboard.press("Enter")
    await expect(form.get_by_role("alert")).to_contain_text("Fill in the fields that are empty.")
    await form.get_by_label("{{2}}").fill("2041")
    await form.get_by_label("{{3}}").fill("Friday")
    await form.get_by_label("End of the address").fill("2041")
    await expect(form).to_contain_text("Hello Marta, your order 2041 leaves us on Friday.")
    assert await barriers(page) == []
    await page.keyboard.press("Enter")

    await expect(page.locator(".reply")).to_contain_text("The chat stays closed until the customer answers.")
    sent = ada.message("leaves us on Friday")
    await expect(sent).to_contain_text("Order 2041")
    await expect(ada.tick_of("leaves us on Friday")).to_have_attribute("data-ticks", "delivered")
    await expect(page.locator("main .state")).to_have_text("Closed")
    template = (await shop.phone.thread("marta")).messages[-1]
    await shop.phone.press("marta", template.id, "Thank you")
    await expect(ada.message("Thank you").last).to_contain_text("Chosen from buttons")
    await ada.tab("Live").click()
    await ada.choose("Marta Keller")
    await expect(page.locator("main .number")).to_have_text(number)
    await ada.write("You are welcome")
    await expect(ada.tick_of("You are welcome")).to_have_attribute("data-ticks", "delivered")


@rule("CHANNEL-2")
async def test_an_admin_sets_a_number_up_and_sees_what_whatsapp_says_of_it(
    shop: Shop, page: Page, complaints: list[str]
) -> None:
    await Console(shop.desk, page, "Alma").open("/manage/whatsapp")
    await page.get_by_role("button", name="Add the first number").click()
    dialog = page.get_by_role("dialog", name="New WhatsApp number")
    assert await barriers(page) == []
    for label, value in (
        ("Name", "Shop"),
        ("Phone number id", defaults.PHONE_NUMBER_ID),
        ("WhatsApp Business Account id", defaults.WABA_ID),
        ("Access token", "wrong"),
        ("App secret", defaults.APP_SECRET),
    ):
        await dialog.get_by_label(label).fill(value)
    await page.keyboard.press("Enter")
    number = page.get_by_role("region", name="Shop", exact=True)
    await expect(number).to_contain_text(f"{shop.desk.address}/hooks/whatsapp")
    await number.get_by_role("button", name="Test").click()
    await expect(number.get_by_role("alert").last).to_contain_text("token")
    complaints.clear()  # the browser notes the refusal
    await number.get_by_role("button", name="Edit Shop").click()
    dialog = page.get_by_role("dialog", name="Shop")
    await expect(dialog.get_by_label("Access token")).to_have_value("")
    await dialog.get_by_label("Access token").fill(defaults.TOKEN)
    await page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    await number.get_by_role("button", name="Test").click()
    await expect(number).to_contain_text("It works")
    await expect(number).to_contain_text(defaults.DISPLAY_PHONE_NUMBER)
    await number.get_by_text("Templates", exact=True).click()
    await number.get_by_role("button", name="Fetch now").click()
    await expect(number.get_by_role("row", name="Order update").first).to_contain_text("Approved")
    await expect(number.get_by_role("row", name="Winter sale")).to_contain_text("Rejected")
    assert await barriers(page) == []
