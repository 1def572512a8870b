"""An agent talks to a customer: bubbles, ticks, formats, files, the header, and what happens when sending fails."""

import asyncio
import re
from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.console import Console, color, customer
from tests.browser.desk import Desk
from tests.rules import rule

PICTURE = Path(__file__).parent / "picture.png"


@rule("CHAT-1")
async def test_customers_are_blue_on_the_left_agents_gray_on_the_right_and_events_are_lines(
    desk: Desk, page: Page
) -> None:
    ada = await Console(desk, page, "Ada").open()
    marta = await customer(desk, "Marta Holm")
    await marta.start("Do you ship to <b>Norway</b>?")
    await ada.choose("Marta Holm")
    await ada.write("Yes, we do.")
    hers, own = ada.message("Norway"), ada.message("Yes, we do.")
    await expect(hers).to_contain_text("<b>Norway</b>")
    await expect(ada.log).to_contain_text("Given to Ada")
    red, green, blue = await color(hers.locator(".bubble"))
    assert blue > max(red + 20, green)
    own_color = await color(own.locator(".bubble"))
    assert max(own_color) - min(own_color) < 12
    left, right = await hers.bounding_box(), await own.bounding_box()
    assert left
    assert right
    assert left["x"] < right["x"]


@rule("CHAT-2")
async def test_enter_and_the_button_send_and_shift_enter_makes_a_new_line(desk: Desk, page: Page) -> None:
    ada = await Console(desk, page, "Ada").open()
    marta = await customer(desk, "Marta Holm")
    await marta.start("Hello")
    await ada.choose("Marta Holm")
    await ada.box.click()
    await page.keyboard.type("First line")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("second line")
    await page.keyboard.press("Enter")
    await marta.hears("First line\nsecond line")
    await expect(ada.box).to_have_text("")
    await page.keyboard.type("By the button")
    await page.get_by_role("button", name="Send", exact=False).last.click()
    await marta.hears("By the button")


@rule("CHAT-3")
async def test_ticks_tell_stored_delivered_and_read_and_pointing_at_them_tells_when(
    desk: Desk, page: Page
) -> None:
    ada = await Console(desk, page, "Ada").open()
    marta = await customer(desk, "Marta Holm")
    c = await marta.start("Hello")
    await ada.choose("Marta Holm")
    await ada.write("Good morning")
    seq = (await marta.hears("Good morning"))["seq"]
    tick = ada.tick_of("Good morning")
    await expect(tick).to_have_attribute("data-ticks", "stored")
    await marta.line.say("delivered", c=c, seq=seq)
    await expect(tick).to_have_attribute("data-ticks", "delivered")
    await marta.line.say("read", c=c, seq=seq)
    await expect(tick).to_have_attribute("data-ticks", "read")
    red, green, blue = await color(tick, "color")
    assert green > max(red + 40, blue)
    holder = tick.locator("xpath=..")
    await holder.hover()
    assert re.fullmatch(r"Read Today, \d\d:\d\d", await holder.get_attribute("data-tip") or "")


@rule("CHAT-4")
async def test_a_formatted_reply_arrives_formatted_and_safe(desk: Desk, page: Page) -> None:
    ada = await Console(desk, page, "Ada").open()
    marta = await customer(desk, "Marta Holm")
    await marta.start("Hello")
    await ada.choose("Marta Holm")
    await ada.box.click()
    await page.get_by_role("button", name="Bold").click()
    await page.keyboard.type("Look")
    await page.get_by_role("button", name="Bold").click()
    await page.keyboard.type(" at <script>")
    await page.keyboard.press("Enter")
    await expect(ada.log.locator(".bubble strong")).to_have_text("Look")
    got = await marta.hears("Look at <script>")
    assert got["html"] == "<p><strong>Look</strong> at &lt;script&gt;</p>"


@rule("CHAT-5")
async def test_files_go_out_by_button_paste_and_drop_with_preview_name_and_size(
    desk: Desk, page: Page
) -> None:
    ada = await Console(desk, page, "Ada").open()
    marta = await customer(desk, "Marta Holm")
    await marta.start("Hello")
    await ada.choose("Marta Holm")
    await expect(ada.box).to_be_visible()
    await page.locator("input[type=file]").set_input_files(PICTURE)
    await page.evaluate(GIVE, ["paste", "notes.txt"])
    await page.evaluate(GIVE, ["drop", "list.txt"])
    files = page.get_by_role("list", name="Files of this reply").get_by_role("listitem")
    await expect(files).to_have_count(3)
    await expect(files.locator("progress")).to_have_count(0)
    await page.get_by_role("button", name="Send").last.click()
    await expect(ada.log.locator("img")).to_have_js_property("complete", True)
    await expect(ada.log).to_contain_text("notes.txt")
    sent = await marta.line.find(lambda f: f["t"] == "entry" and "files" in f["e"], "an entry with files")
    assert {file["name"] for file in sent["e"]["files"]} == {"picture.png", "notes.txt", "list.txt"}
    await ada.log.get_by_role("button", name="Show picture").click()
    await expect(page.get_by_role("dialog", name="Picture picture.png")).to_be_visible()


GIVE = """([kind, name]) => {
  const data = new DataTransfer();
  data.items.add(new File(['Some notes for you.'], name, { type: 'text/plain' }));
  const Kind = kind === 'paste' ? ClipboardEvent : DragEvent;
  const given = kind === 'paste' ? { clipboardData: data } : { dataTransfer: data };
  const event = new Kind(kind, { ...given, bubbles: true, cancelable: true });
  document.querySelector('.reply .ProseMirror').dispatchEvent(event);
}"""


@rule("CHAT-6")
async def test_ending_the_chat_is_asked_for_once_more_and_shown(desk: Desk, page: Page) -> None:
    ada = await Console(desk, page, "Ada").open()
    marta = await customer(desk, "Marta Holm")
    await marta.start("Hello")
    await ada.choose("Marta Holm")
    await page.locator(".reply").get_by_role("button", name="End chat").click()
    asked = page.get_by_role("dialog", name="End chat?")
    await asked.get_by_role("button", name="Go on with it").click()
    await page.locator(".reply").get_by_role("button", name="End chat").click()
    await asked.get_by_role("button", name="End chat").click()
    await expect(ada.log).to_contain_text("Closed by Ada")
    await expect(ada.card("Marta Holm")).to_have_count(0)
    await marta.line.event("closed")


@rule("CHAT-7")
async def test_the_top_shows_number_department_labels_and_agents_and_they_can_be_changed(
    desk: Desk, page: Page
) -> None:
    ada = await Console(desk, page, "Ada").open()
    marta = await customer(desk, "Marta Holm")
    c = await marta.start("Hello")
    await ada.choose("Marta Holm")
    top = page.locator("main header").first
    await expect(top).to_contain_text(f"#{c}")
    await ada.write("One")
    await expect(top).to_contain_text("Ada (1)")
    await ada.write("Two")
    await expect(top).to_contain_text("Ada (2)")
    await top.get_by_role("button", name="Department").click()
    await page.get_by_role("menuitemradio", name="Sales").click()
    await expect(top.get_by_role("button", name="Department: Sales")).to_be_visible()
    await expect(ada.log).to_contain_text("Sales")
    await top.get_by_role("button", name="Add a label").click()
    await page.get_by_role("combobox", name="Find or make a label").fill("shipping")
    await page.keyboard.press("Enter")
    await expect(top).to_contain_text("shipping")
    assert await desk.pool.fetchval("SELECT name FROM label") == "shipping"


@rule("CHAT-13")
async def test_a_right_to_write_that_is_lost_meanwhile_is_said_plainly_and_the_text_kept(
    desk: Desk, page: Page, complaints: list[str]
) -> None:
    ada = await Console(desk, page, "Ada").open()
    marta = await customer(desk, "Marta Holm")
    c = await marta.start("Hello")
    await ada.choose("Marta Holm")
    await ada.box.click()
    await page.keyboard.type("My careful answer")
    await page.wait_for_load_state("networkidle")
    bruno = await desk.pool.fetchval("SELECT id FROM staff WHERE name = 'Bruno'")
    # Changing hands is an entry, so the number goes up with it.
    change = "UPDATE conversation SET owner_id = $1, last_seq = last_seq + 1 WHERE id = $2"
    await desk.pool.execute(change, bruno, c)
    await page.keyboard.press("Enter")
    failed = ada.log.get_by_role("alert")
    await expect(failed).to_contain_text("Not sent.")
    await expect(ada.message("My careful answer")).to_be_visible()
    await expect(page.locator(".reply")).to_contain_text("no longer yours")
    assert await desk.texts() == ["Hello"]
    complaints.clear()  # the browser reports that the conversation is not found


@rule("CHAT-3", "CHAT-13")
async def test_a_message_written_without_a_connection_waits_and_goes_out_once(
    desk: Desk, page: Page, complaints: list[str]
) -> None:
    ada = await Console(desk, page, "Ada").open()
    marta = await customer(desk, "Marta Holm")
    await marta.start("Hello")
    await ada.choose("Marta Holm")
    await expect(ada.box).to_be_visible()
    await desk.stop()
    await ada.write("Still here?")
    await expect(ada.tick_of("Still here?")).to_have_attribute("data-ticks", "sending")
    await expect(page.get_by_text("No connection since")).to_be_visible()
    await desk.start()
    await expect(ada.tick_of("Still here?")).to_have_attribute("data-ticks", "stored", timeout=30_000)
    await expect(page.get_by_text("No connection since")).to_have_count(0)
    assert await desk.texts() == ["Hello", "Still here?"]
    complaints.clear()  # the browser reports the refused connections


async def test_the_draft_survives_a_reload_and_belongs_to_its_chat(desk: Desk, page: Page) -> None:
    ada = await Console(desk, page, "Ada").open()
    marta, theo = await customer(desk, "Marta Holm"), await customer(desk, "Theo Brandt")
    await marta.start("Hello")
    await theo.start("Hello")
    await ada.choose("Marta Holm")
    await ada.box.click()
    await page.keyboard.type("Half a senten")
    await ada.choose("Theo Brandt")
    await expect(ada.box).to_have_text("")
    await expect(ada.card("Marta Holm")).to_contain_text("Draft:")
    await page.reload()
    await ada.choose("Marta Holm")
    await expect(ada.box).to_have_text("Half a senten")


async def test_typing_shows_on_both_sides(desk: Desk, page: Page) -> None:
    ada = await Console(desk, page, "Ada").open()
    marta = await customer(desk, "Marta Holm")
    c = await marta.start("Hello")
    await ada.choose("Marta Holm")
    await marta.line.say("typing", c=c, on=True)
    await expect(ada.log).to_contain_text("is typing")
    await marta.line.say("typing", c=c, on=False)
    await expect(ada.log).not_to_contain_text("is typing")
    await ada.box.click()
    await page.keyboard.type("W")
    await marta.line.hear("typing", by="agent", on=True)


async def test_a_long_talk_opens_at_its_end_and_older_messages_come_on_scrolling_up(
    desk: Desk, page: Page
) -> None:
    ada = await Console(desk, page, "Ada").open()
    marta = await customer(desk, "Marta Holm")
    c = await marta.start("Message 0.")
    async with asyncio.timeout(60):
        client = await desk.signed_in("Ada")
        for number in range(1, 120):
            message = {"id": f"m{number}", "text": f"Message {number}."}
            await client.post(f"/api/conversations/{c}/messages", json=message)
    await ada.choose("Marta Holm")
    await expect(ada.message("Message 119.")).to_be_in_viewport()
    await expect(ada.message("Message 0.")).to_have_count(0)
    for number in (60, 20, 0):
        await ada.log.evaluate("log => log.scrollTop = 0")
        await expect(ada.message(f"Message {number}.")).to_have_count(1)
    await expect(ada.message("Message 0.")).to_have_count(1)
    await marta.say("And one more")
    await page.get_by_role("button", name="1 new message").click()
    await expect(ada.message("And one more")).to_be_in_viewport()


async def test_what_was_said_before_a_hundred_comments_is_on_the_screen(desk: Desk, page: Page) -> None:
    ada = await Console(desk, page, "Ada").open()
    marta = await customer(desk, "Marta Holm")
    c = await marta.start("Where is my parcel?")
    await expect(ada.card("Marta Holm")).to_be_visible()
    await desk.pool.execute(COMMENTS, c, 100)
    await page.reload()
    await ada.choose("Marta Holm")
    await expect(ada.message("Where is my parcel?")).to_be_in_viewport()
    await expect(ada.log).to_contain_text("The beginning of this conversation")


COMMENTS = """
WITH c AS (UPDATE conversation SET last_seq = last_seq + $2 WHERE id = $1 RETURNING *)
INSERT INTO entry (conversation_id, seq, kind, public, prev_public, author, author_id, text, at)
SELECT id, last_seq - $2 + n, 'comment', false, 0, 'agent', owner_id, 'Comment ' || n, now()
FROM c, generate_series(1, $2::integer) AS n"""
