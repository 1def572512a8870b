"""The five tabs: what stands where, what is new, and how the lists change under one's eyes."""

import re
from datetime import UTC, datetime, timedelta

from playwright.async_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.console import Console, color, customer
from tests.browser.desk import Desk
from tests.rules import rule


@rule("LIST-1")
async def test_five_tabs_with_counts_are_addresses_and_the_back_button_works(desk: Desk, page: Page) -> None:
    ada = await Console(desk, page, "Ada").open("/")
    marta = await customer(desk, "Marta Holm")
    c = await marta.start("Hello")
    await expect(page).to_have_url(f"{desk.address}/live")
    await expect(ada.tab("Live").locator(".count")).to_have_text(re.compile("1"))
    for name in ("Pending", "Tagged", "Closed", "Tickets"):
        await expect(ada.tab(name)).to_be_visible()
    await ada.choose("Marta Holm")
    await expect(page).to_have_url(f"{desk.address}/live/{c}")
    await expect(page.get_by_role("complementary", name="Details")).to_contain_text(f"#{c}")
    await page.get_by_role("link", name="Tickets").click()
    await expect(page.get_by_text("No tickets")).to_be_visible()
    await page.go_back()
    await expect(page.locator("main h2").first).to_have_text("Marta Holm")


@rule("LIST-2")
async def test_a_new_chat_is_green_until_its_owner_opens_it(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    ada = await Console(desk, page, "Ada").open()
    marta = await customer(desk, "Marta Holm")
    await marta.start("Hello")
    card = ada.card("Marta Holm")
    await expect(card).to_contain_text("New")
    red, green, blue = await color(card)
    assert green > max(red, blue)
    sven = await Console(desk, await new_page(), "Sven").open()
    await sven.page.get_by_role("radio", name="Everyone").click()
    await sven.choose("Marta Holm")
    await expect(card).to_contain_text("New")
    await ada.choose("Marta Holm")
    await expect(card.locator(".newtag")).to_have_count(0)
    await expect(sven.card("Marta Holm").locator(".newtag")).to_have_count(0)


@rule("LIST-3")
async def test_a_blue_dot_marks_news_elsewhere_and_goes_on_all_devices_when_seen_on_one(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    ada = await Console(desk, page, "Ada").open()
    marta, theo = await customer(desk, "Marta Holm"), await customer(desk, "Theo Brandt")
    await marta.start("Hello")
    await theo.start("Hello")
    phone = await Console(desk, await new_page(), "Ada").open()
    for name in ("Marta Holm", "Theo Brandt"):
        await ada.choose(name)
        await expect(phone.card(name).get_by_label("New activity")).to_have_count(0)
    await marta.say("Are you there?")
    for device in (ada, phone):
        await expect(device.card("Marta Holm").get_by_label("New activity")).to_be_visible()
        await expect(device.card("Marta Holm").locator(".badge")).to_have_text(re.compile("1"))
    await phone.choose("Marta Holm")
    await expect(ada.card("Marta Holm").get_by_label("New activity")).to_have_count(0)
    await ada.page.reload()
    await expect(ada.card("Marta Holm")).to_be_visible()
    await expect(ada.card("Marta Holm").get_by_label("New activity")).to_have_count(0)


@rule("LIST-4")
async def test_live_is_sorted_by_activity_or_by_new_chat_and_the_choice_is_remembered(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    ada = await Console(desk, page, "Ada").open()
    marta, theo = await customer(desk, "Marta Holm"), await customer(desk, "Theo Brandt")
    await marta.start("Hello")
    await theo.start("Hello")
    names = page.locator("[data-card] .name .ellipsis")
    await expect(names).to_have_text(["Theo Brandt", "Marta Holm"])
    await marta.say("Are you there?")
    await expect(names).to_have_text(["Marta Holm", "Theo Brandt"])
    await page.get_by_role("radio", name="New Chat").click()
    await expect(names).to_have_text(["Theo Brandt", "Marta Holm"])
    other = await Console(desk, await new_page(), "Ada").open()
    await expect(other.page.get_by_role("radio", name="New Chat")).to_be_checked()
    await expect(other.page.locator("[data-card] .name .ellipsis")).to_have_text(
        ["Theo Brandt", "Marta Holm"]
    )
    assert ada.page is page


@rule("LIST-6")
async def test_ten_thousand_closed_chats_page_on_scrolling_and_few_are_drawn(desk: Desk, page: Page) -> None:
    await _close_many(desk, 10_000)
    ada = await Console(desk, page, "Ada").open("/closed")
    rows = page.locator("[data-list=closed]")
    await expect(ada.card("Customer 00001")).to_be_visible()
    for _ in range(8):
        height = await rows.evaluate("box => (box.scrollTop = box.scrollHeight, box.scrollHeight)")
        await page.wait_for_function(
            "height => document.querySelector('[data-list]').scrollHeight > height", arg=height
        )
    assert await page.locator("[data-card]").count() < 40
    await rows.evaluate("box => box.scrollTop = 299 * 72")
    await expect(ada.card("Customer 00300")).to_be_in_viewport()
    await expect(rows.get_by_role("listitem").first).to_have_attribute("aria-setsize", "10000")


@rule("LIST-6")
async def test_the_reader_keeps_the_place_when_a_new_chat_comes_in_above(desk: Desk, page: Page) -> None:
    await desk.pool.execute("UPDATE staff SET max_chats = 100")
    ada = await Console(desk, page, "Ada").open()
    for number in range(12):
        await (await customer(desk, f"Person {number:02}")).start("Hello")
    await expect(ada.card("Person 11")).to_be_visible()
    rows = page.locator("[data-list=live]")
    await rows.evaluate("box => box.scrollTop = 150")
    middle = ada.card("Person 05")
    before = await middle.bounding_box()
    await (await customer(desk, "Marta Holm")).start("Hello")
    await expect(ada.card("Marta Holm")).to_have_count(1)
    assert await middle.bounding_box() == before
    assert await rows.evaluate("box => box.scrollTop") == 222


@rule("LIFE-9")
async def test_closed_says_by_whom(desk: Desk, page: Page) -> None:
    ada = await Console(desk, page, "Ada").open()
    marta = await customer(desk, "Marta Holm")
    await marta.start("Hello")
    await expect(ada.card("Marta Holm")).to_be_visible()
    await marta.line.ask("close", c=marta.c)
    await expect(ada.card("Marta Holm")).to_have_count(0)
    await page.get_by_role("link", name="Closed").click()
    await expect(ada.card("Marta Holm")).to_contain_text("Closed by the customer")


async def _close_many(desk: Desk, count: int) -> None:
    """Ada's closed chats, a minute apart, the newest first."""
    now = datetime.now(UTC) - timedelta(hours=1)
    await desk.pool.execute(
        "INSERT INTO customer (name) SELECT 'Customer ' || to_char(n, 'FM00000') FROM generate_series(1, $1::int) n",
        count,
    )
    await desk.pool.execute(
        "INSERT INTO conversation (kind, state, channel, customer_id, owner_id, created_at, state_at, closed_at,"
        " closed_by, close_reason) SELECT 'chat', 'closed', 'web', c.id, s.id, t, t, t, 'agent', 'by hand'"
        " FROM customer c, staff s, LATERAL (SELECT $1::timestamptz - c.id * interval '1 minute') AS x(t)"
        " WHERE s.name = 'Ada'",
        now,
    )
