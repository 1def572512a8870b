"""Supervisors tune the desk: preferences, business hours, closing tags, what routing asks of departments (SUPERVISOR-2)."""

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.barriers import barriers
from tests.browser.conftest import NewPage
from tests.browser.console import Console
from tests.browser.desk import Desk
from tests.rules import rule


def setting(page: Page, label: str) -> Locator:
    """The row of a preference."""
    return page.locator("main li").filter(has=page.get_by_text(label, exact=True))


@rule("SUPERVISOR-2")
async def test_a_number_shows_its_range_says_why_it_is_refused_and_goes_back_to_its_default(
    desk: Desk, page: Page, complaints: list[str]
) -> None:
    await Console(desk, page, "Sven").open("/manage/preferences")
    row, field = setting(page, "Agent chat timeout"), page.get_by_label("Agent chat timeout", exact=True)
    await expect(row).to_contain_text("Default: 20 min. From 1 min to 24 h.")
    await field.fill("0")
    await field.press("Tab")
    await expect(row.get_by_role("alert")).to_contain_text("a whole number from 1 to 1,440")
    await expect(field).to_have_attribute("aria-invalid", "true")
    complaints.clear()  # the browser reports the 400 answer
    await field.fill("45")
    await field.press("Tab")
    await expect(row.get_by_role("status")).to_contain_text("Saved")
    assert await stored(desk, "agent_timeout_minutes") == "45"
    await row.get_by_role("button", name="Reset Agent chat timeout to default").click()
    await expect(field).to_have_value("20")
    assert await stored(desk, "agent_timeout_minutes") == "20"


async def stored(desk: Desk, name: str) -> str | None:
    value: str | None = await desk.pool.fetchval("SELECT value::text FROM preference WHERE name = $1", name)
    return value


@rule("SUPERVISOR-2")
async def test_choices_switches_and_keywords_are_kept_over_a_reload(desk: Desk, page: Page) -> None:
    await Console(desk, page, "Sven").open("/manage/preferences")
    await page.get_by_label("Distribution", exact=True).select_option("offer")
    await expect(setting(page, "Distribution").get_by_role("status")).to_contain_text("Saved")
    await page.get_by_role("switch", name="Note").uncheck()
    await expect(setting(page, "Note").get_by_role("status")).to_contain_text("Saved")
    await page.get_by_label("Ends the chat, on the web", exact=True).fill("")
    await page.get_by_label("Ends the chat, on the web", exact=True).press("Tab")
    await expect(setting(page, "Ends the chat, on the web").get_by_role("status")).to_contain_text("Saved")
    await page.reload()
    await expect(page.get_by_label("Distribution", exact=True)).to_have_value("offer")
    await expect(page.get_by_role("switch", name="Note")).not_to_be_checked()
    await expect(page.get_by_label("Ends the chat, on the web", exact=True)).to_have_value("")


@rule("SUPERVISOR-2")
async def test_business_hours_have_several_intervals_a_day_copies_and_holidays(
    desk: Desk, page: Page, complaints: list[str]
) -> None:
    await Console(desk, page, "Sven").open("/manage/preferences")
    await page.get_by_role("button", name="Business hours").click()
    dialog = page.get_by_role("dialog", name="Business hours")
    await dialog.get_by_label("The desk has business hours").check()
    await dialog.get_by_label("Time zone").select_option("Europe/Berlin")
    await dialog.get_by_label("Monday, to").fill("12")
    await dialog.get_by_role("button", name="Add hours on Monday").click()
    await dialog.get_by_label("Monday, to (2)").fill("11")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("alert")).to_contain_text(
        "Monday: 13:00 to 11:00 must end after it starts"
    )
    complaints.clear()  # the browser reports the 400 answer
    await dialog.get_by_label("Monday, to (2)").fill("1730")
    await dialog.get_by_label("Copy Monday to").select_option("Monday to Friday")
    await dialog.get_by_role("button", name="Holiday", exact=True).click()
    await dialog.get_by_label("Date of").fill("2026-12-24")
    await dialog.get_by_label("Name of the holiday").fill("Christmas Eve")
    assert await barriers(page) == []
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    shown = "Mon–Fri 09:00–12:00, 13:00–17:30 (Europe/Berlin), 1 holiday"
    await expect(setting(page, "Business hours")).to_contain_text(shown)
    await page.get_by_role("button", name="Reset Business hours to default").click()
    await expect(setting(page, "Business hours")).to_contain_text("Always open")


@rule("LIFE-12")
async def test_closing_tags_are_added_renamed_and_hidden_but_never_deleted(
    desk: Desk, page: Page, complaints: list[str]
) -> None:
    await Console(desk, page, "Sven").open("/manage/tags")
    for name in ("Sold", "sold"):
        await page.get_by_role("button", name="Closing tag").click()
        await page.get_by_role("dialog").get_by_label("Name").fill(name)
        await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("has this name already")
    complaints.clear()  # the browser reports the 409 answer
    await page.get_by_role("button", name="Cancel").click()
    await page.get_by_role("button", name="Rename Sold").click()
    await page.get_by_role("dialog").get_by_label("Name").fill("Bought something")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("button", name="Hide Bought something").click()
    await expect(page.locator("main li")).to_contain_text("Hidden")
    await expect(page.get_by_role("button", name="Show Bought something")).to_be_visible()
    assert await barriers(page) == []


@rule("SUPERVISOR-2", "LIFE-2")
async def test_a_supervisor_gives_a_department_its_own_hours_and_makes_it_first_line(
    desk: Desk, page: Page
) -> None:
    await Console(desk, page, "Sven").open("/manage/departments")
    await page.get_by_role("button", name="Edit Sales").click()
    dialog = page.get_by_role("dialog", name="Sales")
    await expect(dialog.get_by_label("Description")).to_have_count(0)
    await dialog.get_by_label("First line").check()
    await dialog.get_by_label("Own business hours").check()
    await dialog.get_by_label("Time zone").select_option("UTC")
    await dialog.get_by_role("button", name="Save").click()
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Sales"))
    await expect(card).to_contain_text("First line")
    await expect(card).to_contain_text("Mon–Fri 09:00–17:00 (UTC)")


@rule("PEOPLE-1")
async def test_an_agent_finds_no_way_to_the_preferences(desk: Desk, page: Page) -> None:
    await Console(desk, page, "Ada").open("/manage/departments")
    await expect(page.get_by_role("heading", name="Support")).to_be_visible()
    ways = page.get_by_role("navigation", name="Manage").get_by_role("link")
    await expect(ways).to_have_text(["", "Departments", "Canned replies"])
    await expect(page.get_by_role("button", name="Edit Support")).to_have_count(0)
    await Console(desk, page, "Ada").go("/manage/preferences")
    await expect(page.get_by_text("Only supervisors and admins can open this page.")).to_be_visible()


@rule("SUPERVISOR-2")
@pytest.mark.parametrize(("name", "width"), [("Sven", 1280), ("Alma", 390)])
async def test_axe_finds_nothing_on_the_preferences_page_and_a_phone_need_not_scroll_sideways(
    desk: Desk, new_page: NewPage, name: str, width: int
) -> None:
    page = await new_page(viewport={"width": width, "height": 844})
    await Console(desk, page, name).open("/manage/preferences")
    await expect(page.get_by_role("heading", name="Timeouts")).to_be_visible()
    assert await barriers(page) == []
    assert await page.evaluate("document.querySelector('main').scrollWidth") <= width
