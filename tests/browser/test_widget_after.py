"""A chat ends: the customer rates it and gets the transcript, which the supervisor finds in the captured mail."""

from playwright.async_api import expect

from tests.browser.barriers import barriers
from tests.browser.conftest import NewPage
from tests.browser.console import Console
from tests.browser.desk import Desk, given
from tests.browser.widget import Widget
from tests.rules import rule


@rule("LIFE-13", "VISITOR-9", "SUPERVISOR-4", "OPS-1")
async def test_the_customer_ends_rates_and_is_mailed_what_was_said(desk: Desk, new_page: NewPage) -> None:
    await desk.site("mail", form={"name": "ask", "email": "need", "department": "off", "fields": []})
    ada = await desk.console("Ada")
    page = await new_page(viewport={"width": 420, "height": 760})
    marta = Widget(page)
    await page.goto(f"{desk.address}/chat/mail")
    await page.get_by_label("Your e-mail").fill("marta@home.example")
    await page.get_by_label("Your message").fill("My lamp is <b>broken</b>")
    await page.get_by_role("button", name="Start chat").click()
    chat = await given(ada)
    await ada.ask("send", c=chat["c"], html="<p>We send a <strong>new</strong> one.</p>")
    await marta.sees("We send a new one.")
    await page.get_by_role("button", name="End chat").click()
    await page.get_by_role("dialog").get_by_role("button", name="End chat").click()
    await page.get_by_label("4", exact=True).check(force=True)
    await page.get_by_label("Would you like to add something?").fill("Quick")
    assert await barriers(page) == []
    await page.get_by_role("button", name="Send rating").click()
    await expect(page.get_by_text("Thank you for your answer.")).to_be_visible()

    sven = Console(desk, await new_page(), "Sven")
    await sven.open("/manage/mail")
    mail = sven.page.get_by_role("button", name="marta@home.example").first
    await mail.click(timeout=20_000)
    inside = sven.page.frame_locator("iframe")
    await expect(inside.get_by_text("My lamp is <b>broken</b>")).to_be_visible()
    await expect(inside.locator("strong", has_text="new")).to_be_visible()
    assert await barriers(sven.page) == []
    address = await inside.get_by_role("link", name="5", exact=True).get_attribute("href")
    assert address
    later = await new_page()
    await later.goto(address)
    await later.get_by_role("button", name="Send").click()
    await expect(later.get_by_role("heading", name="Thank you")).to_be_visible()
    scores = await desk.pool.fetchval("SELECT array_agg(score) FROM survey")
    assert scores == [5]
    await sven.go(f"/closed/{chat['c']}")
    await expect(sven.page.get_by_text("Transcript sent to marta@home.example")).to_be_visible()
    await expect(sven.page.get_by_text("The customer changed the rating to 5 of 5")).to_be_visible()
    await expect(sven.page.get_by_text("5 of 5", exact=True)).to_be_visible()
