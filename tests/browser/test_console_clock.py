"""What the clock does while people look at it. Times are made to have begun earlier; the server's own sweep finds them."""

from playwright.async_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.console import Console, adas_chat, customer
from tests.browser.desk import Desk, Elsewhere
from tests.browser.widget import Widget, embedding
from tests.rules import rule

EARLIER = """UPDATE conversation SET state_at = state_at - $1::interval, waiting_since = waiting_since - $1::interval,
    last_agent_at = last_agent_at - $1::interval, ticket_at = ticket_at - $1::interval"""


async def earlier(desk: Desk, minutes: int) -> None:
    """As if all that has happened had happened so much earlier."""
    await desk.pool.execute(EARLIER.replace("$1::interval", f"interval '{minutes} minutes'"))


@rule("LIFE-1", "TICKET-1")
async def test_a_new_chat_comes_to_an_agent_waits_for_one_or_becomes_a_ticket(
    desk: Desk, page: Page, new_page: NewPage, sites: Elsewhere
) -> None:
    await desk.pool.execute("UPDATE staff SET max_chats = 1")
    ada = await Console(desk, page, "Ada").open()
    first, second = Widget(await new_page()), Widget(await new_page())
    for n, widget in enumerate((first, second)):
        await widget.page.goto(sites.page("/", embedding(desk.address)))
        await widget.open()
        await widget.write(f"Hello from {n + 1}")
    await expect(ada.card("Hello from 1")).to_contain_text("New")
    await first.sees("Ada")
    await second.sees("Waiting for a free agent")
    await page.get_by_role("switch", name="Available for new chats").click()
    late = await customer(desk, "Theo Late")
    await late.start("Anybody there?")
    await ada.tab("Tickets").click()
    await expect(ada.card("Theo Late")).to_be_visible()


@rule("LIFE-6")
async def test_an_unanswered_chat_goes_to_a_team_mate_before_everybodys_eyes(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    ada, marta = await adas_chat(desk, page)
    bruno = await Console(desk, await new_page(), "Bruno").open()
    await earlier(desk, 21)
    await expect(bruno.card("Marta Holm")).to_contain_text("New")
    await expect(ada.card("Marta Holm")).to_have_count(0)
    await expect(page.locator("main")).to_contain_text("Bruno has this chat now.")
    await bruno.choose("Marta Holm")
    await expect(bruno.log).to_contain_text("No answer from Ada for 20 minutes: passed to Bruno")
    await bruno.write("I am with you now")
    await marta.hears("I am with you now")


@rule("LIFE-7", "LIFE-9")
async def test_a_silent_customers_chat_is_closed_by_the_system_and_says_why(desk: Desk, page: Page) -> None:
    ada, marta = await adas_chat(desk, page)
    await ada.write("Is it solved?")
    await marta.hears("Is it solved?")
    await earlier(desk, 121)
    await expect(ada.card("Marta Holm")).to_have_count(0)
    await ada.tab("Closed").click()
    await expect(ada.card("Marta Holm")).to_contain_text("Closed by the system")
    await ada.choose("Marta Holm")
    await expect(ada.log).to_contain_text("no answer from the customer for 2 hours")


@rule("TICKET-5", "TICKET-10")
async def test_a_ticket_is_closed_by_hand_and_after_90_days_only_search_finds_it(
    desk: Desk, page: Page
) -> None:
    for name in ("Marta Holm", "Theo Late"):
        await (await customer(desk, name)).start("Nobody here?")
    ada = await Console(desk, page, "Ada").open("/tickets")
    await ada.choose("Marta Holm")
    await page.get_by_role("button", name="Accept").first.click()
    await expect(ada.log).to_contain_text("Ada accepted the ticket")
    await page.get_by_label("Subject").fill("A broken lamp")
    await page.keyboard.press("Tab")
    await expect(ada.log).to_contain_text("Ada set the subject to “A broken lamp”")
    await page.get_by_label("Priority").select_option("High")
    await expect(ada.log).to_contain_text("Ada set the priority to high")
    await page.get_by_role("button", name="Close ticket").first.click()
    await page.get_by_role("dialog").get_by_role("button", name="Close ticket").click()
    await expect(ada.log).to_contain_text("Closed by Ada")
    await desk.pool.execute("UPDATE conversation SET ticket_at = ticket_at - interval '91 days'")
    assert desk.door
    await desk.door.node.desk.timekeeper.archive()
    await ada.go("/tickets")
    await expect(ada.card("Theo Late")).to_have_count(0)
    await page.get_by_role("radio", name="Closed").click()
    await page.get_by_label("Search in Tickets").fill("Theo")
    await ada.choose("Theo Late")
    await expect(page.locator("main")).to_contain_text("archived")
