"""The widget when nobody can answer: out of hours, nobody available, a launcher that hides, a message merged (VISITOR-8)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.barriers import barriers
from tests.browser.conftest import NewPage
from tests.browser.desk import SHOP, Desk, Elsewhere
from tests.browser.test_widget_page import STRICT
from tests.browser.widget import Widget, embedding, not_reported
from tests.rules import rule

LATER = "const now = Date.now; Date.now = () => now() + 11_000"
"""What was asked a moment ago is not asked again."""


def shut_for_two_days() -> tuple[dict[str, Any], datetime]:
    """Business hours that are always, but for today and tomorrow; and when they begin again."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [(today + timedelta(days=n)).date().isoformat() for n in range(2)]
    holidays = [{"date": day, "name": "Stocktaking", "intervals": []} for day in days]
    hours = {"zone": "UTC", "weekly": [[["00:00", "24:00"]]] * 7, "holidays": holidays}
    return hours, today + timedelta(days=2)


async def prefer(desk: Desk, **values: Any) -> None:
    answer = await (await desk.signed_in("Sven")).patch("/api/preferences", json=values)
    assert answer.status_code == 200, answer.text


async def leave(page: Any, text: str) -> None:
    await page.get_by_label("Your e-mail").fill("marta@example.org")
    await page.get_by_label("Your message").fill(text)
    await page.get_by_role("button", name="Send message").click()
    await expect(page.get_by_text("We got your message.")).to_be_visible()


@rule("VISITOR-8", "TICKET-1")
async def test_out_of_hours_a_message_is_left_and_becomes_a_ticket(desk: Desk, new_page: NewPage) -> None:
    hours, opens = shut_for_two_days()
    await desk.console("Ada")
    await prefer(desk, hours=hours)
    page = await new_page(timezone_id="UTC")
    await page.goto(f"{desk.address}/chat/shop")
    await expect(page.get_by_role("heading", name="Leave us a message")).to_be_visible()
    await expect(page.get_by_text(f"We are back {opens:%A}")).to_be_visible()
    await page.get_by_role("button", name="Send message").click()
    await expect(page.get_by_label("Your e-mail")).to_be_focused()
    await expect(page.get_by_text("Please fill this in.")).to_have_count(2)
    assert await barriers(page) == []
    await leave(page, "Call me back")
    await expect(page.get_by_text("We answer by e-mail or here")).to_be_visible()
    assert await barriers(page) == []
    row = await desk.pool.fetchrow(
        "SELECT c.state, email FROM conversation c JOIN customer u ON u.id = customer_id"
    )
    assert row is not None
    assert tuple(row) == ("unassigned", "marta@example.org")


@rule("VISITOR-8")
async def test_with_nobody_available_no_time_is_promised_and_the_form_changes_when_somebody_is(
    desk: Desk, sites: Elsewhere, page: Page
) -> None:
    await page.goto(sites.page("/", embedding(desk.address)))
    marta = Widget(page)
    await marta.open()
    await expect(marta.inside.get_by_text("Nobody is here right now.")).to_be_visible()
    await expect(marta.inside.get_by_text("We are back")).to_have_count(0)
    await desk.console("Ada")
    await marta.inside.get_by_role("button", name="Close the chat window").click()
    await marta.inside.evaluate(LATER)
    await marta.click_launcher()
    await marta.write("Hello")
    await marta.sees("Ada joined the chat")


@rule("VISITOR-8", "PEOPLE-6")
async def test_who_picks_a_department_where_nobody_is_leaves_a_message_with_an_address(
    desk: Desk, page: Page
) -> None:
    await desk.site("picks", form=SHOP | {"department": "ask"})
    await desk.console("Ada")
    await page.goto(f"{desk.address}/chat/picks")
    await expect(page.get_by_role("button", name="Start chat")).to_be_visible()
    await page.get_by_label("Your message").fill("About my order")
    await page.get_by_label("What is it about?").select_option(label="Sales (away)")
    await expect(page.get_by_role("heading", name="Leave us a message")).to_be_visible()
    await page.get_by_role("button", name="Send message").click()
    await expect(page.get_by_label("Your e-mail")).to_be_focused()
    await leave(page, "About my order")
    email = "SELECT state || ' ' || email FROM conversation c JOIN customer u ON u.id = customer_id"
    assert await desk.pool.fetchval(email) == "unassigned marta@example.org"


@rule("VISITOR-8")
async def test_a_launcher_that_hides_shows_only_while_somebody_can_answer(
    desk: Desk, sites: Elsewhere, new_page: NewPage, complaints: list[str]
) -> None:
    await prefer(desk, offline="hidden")
    address = sites.page("/", embedding(desk.address), STRICT.format(desk=desk.address))
    page = await new_page()
    await page.goto(address)
    await asked(page)
    assert await buttons(page) == []
    assert await desk.pool.fetchval("SELECT count(*) FROM customer") == 0
    await page.evaluate("Deskbell.open()")
    marta = Widget(page)
    await marta.framed()
    await leave(marta.inside, "I found you")
    await page.reload()
    await marta.framed()
    assert len(await buttons(page)) == 1, "a visitor with a conversation here finds it again"
    await desk.console("Ada")
    other = await new_page()
    await other.goto(address)
    await asked(other)
    theo = Widget(other)
    await theo.open()
    await expect(theo.box).to_be_visible()
    assert len(not_reported(complaints)) == len(complaints)
    complaints.clear()


async def asked(page: Page) -> None:
    """Wait until the launcher has its answer, and the frame that brought it is gone."""
    await page.locator("deskbell-widget").wait_for(state="attached")
    async with asyncio.timeout(30):
        while len(page.frames) > 1:  # noqa: ASYNC110  a frame that leaves tells nobody here
            await asyncio.sleep(0.05)


async def buttons(page: Page) -> list[str]:
    """What a screen reader finds beside the page's own heading and field."""
    client = await page.context.new_cdp_session(page)
    tree = await client.send("Accessibility.getFullAXTree")
    found = [node for node in tree["nodes"] if node.get("role", {}).get("value") == "button"]
    return [node["name"]["value"] for node in found]


@rule("TICKET-7")
async def test_a_further_attempt_is_added_to_the_earlier_message_and_says_so(desk: Desk, page: Page) -> None:
    await page.goto(f"{desk.address}/chat/shop")
    await leave(page, "My parcel is late")
    token = await page.evaluate("localStorage.getItem('deskbell.token.shop')")
    second = {"id": "again", "text": "It is still late"}
    answer = await page.request.post(
        f"{desk.address}/api/widget/start",
        data=second,
        headers={"Authorization": f"Bearer {token}", "Origin": desk.address},
    )
    assert answer.status == 200, await answer.text()
    marta = Widget(page)
    await expect(page.get_by_text("Added to your earlier message.")).to_be_visible()
    await marta.sees("My parcel is late")
    await marta.sees("It is still late")
    ada = await desk.console("Ada")
    number = await desk.pool.fetchval("SELECT id FROM conversation WHERE state = 'unassigned'")
    await ada.ask("accept", c=number)
    await ada.ask("send", c=number, text="It comes tomorrow")
    await marta.sees("It comes tomorrow")
    await expect(page.get_by_text("Added to your earlier message.")).to_have_count(0)
    await page.reload()
    await marta.sees("It is still late")
    assert await desk.pool.fetchval("SELECT count(*) FROM conversation WHERE kind = 'ticket'") == 1


@rule("VISITOR-5", "VISITOR-8")
async def test_a_message_left_while_the_desk_is_away_is_shown_and_goes_out_from_the_next_page_by_itself(
    desk_apart: Desk, sites: Elsewhere, page: Page, complaints: list[str]
) -> None:
    desk, address = desk_apart, sites.page("/", embedding(desk_apart.address))
    await page.goto(address)
    marta = Widget(page)
    await marta.open()
    await marta.inside.get_by_label("Your e-mail").fill("marta@example.org")
    await marta.inside.get_by_label("Your message").fill("Call me back")
    await expect(marta.inside.locator("link[href*=Conversation]")).to_be_attached()
    await page.wait_for_load_state("networkidle")
    await desk.stop()
    await marta.inside.get_by_role("button", name="Send message").click()
    await marta.sees("Call me back")
    await page.goto("about:blank")
    await desk.start()
    await page.goto(address)
    await marta.framed()
    await expect(marta.inside.get_by_text("We got your message.")).to_be_attached(timeout=20_000)
    assert await desk.texts() == ["Call me back"]
    complaints.clear()


@rule("VISITOR-5")
async def test_a_part_that_cannot_be_had_is_no_empty_window_and_what_was_written_goes_out(
    desk: Desk, page: Page, complaints: list[str]
) -> None:
    await page.route("**/Conversation*", lambda route: route.abort())
    await page.goto(f"{desk.address}/chat/shop")
    await page.get_by_label("Your e-mail").fill("marta@example.org")
    await page.get_by_label("Your message").fill("Call me back")
    await page.get_by_role("button", name="Send message").click()
    await expect(page.get_by_text("This chat must be loaded again.")).to_be_visible()
    await page.unroute_all()
    await page.get_by_role("button", name="Load again").click()
    await Widget(page).sees("Call me back")
    assert await desk.texts() == ["Call me back"]
    complaints.clear()


@rule("VISITOR-10")
@pytest.mark.parametrize(
    ("locale", "heading", "words"),
    [("de-DE", "Hinterlassen Sie uns eine Nachricht", "wieder da"), ("ar", "اترك لنا رسالة", "نعود إليك")],
)
async def test_the_message_form_speaks_the_language_of_the_browser(
    desk: Desk, new_page: NewPage, locale: str, heading: str, words: str
) -> None:
    await prefer(desk, hours=shut_for_two_days()[0])
    page = await new_page(locale=locale)
    await page.goto(f"{desk.address}/chat/shop")
    await expect(page.get_by_role("heading", name=heading)).to_be_visible()
    await expect(page.get_by_text(words)).to_be_visible()
    assert await barriers(page) == []
