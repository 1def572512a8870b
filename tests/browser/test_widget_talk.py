"""A customer talks from a site or from the hosted page, and nothing is lost on the way."""

from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.desk import Desk, Elsewhere, given
from tests.browser.widget import Widget, embedding
from tests.rules import rule


@rule("VISITOR-1")
async def test_one_script_tag_lets_a_visitor_of_any_site_talk_to_an_agent(
    desk: Desk, sites: Elsewhere, page: Page
) -> None:
    ada = await desk.console("Ada")
    await page.goto(sites.page("/", embedding(desk.address)))
    marta = Widget(page)
    await marta.open()
    await marta.write("Do you ship to <b>Norway</b>?")
    chat = await given(ada)
    assert chat["entries"][1]["text"] == "Do you ship to <b>Norway</b>?"
    await marta.sees("Ada joined the chat")
    await ada.ask("send", c=chat["c"], html="<p>Yes, <b>gladly</b>.</p>")
    await marta.sees("Yes, gladly.")
    await expect(marta.log.locator("strong")).to_have_text("gladly")
    await marta.sees("<b>Norway</b>")


@rule("VISITOR-1")
async def test_the_hosted_page_needs_no_site(desk: Desk, page: Page) -> None:
    ada = await desk.console("Ada")
    await page.goto(f"{desk.address}/chat/shop")
    marta = Widget(page)
    await marta.write("Hello")
    await ada.ask("send", c=(await given(ada))["c"], text="Good morning")
    await marta.sees("Good morning")


@rule("VISITOR-4")
async def test_the_form_asks_what_the_site_needs_and_the_agent_sees_the_answers(
    desk: Desk, page: Page
) -> None:
    field = {"key": "order", "label": "Order number", "kind": "text", "need": True}
    form = {"name": "need", "email": "ask", "department": "need", "fields": [field]}
    rooms = [row["id"] for row in await desk.pool.fetch("SELECT id FROM department ORDER BY id")]
    await desk.site("form", form=form, departments=rooms)
    ada = await desk.console("Ada")
    await page.goto(f"{desk.address}/chat/form")
    await page.get_by_label("Your message").fill("It came broken")
    await page.get_by_label("Your e-mail").fill("no address")
    await page.get_by_role("button", name="Start chat").click()
    await expect(page.get_by_text("Please fill this in.")).to_have_count(3)
    await expect(page.get_by_text("This does not look like an e-mail address.")).to_be_visible()
    await expect(page.get_by_label("Your name")).to_be_focused()
    await page.get_by_label("Your name").fill("Marta Holm")
    await page.get_by_label("Your e-mail").fill("marta@holm.example")
    await page.get_by_label("Order number").fill("20418")
    await page.get_by_label("What is it about?").select_option(label="Support")
    await page.get_by_role("button", name="Start chat").click()
    row = (await given(ada))["s"]
    assert row["customer"]["name"] == "Marta Holm"
    assert row["department"] == rooms[0]


@rule("VISITOR-5")
async def test_thread_unread_count_and_unsent_text_survive_a_reload(
    desk: Desk, sites: Elsewhere, page: Page
) -> None:
    ada = await desk.console("Ada")
    await page.goto(sites.page("/", embedding(desk.address)))
    marta = Widget(page)
    await marta.open()
    await marta.write("Where is my parcel?")
    c = (await given(ada))["c"]
    await marta.sees("Ada joined")
    await marta.box.fill("By the way, ")
    await page.reload()
    await marta.framed()
    await ada.ask("send", c=c, text="One moment, I look.")
    await expect(marta.inside.get_by_text("One moment, I look.")).to_be_attached()
    await marta.titled("(1) Shop")
    await marta.open()
    await marta.sees("Where is my parcel?")
    await expect(marta.box).to_have_value("By the way, ")
    await marta.titled("Shop")


@rule("VISITOR-5")
async def test_a_message_written_while_the_desk_is_away_goes_out_once_when_it_is_back(
    desk_apart: Desk, page: Page, complaints: list[str]
) -> None:
    desk = desk_apart
    ada = await desk.console("Ada")
    await page.goto(f"{desk.address}/chat/shop")
    marta = Widget(page)
    await marta.write("First")
    await given(ada)
    await expect(marta.tick("stored")).to_be_visible()
    await desk.stop()
    await marta.write("Second")
    await marta.write("Third")
    await expect(marta.tick("waiting")).to_be_visible()
    await expect(page.get_by_text("What you write is kept")).to_be_visible()
    await desk.start()
    await page.reload()
    await marta.sees("Third")
    await expect(page.locator("[data-tick=waiting], [data-tick=sending]")).to_have_count(0, timeout=20_000)
    assert await desk.texts() == ["First", "Second", "Third"]
    complaints.clear()


async def test_a_refused_message_says_why_and_can_be_taken_back(desk: Desk, page: Page) -> None:
    await desk.console("Ada")
    await page.goto(f"{desk.address}/chat/shop")
    marta = Widget(page)
    await marta.write("x" * 10_001)
    await expect(page.get_by_role("alert")).to_contain_text("10001 of 10000 characters")
    await expect(marta.box).to_have_value("x" * 10_001)


@rule("VISITOR-7")
async def test_typing_and_read_receipts_go_both_ways(desk: Desk, page: Page) -> None:
    ada = await desk.console("Ada")
    await page.goto(f"{desk.address}/chat/shop")
    marta = Widget(page)
    await marta.write("Hello")
    chat = await given(ada)
    c, seq = chat["c"], chat["s"]["last_customer_seq"]
    await marta.sees("Ada joined")
    await expect(marta.tick("stored")).to_be_visible()
    await ada.say("delivered", c=c, seq=seq)
    await expect(marta.tick("delivered")).to_be_visible()
    await ada.say("read", c=c, seq=seq)
    await expect(marta.tick("read")).to_be_visible()
    await ada.say("typing", c=c, on=True)
    await expect(page.get_by_text("Ada is writing")).to_be_visible()
    await marta.box.press_sequentially("I wonder")
    assert (await ada.hear("typing", by="customer"))["on"]
    answer = await ada.ask("send", c=c, text="Yes?")
    marks = await ada.find(lambda f: f["t"] == "marks" and f["read"] >= answer["seq"], "the customer read it")
    assert marks["by"] == "customer"


COUNT_BEEPS = """
const make = AudioContext.prototype.createOscillator;
window.beeps = 0;
AudioContext.prototype.createOscillator = function () {
  window.beeps += 1;
  return make.call(this);
};
"""


@rule("VISITOR-7")
async def test_an_unseen_answer_beeps_and_counts_unless_muted_and_is_read_only_when_seen(
    desk: Desk, sites: Elsewhere, page: Page
) -> None:
    await page.add_init_script(COUNT_BEEPS)
    ada = await desk.console("Ada")
    await page.goto(sites.page("/", embedding(desk.address)))
    marta = Widget(page)
    await marta.open()
    await marta.write("Hello")
    c = (await given(ada))["c"]
    await page.keyboard.press("Escape")
    unseen = (await ada.ask("send", c=c, text="Are you there?"))["seq"]
    await ada.hear("marks", delivered=unseen)
    assert [frame for frame in ada.all if frame["t"] == "marks" and frame["read"] >= unseen] == []
    assert await marta.inside.evaluate("beeps") > 0
    await marta.called("Shop (1)")
    await marta.open()
    await ada.hear("marks", read=unseen)
    await marta.inside.get_by_role("button", name="Sound is on").click()
    await page.keyboard.press("Escape")
    before = await marta.inside.evaluate("beeps")
    quiet = (await ada.ask("send", c=c, text="Still there?"))["seq"]
    await ada.hear("marks", delivered=quiet)
    assert await marta.inside.evaluate("beeps") == before


@rule("VISITOR-7")
async def test_customers_send_files_and_are_told_what_is_not_allowed(
    desk: Desk, page: Page, tmp_path: Path, complaints: list[str]
) -> None:
    ada = await desk.console("Ada")
    picture = Path(__file__).parent / "picture.png"
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "virus.exe").write_bytes(b"MZ" + bytes(200))
    (tmp_path / "notes.txt").write_text("A few notes.")
    await page.goto(f"{desk.address}/chat/shop")
    chooser = page.locator("input[type=file]")
    await chooser.set_input_files(
        [picture, tmp_path / "notes.txt", tmp_path / "empty.txt", tmp_path / "virus.exe"]
    )
    await expect(page.get_by_text("empty.txt is empty.")).to_be_visible()
    await expect(page.get_by_text("virus.exe: this kind of file is not allowed.")).to_be_visible()
    await page.get_by_role("button", name="Remove virus.exe").click()
    marta = Widget(page)
    await marta.write("Two files")
    said = (await given(ada))["entries"][1]
    assert [file["name"] for file in said["files"]] == ["picture.png", "notes.txt"]
    await expect(marta.log.get_by_role("img", name="picture.png")).to_be_visible()
    async with page.expect_download() as download:
        await marta.log.get_by_role("button", name="Download notes.txt").click()
    await (await download.value).save_as(tmp_path / "got.txt")
    assert (tmp_path / "got.txt").read_text() == "A few notes."
    complaints.clear()


@rule("VISITOR-11")
async def test_who_waits_sees_the_place_in_the_queue_and_that_an_agent_came(
    desk: Desk, new_page: NewPage
) -> None:
    await desk.pool.execute("UPDATE staff SET max_chats = 1")
    ada = await desk.console("Ada")
    first, second = await new_page(), await new_page()
    await first.goto(f"{desk.address}/chat/shop")
    await Widget(first).write("I was first")
    c = (await given(ada))["c"]
    await second.goto(f"{desk.address}/chat/shop")
    await Widget(second).write("I wait")
    await expect(second.get_by_role("status").get_by_text("You are next.")).to_be_visible()
    await ada.ask("close", c=c)
    await Widget(second).sees("Ada joined the chat")
    await expect(second.get_by_text("You are next.")).to_have_count(0)


async def test_the_customer_ends_the_chat_and_writing_starts_it_again(desk: Desk, page: Page) -> None:
    ada = await desk.console("Ada")
    await page.goto(f"{desk.address}/chat/shop")
    marta = Widget(page)
    await marta.write("Hello")
    await marta.sees("Ada joined")
    await page.get_by_role("button", name="End chat").click()
    await page.get_by_role("button", name="Keep chatting").click()
    await page.get_by_role("button", name="End chat").click()
    await page.get_by_role("dialog").get_by_role("button", name="End chat").click()
    await expect(page.get_by_text("This chat has ended.")).to_be_visible()
    assert (await ada.event("closed"))["e"]["event"]["by"] == "customer"
    await marta.write("One more thing")
    await marta.sees("Chat started again")
    await ada.entry("One more thing")
