"""What helps a customer to write, and what they are told about it (CHAT-11, CHAT-12, VISITOR-7)."""

from playwright.async_api import Page, expect

from deskbell.store import preferences
from tests.browser.desk import Desk, given
from tests.browser.test_console_compose import PICTURE, PUT_PICTURE, drag
from tests.browser.widget import Widget
from tests.rules import rule


@rule("CHAT-11")
async def test_the_widget_says_that_what_is_typed_is_seen_and_else_sends_none_of_it(
    desk: Desk, page: Page
) -> None:
    ada = await desk.console("Ada")
    said: list[str] = []
    page.on("websocket", lambda line: line.on("framesent", lambda data: said.append(str(data))))
    await page.goto(f"{desk.address}/chat/shop")
    marta = Widget(page)
    await marta.write("Hello")
    c = (await given(ada))["c"]
    told = page.get_by_text("Our team sees what you type.")
    await marta.box.press_sequentially("A secret")
    await ada.hear("typing", on=True)
    assert [frame for frame in said if "secret" in frame] == []
    await expect(told).to_have_count(0)
    await preferences.save(desk.pool, {"typing_preview": True}, None)
    assert desk.door
    await desk.door.node.desk.changed("preferences")
    await page.reload()
    await expect(told).to_be_visible()
    await marta.box.press_sequentially(" 🦊", delay=30)
    shown = await ada.find(lambda f: f["t"] == "typing" and "text" in f, "what she types")
    assert shown["text"].startswith("A secret")
    await ada.find(lambda f: f["t"] == "typing" and f.get("text") == "A secret 🦊", "all of it")
    await marta.box.fill("x" * 600)
    longest = await ada.find(lambda f: f["t"] == "typing" and "xxx" in f.get("text", ""), "the end of it")
    assert longest["text"] == "x" * 500
    await marta.box.fill("")
    await ada.hear("typing", c=c, on=False)
    assert await desk.texts() == ["Hello"]


@rule("CHAT-12", "VISITOR-7")
async def test_a_customer_sees_what_an_answer_quotes_and_sends_files_and_emoji_by_every_way(
    desk: Desk, page: Page
) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ada = await desk.console("Ada")
    await page.goto(f"{desk.address}/chat/shop")
    marta = Widget(page)
    await marta.write("Do you ship to <b>Norway</b>?")
    c = (await given(ada))["c"]
    for number in range(4):
        assert (await ada.ask("send", c=c, text=f"Line {number}" + "\n." * 8))["t"] == "ack"
    assert (await ada.ask("send", c=c, text="Yes, we do.", quote=2))["t"] == "ack"
    first = marta.log.locator("[data-seq='2']")
    await marta.sees("Yes, we do.")
    await expect(first).not_to_be_in_viewport()
    quote = marta.log.get_by_role("button", name="You").filter(has_text="Norway")
    await expect(quote).to_contain_text("<b>Norway</b>")
    await quote.click()
    await expect(first).to_be_in_viewport()
    await expect(first).to_be_focused()
    middle = {"x": 640.0, "y": 300.0}
    for kind in ("dragEnter", "dragOver"):
        await drag(page, kind, PICTURE, middle)
    await expect(page.get_by_text("Drop files here to add them")).to_be_visible()
    await drag(page, "drop", PICTURE, middle)
    await expect(page.get_by_text("picture.png")).to_be_visible()
    await page.evaluate(PUT_PICTURE)
    await marta.box.click()
    await page.keyboard.press("Control+V")
    await expect(page.locator("form.composer li")).to_have_count(2)
    await expect(page.locator("form.composer progress")).to_have_count(0, timeout=20_000)
    await page.get_by_role("button", name="Emoji").press("Enter")
    await expect(page.get_by_role("button", name="😀")).to_be_focused()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Enter")
    await expect(marta.box).to_be_focused()
    await page.keyboard.press("Enter")
    sent = await ada.find(lambda f: f["t"] == "entry" and "files" in f["e"], "files")
    assert (sent["e"]["text"], len(sent["e"]["files"])) == ("😃", 2)
