"""Who may come in and see what, who is available, and the console for eyes, hands and ears of all kinds."""

from playwright.async_api import Page, expect

from tests.browser.barriers import barriers
from tests.browser.conftest import NewPage
from tests.browser.console import Console, customer
from tests.browser.desk import Desk
from tests.rules import rule


@rule("PEOPLE-2")
async def test_a_wrong_password_is_said_and_the_right_one_leads_to_the_address_asked_for(
    desk: Desk, page: Page, complaints: list[str]
) -> None:
    alma = Console(desk, page, "Alma")
    await alma.go("/closed")
    await alma.sign_in("not the password")
    await expect(page.get_by_role("alert")).to_contain_text("wrong")
    await alma.sign_in()
    await expect(page.get_by_role("heading", name="Closed")).to_be_visible()
    await expect(page).to_have_url(f"{desk.address}/closed")
    await page.wait_for_load_state("networkidle")
    complaints.clear()  # the browser reports the 401 answers


@rule("PEOPLE-3")
async def test_an_ended_session_shows_the_sign_in_page_and_keeps_the_address(
    desk: Desk, page: Page, complaints: list[str]
) -> None:
    async with page.expect_response("**/api/me/settings"):  # the last thing a console says of itself
        ada = await Console(desk, page, "Ada").open("/tickets")
    await desk.pool.execute("DELETE FROM session")
    await page.get_by_role("link", name="Closed").click()
    await expect(page.get_by_text("Your session has ended")).to_be_visible()
    await ada.sign_in()
    await expect(page.get_by_role("heading", name="Closed")).to_be_visible()
    complaints.clear()  # the browser reports the 401 answers


@rule("PEOPLE-1")
async def test_an_agent_is_not_shown_what_supervisors_and_admins_have(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    await Console(desk, page, "Ada").open()
    await expect(page.get_by_role("radio", name="Everyone")).to_have_count(0)
    await page.get_by_role("button", name="Ada, your account").click()
    await expect(page.get_by_role("menuitem", name="Departments")).to_be_visible()
    await expect(page.get_by_role("menuitem", name="Staff")).to_have_count(0)
    alma = await Console(desk, await new_page(), "Alma").open("/manage/staff")
    await expect(alma.page.get_by_role("row").filter(has_text="bruno@desk.test")).to_be_visible()


@rule("PEOPLE-4", "PEOPLE-5")
async def test_an_unavailable_agent_is_given_no_chats_and_shows_so_on_all_devices(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    ada = await Console(desk, page, "Ada").open()
    second = await Console(desk, await new_page(), "Ada").open()
    await page.get_by_role("switch", name="Available for new chats").click()
    switch = second.page.get_by_role("switch", name="Available for new chats")
    await expect(switch).not_to_be_checked()
    await expect(switch).to_have_text("Unavailable")
    marta = await customer(desk, "Marta Holm")
    await marta.start("Hello")
    await marta.line.event("ticket")
    await expect(ada.card("Marta Holm")).to_have_count(0)
    await expect(page.get_by_text("You are unavailable")).to_be_visible()


@rule("PEOPLE-6")
async def test_a_department_card_shows_who_is_online_and_who_is_not(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    await Console(desk, page, "Alma").open("/manage/departments")
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Support"))
    await expect(card).to_contain_text("2 in all")
    await expect(card).to_contain_text("0 online")
    await Console(desk, await new_page(), "Ada").open()
    await expect(card).to_contain_text("1 online")
    await expect(card).to_contain_text("1 offline")
    await expect(card.get_by_role("listitem").filter(has_text="Ada")).to_contain_text("Online")
    await expect(card.get_by_role("listitem").filter(has_text="Bruno")).to_contain_text("Offline")


@rule("CHAT-14")
async def test_a_chat_is_found_answered_and_left_with_the_keyboard_alone(desk: Desk, page: Page) -> None:
    ada = await Console(desk, page, "Ada").open("/closed")
    marta, theo = await customer(desk, "Marta Holm"), await customer(desk, "Theo Brandt")
    await theo.start("Hello")
    await marta.start("Hello")
    await page.keyboard.press("Alt+1")
    # Both are there before a key counts rows: who comes later would push the other down.
    await expect(ada.card("Theo Brandt")).to_be_visible()
    await expect(ada.card("Marta Holm")).to_be_visible()
    await page.keyboard.press("j")
    await expect(ada.card("Marta Holm")).to_be_focused()
    await page.keyboard.press("j")
    await expect(ada.card("Theo Brandt")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(ada.box).to_be_focused()
    await page.keyboard.type("Good day")
    await page.keyboard.press("Enter")
    await theo.hears("Good day")
    await page.keyboard.press("Escape")
    await expect(ada.card("Theo Brandt")).to_be_focused()
    await expect(page).to_have_url(f"{desk.address}/live")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("dialog").get_by_role("combobox")).to_be_focused()
    await page.keyboard.type("marta")
    await page.keyboard.press("Enter")
    await expect(page.locator("main h2").first).to_have_text("Marta Holm")


async def test_axe_finds_nothing_in_any_state(desk: Desk, page: Page) -> None:
    ada = await Console(desk, page, "Ada").open()
    marta = await customer(desk, "Marta Holm")
    assert await barriers(page) == []
    await marta.start("Do you ship to Norway?")
    await expect(ada.card("Marta Holm")).to_be_visible()
    assert await barriers(page) == []
    await ada.choose("Marta Holm")
    await ada.write("Yes, we do.")
    await marta.hears("Yes, we do.")
    await marta.say("Great")
    await expect(ada.log).to_contain_text("Great")
    assert await barriers(page) == []
    await page.get_by_role("button", name="Ada, your account").click()
    assert await barriers(page) == []
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("combobox", name="Go to")).to_be_focused()
    assert await barriers(page) == []


async def test_axe_finds_nothing_on_the_way_in_and_in_managing(
    desk: Desk, page: Page, complaints: list[str]
) -> None:
    alma = Console(desk, page, "Alma")
    await alma.go("/live")
    await expect(page.get_by_label("E-mail")).to_be_focused()
    assert await barriers(page) == []
    await alma.sign_in()
    await expect(page.get_by_role("heading", name="Live")).to_be_visible()
    complaints.clear()  # the browser reports the 401 answer
    for section, shown in (("departments", "Support"), ("staff", "bruno@desk.test"), ("sites", "widget.js")):
        await alma.go(f"/manage/{section}")
        await expect(page.locator("main")).to_contain_text(shown)
        assert await barriers(page) == []


async def test_a_small_phone_shows_one_column_at_a_time_and_nothing_is_cut_off_by_a_long_name(
    desk: Desk, new_page: NewPage
) -> None:
    page = await new_page(viewport={"width": 320, "height": 700}, has_touch=True)
    ada = await Console(desk, page, "Ada").open()
    name = "Wolfeschlegelsteinhausenbergerdorff" * 2
    await (await customer(desk, name)).start("Hello")
    await ada.choose(name)
    await expect(ada.card(name)).to_be_hidden()
    await expect(page.get_by_role("button", name="Send")).to_be_in_viewport(ratio=1)
    details = page.get_by_role("button", name="Show details")
    await details.click()
    await expect(page.get_by_role("complementary", name="Details")).to_be_in_viewport()
    await page.get_by_role("complementary").get_by_role("button", name="Close details").click()
    await expect(details).to_be_focused()
    await page.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="End chat").click()
    dialog = page.get_by_role("dialog", name="End chat?")
    await expect(dialog.get_by_role("heading")).to_be_in_viewport(ratio=1)
    await dialog.get_by_role("button", name="Close", exact=True).click()
    await page.get_by_role("button", name="Back to the list").click()
    await expect(ada.card(name)).to_be_in_viewport()
    assert await page.evaluate("document.documentElement.scrollWidth") == 320
