"""Around the chat: blocking a customer, a linked ticket, labels and the customer's profile."""

import re

from playwright.async_api import Page, expect

from tests.browser.barriers import barriers
from tests.browser.conftest import NewPage
from tests.browser.console import Console, adas_chat, press, turn_to
from tests.browser.desk import Desk
from tests.browser.widget import Widget
from tests.rules import rule

NEUTRAL = "The chat is not available at the moment."


@rule("BLOCK-1", "BLOCK-2", "BLOCK-3")
async def test_a_blocked_visitor_gets_nowhere_from_their_address_until_a_supervisor_lifts_it(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    ada = await Console(desk, page, "Ada").open()
    marta, other = Widget(await new_page()), Widget(await new_page())
    for widget in (marta, other):
        await widget.page.goto(f"{desk.address}/chat/shop")
    await marta.write("You are all thieves")
    await ada.choose("Visitor 1")
    tab = await turn_to(ada, "Block User")
    await expect(tab.get_by_role("button", name="Block User")).to_be_disabled()
    await tab.get_by_label("Reason").fill("Insults")
    await tab.get_by_label("Block IP address as well").check()
    await expect(tab).to_contain_text("Everybody on the same network is blocked too")
    await expect(tab).to_contain_text("Home and mobile addresses change")
    await press(tab, "Block User")
    await expect(tab).to_contain_text("is blocked")
    await expect(ada.log).to_contain_text(
        "Ada blocked the customer and their IP address for 24 hours: Insults"
    )
    await expect(marta.page.get_by_text(NEUTRAL)).to_be_visible()
    await marta.write("Let me in")
    await expect(marta.log.get_by_role("alert")).to_contain_text("Not sent")
    await marta.sees("Let me in")
    await other.write("Hello from the same house")
    await expect(other.box).to_have_value("Hello from the same house")
    assert await desk.texts() == ["You are all thieves"]
    sven = await Console(desk, await new_page(), "Sven").open("/manage/blocks")
    row = sven.page.get_by_role("list", name="Blocks").get_by_role("listitem")
    await expect(row).to_contain_text("Insults")
    await expect(row).to_contain_text("Ada")
    await row.get_by_role("button", name="Lift").click()
    await expect(sven.page.get_by_text("Nobody is blocked.")).to_be_visible()
    await marta.inside.get_by_role("button", name="Send again").click()
    await expect(ada.log).to_contain_text("Let me in")
    await expect(ada.log).to_contain_text("Sven lifted the block")


@rule("CHAT-6", "TICKET-8")
async def test_a_linked_ticket_asks_for_the_address_names_both_and_the_chat_goes_on(
    desk: Desk, page: Page
) -> None:
    ada, marta = await adas_chat(desk, page)
    names = ("Format", "Create linked ticket", "End chat", "Send")
    bar = page.locator(".reply .bar")
    await ada.box.wait_for()
    boxes = [
        await bar.get_by_role(
            "group" if name == "Format" else "button", name=re.compile(f"^{name}")
        ).first.bounding_box()
        for name in names
    ]
    lefts = [box["x"] for box in boxes if box]
    assert len(lefts) == 4
    assert lefts == sorted(lefts)
    await press(bar, "Create linked ticket")
    dialog = page.get_by_role("dialog", name="Create linked ticket")
    await dialog.get_by_label("Subject").fill("A new lamp")
    await dialog.get_by_label("What is to be done").fill("Send one by Friday")
    await press(dialog, "Create ticket")
    await expect(dialog).to_be_visible()  # without an address no ticket
    await dialog.get_by_label("The customer’s e-mail address").fill("marta@home.test")
    await dialog.get_by_role("button", name="Add a label").click()
    await expect(page.get_by_placeholder("Find or make a label")).to_be_focused()
    await page.keyboard.type("parts")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await press(dialog, "Create ticket")
    await expect(ada.log).to_contain_text("Ada created the linked ticket #2")
    await page.locator("main header").get_by_role("link", name="#2").click()
    await expect(page).to_have_url(re.compile("/tickets/2$"))
    await expect(ada.log).to_contain_text("Ada created this ticket from chat #1: Send one by Friday")
    await expect(page.get_by_role("complementary", name="Details")).to_contain_text("Typed by the visitor")
    await expect(page.locator("main header").first).to_contain_text("parts")
    await ada.log.get_by_role("link", name="#1").click()
    await marta.say("Thank you")
    await expect(ada.log).to_contain_text("Thank you")
    assert await desk.pool.fetchval("SELECT state FROM conversation WHERE id = 1") == "live"


@rule("CHAT-8", "PEOPLE-7")
async def test_a_customers_profile_opens_in_another_tab_is_put_right_and_merged(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    _, marta = await adas_chat(desk, page)
    for name in ("Anna Holm", "Marta Holm"):
        await desk.pool.execute(
            "UPDATE customer SET email = 'marta@home.test', email_verified = true WHERE name = $1", name
        )
    twin = await desk.pool.fetchval(
        "INSERT INTO customer (name, email, email_verified) VALUES ('M. Holm', 'marta@home.test', true) RETURNING id"
    )
    await desk.pool.execute(
        "INSERT INTO conversation (kind, state, channel, customer_id, created_at, state_at, closed_at, closed_by) "
        "VALUES ('chat', 'closed', 'web', $1, now(), now(), now(), 'agent')",
        twin,
    )
    sven = await Console(desk, await new_page(), "Sven").open(f"/live/{marta.c}")
    link = sven.page.get_by_role("link", name="Open profile")
    async with sven.page.context.expect_page() as opened:
        await link.click()
    profile = await opened.value
    await expect(profile.get_by_role("heading", name="Marta Holm")).to_be_visible()
    await press(profile.locator("main"), "Edit")
    dialog = profile.get_by_role("dialog", name="Edit customer")
    await dialog.get_by_label("Company").fill("Lamps Ltd")
    await press(dialog, "Save")
    await expect(profile.locator("main")).to_contain_text("Lamps Ltd")
    await profile.get_by_role("button", name="Add a label").click()
    await expect(profile.get_by_placeholder("Find or make a label")).to_be_focused()
    await profile.keyboard.type("vip")
    await profile.keyboard.press("Enter")
    await expect(profile.get_by_role("button", name="Remove label vip")).to_be_visible()
    await profile.keyboard.press("Escape")
    await press(profile.locator("main"), "Merge")
    dialog = profile.get_by_role("dialog")
    await dialog.get_by_role("button", name="M. Holm").click()
    await expect(dialog).to_contain_text("1 conversation, 0 of them open")
    await press(dialog, "Merge")
    await expect(profile.get_by_role("button", name=re.compile("^Chat #"))).to_have_count(2)
    await profile.goto(f"{desk.address}/customers/{twin}")
    await expect(profile.get_by_role("heading", name="Marta Holm")).to_be_visible()


async def test_axe_finds_nothing_around_the_chat(desk: Desk, new_page: NewPage) -> None:
    page = await new_page()
    ada, marta = await adas_chat(desk, page)
    await turn_to(ada, "Block User")
    assert await barriers(page) == []
    await press(page.locator(".reply"), "Create linked ticket")
    await page.get_by_role("dialog").wait_for()
    assert await barriers(page) == []
    sven = await Console(desk, await new_page(), "Sven").open("/manage/labels")
    http = await desk.signed_in("Sven")
    await http.post("/api/actions", json={"t": "block", "id": "b", "c": marta.c, "reason": "Insults"})
    for color in ("blue", "green", "amber", "red", "violet", "teal", "pink", "slate"):
        await http.post("/api/labels", json={"name": color, "color": color})
    for path in ("/manage/labels", "/manage/fields", "/manage/blocks", "/customers/1"):
        await sven.go(path)
        await expect(sven.page.locator("main h1")).to_be_visible()
        await expect(sven.page.locator(".skeleton")).to_have_count(0)
        assert await barriers(sven.page) == []
