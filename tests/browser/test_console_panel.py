"""The panel beside a chat: comments and who is tagged in them, the customer's history, notes."""

from playwright.async_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.console import Console, adas_chat, banner, comment, panel, press, turn_to
from tests.browser.desk import Desk
from tests.rules import rule


@rule("TEAM-1", "TEAM-2")
async def test_a_sign_opens_the_team_and_only_who_is_online_can_be_tagged(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    ada, _ = await adas_chat(desk, page)
    await Console(desk, await new_page(), "Bruno").open()
    tab = await comment(ada, "Can you look, @")
    team = tab.get_by_role("listbox", name="Team")
    await expect(team.get_by_role("option", name="Bruno")).to_contain_text("Online")
    olga = team.get_by_role("option", name="Olga")
    await expect(olga).to_contain_text("Offline")
    await expect(olga).to_be_disabled()
    await olga.click(force=True)
    await expect(tab.get_by_role("textbox")).to_have_value("Can you look, @")
    await page.keyboard.type("bru")
    await expect(team.get_by_role("option")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(tab.get_by_role("textbox")).to_have_value("Can you look, @Bruno ")
    await page.keyboard.type("and t")
    await expect(tab.get_by_text("Nobody on the team")).to_have_count(0)
    await press(tab, "Post Comment")
    await expect(tab.get_by_role("log")).to_contain_text("Can you look, @Bruno and t")
    await expect(panel(ada).get_by_role("tab", name="Block User")).to_be_in_viewport(ratio=1)
    await expect(tab.get_by_role("button", name="Post Comment")).to_be_in_viewport(ratio=1)
    await expect(ada.log).not_to_contain_text("Can you look")


@rule("TEAM-2")
async def test_a_colleague_who_went_offline_is_refused_with_the_reason_and_the_text_stays(
    desk: Desk, page: Page, complaints: list[str]
) -> None:
    ada, _ = await adas_chat(desk, page)
    tab = await comment(ada, "Look, @Olga")
    await page.keyboard.press("Control+Enter")
    await expect(tab.get_by_role("alert")).to_contain_text("Olga is offline")
    await expect(tab.get_by_role("textbox")).to_have_value("Look, @Olga")
    complaints.clear()  # the browser reports the refusal


@rule("TEAM-3", "TEAM-4")
async def test_the_tagged_watch_live_and_comment_and_cannot_write_to_the_customer(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    ada, marta = await adas_chat(desk, page)
    bruno = await Console(desk, await new_page(), "Bruno").open("/tagged")
    await comment(ada, "@Bruno please")
    await page.keyboard.press("Control+Enter")
    await expect(bruno.card("Marta Holm").get_by_label("New activity")).to_be_visible()
    await bruno.choose("Marta Holm")
    await expect(bruno.card("Marta Holm").get_by_label("New activity")).to_have_count(0)
    await expect(banner(bruno)).to_contain_text("Ada has this chat")
    await expect(panel(bruno).get_by_role("log")).to_contain_text("@Bruno please")
    await marta.say("Still there?")
    await expect(bruno.log).to_contain_text("Still there?")
    await expect(bruno.page.locator(".reply")).to_contain_text("Only its owner writes")
    await comment(bruno, "I am on it")
    await bruno.page.keyboard.press("Control+Enter")
    await expect(panel(ada).get_by_role("log")).to_contain_text("I am on it")
    http = await desk.signed_in("Bruno")
    refused = await http.post(f"/api/conversations/{marta.c}/messages", json={"id": "x", "text": "Hi"})
    assert refused.status_code == 403
    assert await desk.texts() == ["Hello", "Still there?"]
    await marta.line.ask("close", c=marta.c)
    await expect(bruno.page.locator(".reply")).to_have_text("This chat is closed.")
    await expect(bruno.card("Marta Holm")).to_have_count(0)


@rule("TEAM-5")
async def test_at_the_close_comments_vanish_from_every_screen_and_a_count_stays(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    ada, marta = await adas_chat(desk, page)
    sven = await Console(desk, await new_page(), "Sven").open(f"/live/{marta.c}")
    await comment(ada, "Between us")
    await page.keyboard.press("Control+Enter")
    watched = await turn_to(sven, "Comments")
    await expect(watched).to_contain_text("Between us")
    await marta.line.ask("close", c=marta.c)
    for console in (ada, sven):
        await expect(panel(console)).to_contain_text("There was 1 comment; it was deleted")
        await expect(console.page.get_by_text("Between us")).to_have_count(0)
    assert await desk.pool.fetchval("SELECT text FROM entry WHERE kind = 'comment'") == ""


@rule("PEOPLE-7", "TEAM-7")
async def test_history_opens_in_its_place_and_notes_stay_with_the_customer(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    ada, marta = await adas_chat(desk, page, "My first question")
    notes = await turn_to(ada, "Notes")
    await notes.get_by_role("textbox").fill("Prefers letters")
    await page.keyboard.press("Control+Enter")
    await expect(notes.get_by_role("listitem")).to_contain_text("Prefers letters")
    await marta.line.ask("close", c=marta.c)
    await ada.go("/closed")
    other = "UPDATE conversation SET owner_id = (SELECT id FROM staff WHERE name = 'Olga')"
    await desk.pool.execute(other)
    await desk.pool.execute("UPDATE customer SET last_agent_id = NULL")
    await desk.pool.execute(
        """INSERT INTO conversation (kind, state, channel, customer_id, owner_id, created_at, state_at, ticket_at)
           SELECT 'ticket', 'assigned', 'web', customer_id, (SELECT id FROM staff WHERE name = 'Bruno'),
                  now(), now(), now() FROM conversation"""
    )
    bruno = await Console(desk, await new_page(), "Bruno").open(f"/tickets/{marta.c + 1}")
    history = await turn_to(bruno, "History")
    await history.get_by_role("button", name=f"Chat #{marta.c}").click()
    await expect(history.get_by_role("log")).to_contain_text("My first question")
    await expect(history.get_by_role("textbox")).to_have_count(0)
    await press(history, "Back to the history")
    await expect(history.get_by_role("button", name=f"Chat #{marta.c}")).to_be_focused()
    notes = await turn_to(bruno, "Notes")
    await expect(notes.get_by_role("listitem")).to_contain_text("Prefers letters")
    await expect(notes.get_by_role("button", name="Delete this note")).to_have_count(0)


async def test_the_tabs_of_the_panel_are_walked_by_the_keyboard(desk: Desk, page: Page) -> None:
    ada, _ = await adas_chat(desk, page)
    await panel(ada).get_by_role("tab", name="Details").focus()
    for name in ("Visitor", "Comments", "History", "Notes", "Block User", "Details"):
        await page.keyboard.press("ArrowRight")
        await expect(panel(ada).get_by_role("tab", name=name)).to_be_focused()
        await expect(panel(ada).get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
