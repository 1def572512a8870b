"""How a reply is written: canned replies, quotes, links, files from anywhere, and a view that is out of date."""

import asyncio
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.console import Console, customer
from tests.browser.desk import Desk
from tests.doors.sockets import greet, open_socket
from tests.rules import rule

PICTURE = Path(__file__).parent / "picture.png"


@rule("CHAT-10", "CHAT-14")
async def test_a_canned_reply_is_made_found_by_the_keyboard_and_put_in_with_its_values(
    desk: Desk, page: Page
) -> None:
    sven = await desk.signed_in("Sven")
    shared = {
        "own": False,
        "shortcut": "thanks",
        "text": "Thank you for waiting, {customer.first_name|there}.",
    }
    await sven.post("/api/canned-replies", json=shared)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "canned" in request.url else None)
    ada = await Console(desk, page, "Ada").open("/manage/replies")
    await expect(page.get_by_role("region", name="Shared")).to_contain_text("/thanks")
    await expect(page.get_by_role("button", name="Edit /thanks")).to_have_count(0)
    await page.get_by_role("button", name="New own reply").click()
    form = page.get_by_role("dialog", name="New own reply")
    await form.get_by_label("Shortcut").fill("hello")
    await form.locator(".ProseMirror").click()
    await form.get_by_role("button", name="Bold").click()
    await page.keyboard.type("Good day {customer.name}")
    await form.get_by_role("button", name="Bold").click()
    await page.keyboard.type(", {agent.name} here. {nonsense}")
    await expect(form.get_by_role("status")).to_contain_text("{nonsense} is no placeholder")
    await form.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("region", name="My own")).to_contain_text("/hello")

    await ada.go("/live")
    await expect(page.locator("[data-connected=true]")).to_be_attached()
    marta = await customer(desk, "Marta <b>Holm</b>")
    await marta.start("Hello")
    await ada.choose("Marta <b>Holm</b>")
    asked.clear()
    await ada.box.click()
    await page.keyboard.type("/")
    options = page.get_by_role("listbox", name="Canned replies").get_by_role("option")
    await expect(options).to_have_count(2)
    await page.keyboard.type("waiting")
    await expect(options).to_have_count(1)
    for _ in "waiting":
        await page.keyboard.press("Backspace")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(ada.box.locator("strong")).to_have_text("Good day Marta <b>Holm</b>")
    await page.keyboard.press("Enter")
    got = await marta.hears("Good day Marta <b>Holm</b>, Ada here. {nonsense}")
    assert got["html"].startswith("<p><strong>Good day Marta &lt;b&gt;Holm&lt;/b&gt;</strong>")
    await page.keyboard.type("Look in /tmp")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Enter")
    await marta.hears("Look in /tmp")
    assert len(asked) <= 1


@rule("CHAT-12")
async def test_a_message_is_quoted_copied_and_linked_to(desk: Desk, page: Page) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ada = await Console(desk, page, "Ada").open()
    marta = await customer(desk, "Marta Holm")
    c = await marta.start("Do you ship to <b>Norway</b>?")
    for number in range(80):
        await desk.pool.execute(MORE, c, number)
    await page.reload()
    await ada.choose("Marta Holm")
    first = ada.log.locator("[data-seq='2']")
    await expect(ada.message("Line 79")).to_be_visible()
    async with asyncio.timeout(60):
        while not await first.count():
            await ada.log.evaluate("log => log.scrollTop = 0")
            await asyncio.sleep(0.05)
    menu = page.get_by_role("menu", name="Message")
    await first.hover()
    await first.locator("xpath=..").get_by_role("button", name="quote, copy, link").click()
    await menu.get_by_role("menuitem", name="Copy text").click()
    assert await page.evaluate("navigator.clipboard.readText()") == "Do you ship to <b>Norway</b>?"
    await page.keyboard.press("Enter")
    await page.keyboard.press("End")
    await page.keyboard.press("Enter")
    link = await page.evaluate("navigator.clipboard.readText()")
    assert link == f"{desk.address}/live/{c}#m2"
    await page.keyboard.press("Enter")
    await menu.get_by_role("menuitem", name="Quote in the reply").click()
    await expect(page.locator(".reply .quote")).to_contain_text("<b>Norway</b>")
    await expect(ada.box).to_be_focused()
    await page.keyboard.type("Yes, we do.")
    await page.keyboard.press("Enter")
    quoted = (await marta.hears("Yes, we do."))["quote"]
    assert (quoted["seq"], quoted["name"]) == (2, "Marta Holm")
    await expect(page.locator(".reply .quote")).to_have_count(0)
    await expect(first).not_to_be_in_viewport()
    await ada.message("Yes, we do.").get_by_role("button", name="Marta Holm").click()
    await expect(first).to_be_in_viewport()
    await expect(first).to_be_focused()
    await page.goto("about:blank")
    await page.goto(link)
    await expect(first).to_be_in_viewport()
    await expect(first).to_be_focused()


MORE = """
WITH c AS (UPDATE conversation SET last_seq = last_seq + 1, last_public_seq = last_seq + 1 WHERE id = $1 RETURNING *)
INSERT INTO entry (conversation_id, seq, kind, public, prev_public, author, author_id, text, at)
SELECT id, last_seq, 'message', true, last_seq - 1, 'customer', customer_id, 'Line ' || $2::integer, now() FROM c"""


async def drag(page: Page, kind: str, path: Path, at: dict[str, float]) -> None:
    """What the browser does when somebody drags a file from a folder of theirs."""
    client = await page.context.new_cdp_session(page)
    data: dict[str, Any] = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    await client.send("Input.dispatchDragEvent", {"type": kind, **at, "data": data})


@rule("CHAT-5")
async def test_files_are_dropped_anywhere_on_the_thread_and_pictures_pasted_from_the_clipboard(
    desk: Desk, page: Page
) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ada = await Console(desk, page, "Ada").open()
    marta = await customer(desk, "Marta Holm")
    await marta.start("Hello")
    await ada.choose("Marta Holm")
    await expect(ada.box).to_be_visible()
    middle, list_of_chats = {"x": 650.0, "y": 350.0}, {"x": 200.0, "y": 600.0}
    zone = page.get_by_text("Drop to attach to your reply to Marta Holm")
    await drag(page, "dragEnter", PICTURE, middle)
    await drag(page, "dragOver", PICTURE, middle)
    await expect(zone).to_be_visible()
    await drag(page, "drop", PICTURE, middle)
    await expect(zone).to_have_count(0)
    files = page.get_by_role("list", name="Files of this reply").get_by_role("listitem")
    await expect(files.locator("img")).to_have_js_property("complete", True, timeout=20_000)
    for kind in ("dragEnter", "dragOver", "drop"):
        await drag(page, kind, PICTURE, list_of_chats)
    await expect(ada.box).to_be_visible()
    await expect(files).to_have_count(1)
    await page.evaluate(PUT_PICTURE)
    await ada.box.click()
    await page.keyboard.press("Control+V")
    await expect(files).to_have_count(2)
    await expect(files.locator("progress")).to_have_count(0, timeout=20_000)
    await page.get_by_role("button", name="Send").last.click()
    sent = await marta.line.find(lambda f: f["t"] == "entry" and "files" in f["e"], "an entry with files")
    assert [file["type"] for file in sent["e"]["files"]] == ["image/png", "image/png"]
    assert all(file["preview"] for file in sent["e"]["files"])


PUT_PICTURE = """async () => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 40, height: 30 });
  canvas.getContext('2d').fillRect(0, 0, 20, 30);
  const picture = await new Promise((done) => canvas.toBlob(done, 'image/png'));
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': picture })]);
}"""


@rule("CHAT-11")
async def test_what_a_customer_types_is_shown_under_the_thread_while_the_preference_is_on(
    desk: Desk, page: Page
) -> None:
    sven = await desk.signed_in("Sven")
    ada = await Console(desk, page, "Ada").open()
    marta = await customer(desk, "Marta Holm")
    c = await marta.start("Hello")
    await ada.choose("Marta Holm")
    await marta.line.say("typing", c=c, on=True, text="A secret")
    await expect(ada.log).to_contain_text("Marta Holm is typing")
    await expect(ada.log).not_to_contain_text("A secret")
    await marta.line.say("typing", c=c, on=False)
    await sven.patch("/api/preferences", json={"typing_preview": True})
    second = await open_socket(f"ws://localhost:{desk.port}/api/widget/socket")
    desk.keep(second)
    assert (await greet(second, token=marta.token))["typing_preview"]
    await second.say("typing", c=c, on=True, text="Do you <b>ship</b>")
    await expect(ada.log.locator(".typing p")).to_have_text("Do you <b>ship</b>")
    await marta.say("Do you ship to Norway?")
    await expect(ada.log.locator(".typing")).to_have_count(0)


@rule("CHAT-13")
async def test_a_chat_that_changed_hands_keeps_what_one_wrote_also_after_a_reload(
    desk: Desk, page: Page, complaints: list[str]
) -> None:
    ada = await Console(desk, page, "Ada").open()
    sven = await desk.signed_in("Sven")
    await desk.console("Bruno")
    marta = await customer(desk, "Marta Holm")
    c = await marta.start("Hello")
    await ada.choose("Marta Holm")
    await ada.box.click()
    await page.keyboard.type("My careful answer")
    for number in range(3):
        await marta.say(f"And also {number}")
    bruno = await desk.pool.fetchval("SELECT id FROM staff WHERE name = 'Bruno'")
    answer = await sven.post("/api/actions", json={"t": "assign", "id": "a", "c": c, "agent": bruno})
    assert answer.status_code == 200, answer.text
    reply = page.locator(".reply")
    await expect(reply).to_contain_text("Bruno has this chat now. What you wrote is kept.")
    await expect(reply).to_contain_text("My careful answer")
    await expect(page.locator("main")).to_be_focused()
    await expect(page.get_by_text("you watch it")).to_have_count(0)
    await page.reload()
    kept = page.get_by_role("region", name="What you wrote")
    await expect(kept).to_contain_text("My careful answer")
    await kept.get_by_role("button", name="Throw it away").click()
    await expect(kept).to_have_count(0)
    assert "My careful answer" not in await desk.texts()
    complaints.clear()  # the browser reports that the conversation is not found
