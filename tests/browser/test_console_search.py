"""Finding things: search and filters of the five tabs, groups of tickets, and the supervisors' desk."""

import re

from playwright.async_api import Locator, Page, expect

from deskbell.store import search
from tests.browser.barriers import barriers
from tests.browser.conftest import NewPage
from tests.browser.console import Console, Customer, customer
from tests.browser.desk import Desk
from tests.rules import rule


async def chat(desk: Desk, name: str, text: str) -> Customer:
    """A chat that is with an agent by now; its words can be found."""
    person = await customer(desk, name)
    await person.start(text)
    await person.line.event("assigned")
    await search.take_in(desk.pool, [person.c])
    return person


async def tickets(desk: Desk, *names: str) -> list[int]:
    """Left while nobody is available, the oldest first."""
    numbers = []
    for name in names:
        person = await customer(desk, name)
        numbers.append(await person.start("Where is my parcel?"))
        await person.line.event("ticket")
    return numbers


def names(page: Page) -> Locator:
    return page.locator("[data-card] .name .ellipsis")


@rule("LIST-1", "LIST-5")
async def test_a_search_is_within_the_tab_in_the_address_and_counted(desk: Desk, page: Page) -> None:
    await desk.pool.execute("UPDATE staff SET available = name = 'Ada'")
    ada = await Console(desk, page, "Ada").open()
    marta = await chat(desk, "Marta Holm", "My unicycle is broken")
    await chat(desk, "Theo Brandt", "Good morning")
    await expect(ada.card("Theo Brandt")).to_be_visible()
    await page.keyboard.press("/")
    await expect(page.get_by_label("Search in Live")).to_be_focused()
    await page.keyboard.type("unicyc")
    await expect(ada.card("Theo Brandt")).to_have_count(0)
    await expect(ada.card("Marta Holm")).to_be_visible()
    await expect(page).to_have_url(f"{desk.address}/live?q=unicyc")
    await expect(ada.tab("Live").locator(".count")).to_have_text(re.compile("1$"))
    await ada.choose("Marta Holm")
    await expect(page).to_have_url(f"{desk.address}/live/{marta.c}?q=unicyc")
    await page.reload()
    await expect(page.get_by_label("Search in Live")).to_have_value("unicyc")
    await expect(page.locator("[data-card]")).to_have_count(1)
    await page.get_by_role("button", name="Clear the search").click()
    await expect(page.locator("[data-card]")).to_have_count(2)
    await page.go_back()
    await expect(page.locator("[data-card]")).to_have_count(1)


@rule("LIST-5")
async def test_an_empty_result_says_so_and_how_to_widen_it(desk: Desk, page: Page) -> None:
    await desk.pool.execute("UPDATE staff SET available = name = 'Ada'")
    ada = await Console(desk, page, "Ada").open()
    marta = await chat(desk, "Marta Holm", "My unicycle is broken")
    await marta.line.ask("close", c=marta.c)
    await ada.go("/live?q=unicycle&flagged=true")
    await expect(page.get_by_text("Nothing found in Live")).to_be_visible()
    await page.get_by_role("button", name="Search without filters").click()
    await expect(page).to_have_url(f"{desk.address}/live?q=unicycle")
    await page.get_by_role("button", name="Closed", exact=True).click()
    await expect(ada.card("Marta Holm")).to_be_visible()
    await expect(page).to_have_url(f"{desk.address}/closed?q=unicycle")


@rule("LIST-5", "LIST-6")
async def test_filters_show_as_chips_and_a_card_that_no_longer_fits_leaves_by_itself(
    desk: Desk, page: Page
) -> None:
    await desk.pool.execute("UPDATE staff SET available = name = 'Ada'")
    ada = await Console(desk, page, "Ada").open()
    marta = await chat(desk, "Marta Holm", "Hello")
    await chat(desk, "Theo Brandt", "Hello")
    http = await desk.signed_in("Ada")
    labels = f"/api/conversations/{marta.c}/labels"
    await http.put(labels, json={"id": "a", "add": ["urgent"]})
    await page.get_by_role("button", name="Filters").click()
    await page.get_by_label("Label").select_option("urgent")
    await page.get_by_role("button", name="Done").click()
    await expect(names(page)).to_have_text(["Marta Holm"])
    await expect(page.get_by_role("button", name="Remove filter urgent")).to_be_visible()
    await expect(page.get_by_text("1 found")).to_be_visible()
    await http.put(labels, json={"id": "b", "remove": ["urgent"]})
    await expect(page.locator("[data-card]")).to_have_count(0)
    await expect(page.get_by_text("0 found")).to_be_visible()
    await page.get_by_role("button", name="Remove filter urgent").click()
    await expect(page.locator("[data-card]")).to_have_count(2)
    assert ada.page is page


@rule("LIST-1", "LIST-5")
async def test_lists_are_left_and_found_alike_on_another_device(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    ada = await Console(desk, page, "Ada").open()
    async with page.expect_response(
        lambda answer: "/api/me/settings" in answer.url and "negative" in (answer.request.post_data or "")
    ):
        await ada.tab("Closed").click()
        await page.get_by_role("button", name="Filters").click()
        await page.get_by_label("Sentiment").select_option("negative")
    phone = await Console(desk, await new_page(viewport={"width": 390, "height": 844}), "Ada").open("/")
    await expect(phone.page).to_have_url(f"{desk.address}/closed?sentiment=negative")
    await phone.tab("Live").click()
    await phone.tab("Closed").click()
    await expect(phone.page.get_by_role("button", name="Remove filter Negative")).to_be_visible()


@rule("TICKET-2", "TICKET-3")
async def test_tickets_stand_in_groups_and_the_oldest_are_taken_at_once(desk: Desk, page: Page) -> None:
    await desk.pool.execute("UPDATE staff SET available = false")
    await tickets(desk, "Anna One", "Bela Two", "Cleo Three", "Dina Four")
    ada = await Console(desk, page, "Ada").open("/tickets")
    await expect(names(page)).to_have_text(["Dina Four", "Cleo Three", "Bela Two", "Anna One"])
    groups = page.get_by_role("radiogroup", name="Tickets")
    await expect(groups.get_by_role("radio", name="Unassigned")).to_have_text(re.compile("4$"))
    await page.get_by_label("Accept the oldest 3").click()
    await expect(names(page)).to_have_text(["Dina Four"])
    await expect(page.get_by_text("3 tickets are yours now. 1 left.")).to_be_visible()
    await groups.get_by_role("radio", name=re.compile("^Assigned")).click()
    await expect(page).to_have_url(f"{desk.address}/tickets?group=assigned")
    await expect(names(page)).to_have_text(["Cleo Three", "Bela Two", "Anna One"])
    await expect(groups.get_by_role("radio", name=re.compile("^Assigned"))).to_have_text(re.compile("3$"))
    assert ada.page is page


@rule("TICKET-3")
async def test_any_number_can_be_taken_and_the_filter_does_not_matter(desk: Desk, page: Page) -> None:
    await desk.pool.execute("UPDATE staff SET available = false")
    await tickets(desk, "Anna One", "Bela Two", "Cleo Three")
    await Console(desk, page, "Ada").open("/tickets?q=cleo")
    await expect(names(page)).to_have_text(["Cleo Three"])
    await page.get_by_label("Another number").fill("2")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("2 tickets are yours now. 1 left.")).to_be_visible()
    await expect(names(page)).to_have_text(["Cleo Three"])


@rule("SUPERVISOR-1")
async def test_supervisors_see_everyone_s_chats_by_agent_with_totals_that_follow(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    await desk.pool.execute("UPDATE staff SET available = name in ('Ada', 'Bruno')")
    await Console(desk, await new_page(), "Ada").open()
    await Console(desk, await new_page(), "Bruno").open()
    marta = await chat(desk, "Marta Holm", "Hello")
    await chat(desk, "Theo Brandt", "Hello")
    sven = await Console(desk, page, "Sven").open()
    await page.get_by_role("button", name="Look at everyone’s").click()
    heads = page.locator("[data-section]")
    await expect(heads).to_have_count(2)
    await expect(heads.first).to_contain_text("Ada")
    await expect(heads.last).to_contain_text("Bruno")
    await expect(heads.first).to_contain_text("1 live · 1 unanswered")
    await chat(desk, "Priya Nair", "Hello")
    await expect(page.locator("[data-card]")).to_have_count(3)
    await marta.line.ask("close", c=marta.c)
    await expect(sven.card("Marta Holm")).to_have_count(0)
    await expect(page.locator("[data-card]")).to_have_count(2)


@rule("SUPERVISOR-1")
async def test_a_folded_agent_stays_folded_on_every_device(desk: Desk, page: Page, new_page: NewPage) -> None:
    await desk.pool.execute("UPDATE staff SET available = name = 'Ada'")
    await Console(desk, await new_page(), "Ada").open()
    await chat(desk, "Marta Holm", "Hello")
    sven = await Console(desk, page, "Sven").open()
    async with page.expect_response(
        lambda answer: "/api/me/settings" in answer.url and "folded" in (answer.request.post_data or "")
    ):
        await page.get_by_role("radio", name="Everyone").click()
        await page.locator("[data-section]").filter(has_text="Ada").click()
        await expect(sven.card("Marta Holm")).to_have_count(0)
    other = await Console(desk, await new_page(), "Sven").open("/")
    head = other.page.locator("[data-section]").filter(has_text="Ada")
    await expect(head).to_have_attribute("aria-expanded", "false")
    await head.press("Enter")
    await expect(other.card("Marta Holm")).to_be_visible()


@rule("LIST-5")
async def test_search_filters_and_sections_are_accessible(desk: Desk, page: Page, new_page: NewPage) -> None:
    await desk.pool.execute("UPDATE staff SET available = name = 'Ada'")
    await Console(desk, await new_page(), "Ada").open()
    await chat(desk, "Marta Holm", "Hello")
    await Console(desk, page, "Sven").open()
    async with page.expect_response("**/api/me/settings"):
        await page.get_by_role("radio", name="Everyone").click()
    await expect(page.locator("[data-section]")).to_have_count(1)
    await desk.pool.execute(
        "INSERT INTO conversation (kind, state, channel, customer_id, created_at, state_at, ticket_at, closed_at)"
        " SELECT 'ticket', 'closed', 'web', id, now(), now(), now(), now() FROM customer, generate_series(1, 12)"
    )
    for path in ("/live", "/closed?q=nothing&sentiment=negative", "/tickets"):
        await page.goto(desk.address + path)
        await expect(page.get_by_role("search")).to_be_visible()
        await page.get_by_role("button", name=re.compile("^Filters")).click()
        await expect(page.get_by_role("combobox", name="Department")).to_be_visible()
        assert await barriers(page) == [], path
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name=re.compile("^Notifications")).click()
    await expect(page.get_by_role("heading", name="Notifications")).to_be_visible()
    assert await barriers(page) == []
