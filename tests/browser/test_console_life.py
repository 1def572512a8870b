"""What becomes of a chat between two or three people: flags, pending, transfers, rings, assignment, the close."""

from datetime import timedelta

from playwright.async_api import Page, expect

from tests.browser.barriers import barriers
from tests.browser.conftest import NewPage
from tests.browser.console import Console, adas_chat, banner, comment, customer, panel, press, top, turn_to
from tests.browser.desk import Desk
from tests.rules import rule


@rule("LIFE-5")
async def test_a_flag_is_set_and_taken_off_and_both_are_written_down(desk: Desk, page: Page) -> None:
    ada, _ = await adas_chat(desk, page)
    flag = top(ada).get_by_role("button", name="Flag")
    await flag.click()
    await expect(flag).to_have_attribute("aria-pressed", "true")
    await expect(ada.log).to_contain_text("Ada flagged")
    await expect(panel(ada)).to_contain_text("Flagged")
    await flag.click()
    await expect(flag).to_have_attribute("aria-pressed", "false")
    assert await desk.pool.fetchval("SELECT flagged_at FROM conversation") is None


@rule("LIFE-8")
async def test_a_pending_chat_waits_for_the_customer_whose_answer_makes_it_live(
    desk: Desk, page: Page
) -> None:
    ada, marta = await adas_chat(desk, page)
    await top(ada).get_by_role("button", name="Flag").click()
    await top(ada).get_by_role("button", name="Pending").click()
    await expect(banner(ada)).to_contain_text("closes at")
    await expect(banner(ada)).to_contain_text("The flag does not stop that.")
    await expect(page.locator(".reply")).to_contain_text("It stays pending when you write")
    await ada.write("Any news?")
    await marta.hears("Any news?")
    await ada.tab("Pending").click()
    await ada.choose("Marta Holm")
    assert await desk.pool.fetchval("SELECT state FROM conversation") == "pending"
    await marta.say("Yes, it works")
    await expect(banner(ada)).not_to_contain_text("Pending since")
    await expect(ada.card("Marta Holm")).to_have_count(0)
    assert await desk.pool.fetchval("SELECT state FROM conversation") == "live"


@rule("LIFE-8")
async def test_a_supervisor_may_end_the_waiting_too(desk: Desk, page: Page, new_page: NewPage) -> None:
    ada, marta = await adas_chat(desk, page)
    await top(ada).get_by_role("button", name="Pending").click()
    await expect(banner(ada)).to_contain_text("Pending since")
    sven = await Console(desk, await new_page(), "Sven").open(f"/live/{marta.c}")
    await press(banner(sven), "No longer pending")
    await expect(banner(ada)).not_to_contain_text("Pending since")
    await expect(ada.log).to_contain_text("Sven")


@rule("LIFE-14")
async def test_a_transfer_is_offered_with_a_note_and_the_chat_moves_when_it_is_accepted(
    desk: Desk, page: Page, new_page: NewPage, complaints: list[str]
) -> None:
    ada, marta = await adas_chat(desk, page)
    bruno = await Console(desk, await new_page(), "Bruno").open()
    await offer(ada, "Bruno", note="Knows printers")
    await expect(banner(ada)).to_contain_text("yours until accepted")
    await bruno.go(f"/live/{marta.c}")
    await expect(banner(bruno)).to_contain_text("Ada asks you to take over this chat")
    await expect(banner(bruno)).to_contain_text("Knows printers")
    await press(banner(bruno), "Accept")
    await bruno.write("I take over")
    await marta.hears("I take over")
    await expect(ada.card("Marta Holm")).to_have_count(0)
    await expect(page.locator(".reply .ProseMirror")).to_have_count(0)
    complaints.clear()  # Ada's browser reports that the conversation is not found


@rule("CHAT-14", "LIFE-8")
async def test_the_keyboard_goes_on_from_the_thread_when_what_was_pressed_is_gone(
    desk: Desk, page: Page
) -> None:
    ada, _ = await adas_chat(desk, page)
    await top(ada).get_by_role("button", name="Pending").press("Enter")
    await banner(ada).get_by_role("button", name="No longer pending").press("Enter")
    await expect(page.locator("main")).to_be_focused()
    await top(ada).get_by_role("button", name="End chat").press("Enter")
    await expect(page.get_by_role("dialog", name="End chat?")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(ada.log).to_contain_text("Closed by Ada")
    await expect(page.locator("main")).to_be_focused()


async def test_a_dialog_that_cannot_be_loaded_says_so(desk: Desk, page: Page, complaints: list[str]) -> None:
    ada, _ = await adas_chat(desk, page)
    await page.route("**/HandOver-*", lambda route: route.abort())
    await press(top(ada), "Transfer")
    await expect(page.get_by_role("status").get_by_text("could not be loaded")).to_be_visible()
    complaints.clear()  # the browser reports the missing part


@rule("LIFE-14")
async def test_a_transfer_can_be_declined_and_cancelled_and_stays_with_its_owner(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    ada, marta = await adas_chat(desk, page)
    bruno = await Console(desk, await new_page(), "Bruno").open()
    await offer(ada, "Bruno")
    await bruno.go(f"/live/{marta.c}")
    await press(banner(bruno), "Decline")
    await expect(bruno.page).to_have_url(f"{desk.address}/live")
    await expect(banner(ada)).not_to_contain_text("Offered to")
    await offer(ada, "Bruno")
    await press(banner(ada), "Cancel the transfer")
    await expect(banner(ada)).not_to_contain_text("Offered to")
    await ada.write("It is still me")
    await marta.hears("It is still me")


@rule("LIFE-14", "LIFE-16")
async def test_a_department_takes_a_transfer_by_its_first_answer_and_none_offline_is_offered(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    ada, marta = await adas_chat(desk, page)
    bruno = await Console(desk, await new_page(), "Bruno").open()
    await top(ada).get_by_role("button", name="Transfer").click()
    dialog = page.get_by_role("dialog", name="Transfer this chat")
    await expect(dialog.get_by_role("radio", name="Olga")).to_be_disabled()
    await press(dialog, "A department")
    await expect(dialog.get_by_role("radio", name="Sales")).to_be_disabled()
    await dialog.get_by_role("radio", name="Support").check()
    await press(dialog, "Transfer")
    await expect(dialog).to_have_count(0)
    await bruno.go(f"/live/{marta.c}")
    await expect(banner(bruno)).to_contain_text("Ada asks Support")
    await expect(banner(bruno).get_by_role("button", name="Decline")).to_have_count(0)
    await press(banner(bruno), "Accept")
    await expect(top(bruno)).to_contain_text("Bruno")


@rule("LIFE-3", "LIFE-15")
async def test_a_supervisor_assigns_at_once_and_is_warned_when_somebody_is_full(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    await desk.pool.execute("UPDATE staff SET max_chats = 1 WHERE name = 'Bruno'")
    bruno = await Console(desk, page, "Bruno").open()
    theo, marta = await customer(desk, "Theo Brandt"), await customer(desk, "Marta Holm")
    await theo.start("Hello")
    await expect(bruno.card("Theo Brandt")).to_be_visible()
    await Console(desk, await new_page(), "Ada").open()
    await marta.start("Hello")
    await marta.line.event("assigned")
    sven = await Console(desk, await new_page(), "Sven").open(f"/live/{marta.c}")
    await top(sven).get_by_role("button", name="Assign").click()
    dialog = sven.page.get_by_role("dialog", name="Assign this chat")
    await dialog.get_by_role("radio", name="Bruno").check()
    await expect(dialog).to_contain_text("Bruno is full with 1 of 1 chats")
    await press(dialog, "Assign")
    await expect(bruno.card("Marta Holm")).to_be_visible()
    await expect(sven.log).to_contain_text("Bruno")


@rule("LIFE-12")
async def test_the_closing_dialog_asks_what_is_switched_on_and_enter_ends_the_chat(
    desk: Desk, page: Page
) -> None:
    ada, _ = await adas_chat(desk, page)
    await (await desk.signed_in("Sven")).post("/api/closing-tags", json={"name": "Sold"})
    await press(top(ada), "End chat")
    dialog = page.get_by_role("dialog", name="End chat?")
    await dialog.get_by_role("radio", name="Positive").check()
    await dialog.get_by_label("Closing tag").select_option("Sold")
    await dialog.get_by_label("Note").fill("Wants a second one in May")
    await page.keyboard.press("Control+Enter")
    await expect(ada.log).to_contain_text("Closed by Ada")
    details = await turn_to(ada, "Details")
    for words in ("Positive", "Sold", "Wants a second one in May"):
        await expect(details).to_contain_text(words)


@rule("LIFE-12")
async def test_with_every_part_switched_off_the_close_is_only_confirmed(desk: Desk, page: Page) -> None:
    off = {"close_sentiment": False, "close_tag": False, "close_note": False}
    await (await desk.signed_in("Sven")).patch("/api/preferences", json=off)
    ada, _ = await adas_chat(desk, page)
    async with page.expect_response("**/api/closing-dialog"):
        await press(top(ada), "End chat")
    dialog = page.get_by_role("dialog", name="End chat?")
    await expect(dialog.get_by_role("radio")).to_have_count(0)
    await expect(dialog.get_by_role("textbox")).to_have_count(0)
    await page.keyboard.press("Enter")
    await expect(ada.log).to_contain_text("Closed by Ada")


@rule("LIFE-10")
async def test_a_closed_chat_is_written_on_for_a_day_and_stays_closed_until_the_customer_answers(
    desk: Desk, page: Page
) -> None:
    ada, marta = await adas_chat(desk, page)
    await marta.line.ask("close", c=marta.c)
    await expect(page.locator(".reply")).to_contain_text("stays closed until the customer answers")
    await ada.write("One more thing")
    await marta.hears("One more thing")
    assert await desk.pool.fetchval("SELECT state FROM conversation") == "closed"
    day = "UPDATE conversation SET closed_at = closed_at - $1::interval"
    await desk.pool.execute(day, timedelta(hours=24))
    await ada.go(f"/closed/{marta.c}")
    await expect(page.locator(".reply")).to_contain_text(
        "24 hours ago or more, and no e-mail address is known"
    )
    await desk.pool.execute("UPDATE customer SET email = 'marta@holm.test'")
    await page.reload()
    await expect(page.locator(".reply")).to_contain_text("by e-mail to marta@holm.test")


@rule("TICKET-6")
async def test_an_agent_cannot_hand_on_a_ticket_and_a_supervisor_assigns_it(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    marta = await customer(desk, "Marta Holm")
    await marta.start("Is anybody there?")
    await marta.line.event("ticket")
    ada = await Console(desk, page, "Ada").open(f"/tickets/{marta.c}")
    await press(top(ada), "Accept")
    await expect(top(ada)).to_contain_text("Ticket · Assigned")
    await expect(top(ada).get_by_role("button", name="Transfer")).to_have_count(0)
    await expect(top(ada).get_by_role("button", name="Assign")).to_have_count(0)
    transfer = {"t": "transfer", "id": "x", "c": marta.c, "agent": 2, "note": ""}
    assert (await (await desk.signed_in("Ada")).post("/api/actions", json=transfer)).status_code in (403, 409)
    sven = await Console(desk, await new_page(), "Sven").open(f"/tickets/{marta.c}")
    await top(sven).get_by_role("button", name="Assign").click()
    dialog = sven.page.get_by_role("dialog", name="Assign this ticket")
    await dialog.get_by_role("radio", name="Olga").check()
    await press(dialog, "Assign")
    await expect(panel(sven)).to_contain_text("Olga")
    await expect(ada.card("Marta Holm")).to_have_count(0)


@rule("LIFE-2")
async def test_a_ringing_chat_is_accepted_or_declined_above_the_thread(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    await (await desk.signed_in("Sven")).patch("/api/preferences", json={"distribution": "offer"})
    ada = await Console(desk, page, "Ada").open()
    marta = await customer(desk, "Marta Holm")
    c = await marta.start("Hello")
    await ada.choose("Marta Holm")
    await expect(banner(ada)).to_contain_text("This chat rings at you")
    bruno = await Console(desk, await new_page(), "Bruno").open()
    await press(banner(ada), "Decline")
    await expect(page).to_have_url(f"{desk.address}/live")
    await bruno.choose("Marta Holm")
    await expect(bruno.page).to_have_url(f"{desk.address}/live/{c}")
    await press(banner(bruno), "Accept")
    await bruno.write("Good day")
    await marta.hears("Good day")


async def test_axe_finds_nothing_in_panel_dialogs_and_banners(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    ada, _ = await adas_chat(desk, page)
    await Console(desk, await new_page(), "Bruno").open()
    await top(ada).get_by_role("button", name="Flag").click()
    await comment(ada, "Look, @")
    await expect(panel(ada).get_by_role("listbox")).to_be_visible()
    assert await barriers(page) == []
    for tab in ("History", "Notes"):
        await turn_to(ada, tab)
        await expect(panel(ada).get_by_role("tabpanel")).not_to_be_empty()
        assert await barriers(page) == []
    await top(ada).get_by_role("button", name="Transfer").click()
    await expect(page.get_by_role("dialog").get_by_role("radio", name="Bruno")).to_be_visible()
    assert await barriers(page) == []
    await page.keyboard.press("Escape")
    await offer(ada, "Bruno")
    await expect(banner(ada)).to_contain_text("Offered to Bruno")
    assert await barriers(page) == []
    await press(top(ada), "End chat")
    await expect(page.get_by_role("dialog").get_by_label("Note")).to_be_visible()
    assert await barriers(page) == []


async def offer(console: Console, name: str, note: str = "") -> None:
    """Transfer the open chat to a colleague."""
    await top(console).get_by_role("button", name="Transfer").click()
    dialog = console.page.get_by_role("dialog", name="Transfer this chat")
    await dialog.get_by_role("radio", name=name).check()
    await dialog.get_by_label("Note").fill(note)
    await press(dialog, "Transfer")
    await expect(dialog).to_have_count(0)
