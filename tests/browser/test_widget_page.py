"""The widget on pages that are odd, strict or hostile; and for people with a keyboard, a phone or another language."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.barriers import barriers
from tests.browser.conftest import NewPage
from tests.browser.desk import Desk, Elsewhere, given
from tests.browser.widget import Widget, embedding, not_reported
from tests.rules import rule

KEYBOARD = """height => {
  Object.defineProperty(visualViewport, 'height', {value: height, configurable: true});
  visualViewport.dispatchEvent(new Event('resize'));
}"""
"""A phone's keyboard leaves so much to be seen."""
HOSTILE = (Path(__file__).parent / "hostile.html").read_text()
STRICT = "default-src 'none'; script-src {desk}; frame-src {desk}; img-src data:"


@rule("VISITOR-1")
async def test_a_hostile_page_neither_breaks_the_widget_nor_is_broken_by_it(
    desk: Desk, sites: Elsewhere, page: Page
) -> None:
    html = HOSTILE.replace("{{DESK}}", desk.address).replace("{{SITE_KEY}}", "shop")
    ada = await desk.console("Ada")
    await page.goto(sites.page("/", html))
    marta = Widget(page)
    await marta.open()
    await marta.write("Hello from a bad neighbourhood")
    assert (await given(ada))["entries"][1]["text"] == "Hello from a bad neighbourhood"
    await expect(page.locator("#errors")).to_have_text("0")
    await expect(page.locator("#globals")).to_have_text("Deskbell")
    await expect(page.locator("deskbell-widget")).to_have_count(1)


@rule("VISITOR-1")
async def test_a_strict_content_policy_needs_only_the_script_and_the_frame(
    desk: Desk, sites: Elsewhere, page: Page, complaints: list[str]
) -> None:
    await desk.console("Ada")
    await page.goto(sites.page("/", embedding(desk.address), STRICT.format(desk=desk.address)))
    marta = Widget(page)
    await marta.open()
    await marta.write("Hello")
    await marta.sees("Ada joined")
    async with asyncio.timeout(30):
        while not not_reported(complaints):  # noqa: ASYNC110  the first report is a moment after the page
            await asyncio.sleep(0.05)
    complaints.clear()


async def test_a_browser_that_blocks_storage_of_other_sites_can_still_chat(
    desk: Desk, sites: Elsewhere, page: Page
) -> None:
    ada = await desk.console("Ada")
    await page.goto(sites.page("/", embedding(desk.address), host="127.0.0.1"))
    marta = Widget(page)
    await marta.open()
    await marta.write("No cookies here")
    assert (await given(ada))["entries"][1]["text"] == "No cookies here"
    await marta.sees("Ada joined")


async def test_nothing_of_the_chat_is_fetched_before_the_first_click(
    desk: Desk, sites: Elsewhere, page: Page
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(sites.page("/", embedding(desk.address)))
    await page.locator("deskbell-widget").wait_for(state="attached")
    await page.wait_for_function("sessionStorage['deskbell.track.shop']")
    assert list(dict.fromkeys(url for url in asked if url.startswith(desk.address))) == [
        f"{desk.address}{path}" for path in ("/widget.js", "/visits.js", "/api/widget/visit")
    ]


async def test_the_page_opens_closes_and_removes_the_widget_by_script(
    desk: Desk, sites: Elsewhere, page: Page
) -> None:
    await desk.console("Ada")
    await page.clock.install()
    await page.goto(sites.page("/", embedding(desk.address)))
    await page.wait_for_function("!!window.Deskbell")
    await page.evaluate("Deskbell.open()")
    marta = Widget(page)
    await marta.framed()
    await expect(marta.box).to_be_focused()
    await page.evaluate("document.body.replaceWith(document.createElement('body'))")
    await expect(page.locator("deskbell-widget")).to_have_count(1)
    async with page.expect_request("**/api/widget/visit"):
        await page.evaluate("history.pushState(0, '', '/two')")
    await page.evaluate("Deskbell.shutdown()")
    await expect(page.locator("deskbell-widget")).to_have_count(0)
    assert await page.evaluate("typeof Deskbell") == "undefined"
    reports: list[str] = []
    page.on("request", lambda request: reports.append(request.url))
    await page.evaluate("history.pushState(0, '', '/three')")
    await page.clock.run_for(2_000)
    assert reports == [], "what was taken away reports no more pages"


@rule("VISITOR-10")
async def test_everything_works_by_keyboard_and_the_focus_comes_back(
    desk: Desk, sites: Elsewhere, page: Page
) -> None:
    ada = await desk.console("Ada")
    await page.goto(sites.page("/", embedding(desk.address)))
    await page.get_by_label("Search").focus()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    marta = Widget(page)
    await marta.framed()
    await expect(marta.box).to_be_focused()
    await page.keyboard.type("By keyboard")
    await page.keyboard.press("Enter")
    assert (await given(ada))["entries"][1]["text"] == "By keyboard"
    await page.keyboard.press("Escape")
    await expect(page.locator("deskbell-widget:focus")).to_have_count(1)
    assert await marta.launcher() == "Shop"


@rule("VISITOR-10")
async def test_no_barriers_in_form_thread_and_dialog(desk: Desk, page: Page) -> None:
    form = {"name": "need", "email": "ask", "department": "off", "fields": []}
    await desk.site("form", form=form)
    ada = await desk.console("Ada")
    await page.goto(f"{desk.address}/chat/form")
    await page.get_by_role("button", name="Start chat").click()
    await expect(page.get_by_text("Please fill this in.").first).to_be_visible()
    assert await barriers(page) == []
    await page.get_by_label("Your name").fill("Marta")
    await page.get_by_label("Your message").fill("See https://shop.example/parcel")
    await page.get_by_role("button", name="Start chat").click()
    c = (await given(ada))["c"]
    await ada.ask("send", c=c, html="<p>A <a href='https://shop.example'>link</a> and <code>code</code></p>")
    await Widget(page).sees("link and code")
    await page.get_by_role("button", name="Emoji").click()
    await expect(page.get_by_role("button", name="👍")).to_be_visible()
    assert await barriers(page) == []
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="End chat").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await barriers(page) == []


@rule("VISITOR-10")
async def test_on_a_phone_the_chat_takes_the_whole_screen_and_gives_it_back(
    desk: Desk, sites: Elsewhere, new_page: NewPage
) -> None:
    page = await new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    await page.goto(f"{desk.address}/chat/shop")
    await expect(page.get_by_role("heading", name="Leave us a message")).to_be_visible()
    assert await page.evaluate("document.activeElement.tagName") == "BODY", "no keyboard comes up unasked"
    await desk.console("Ada")
    html = embedding(desk.address).replace(
        "<title>", '<meta name="viewport" content="width=device-width"><title>'
    )
    await page.goto(sites.page("/", html))
    marta = Widget(page)
    await marta.open()
    await expect(marta.box).to_be_visible()
    assert await marta.inside.evaluate("[innerWidth, innerHeight]") == [390, 844]
    await page.evaluate(KEYBOARD, 500)
    await marta.inside.wait_for_function("innerHeight === 500")
    await expect(marta.box).to_be_in_viewport()
    await page.evaluate(KEYBOARD, 844)
    await marta.inside.wait_for_function("innerHeight === 844")
    await marta.inside.get_by_role("button", name="Close the chat window").click()
    await page.get_by_label("Search").click()
    await expect(page.get_by_label("Search")).to_be_focused()


@rule("VISITOR-10")
@pytest.mark.parametrize(
    ("locale", "direction", "words"),
    [("de-AT", "ltr", "Nachricht schreiben …"), ("ar", "rtl", "اكتب رسالة…")],
)
async def test_the_widget_speaks_the_language_of_the_browser(
    desk: Desk, new_page: NewPage, locale: str, direction: str, words: str
) -> None:
    await desk.console("Ada")
    page = await new_page(locale=locale)
    await page.goto(f"{desk.address}/chat/shop")
    await expect(page.get_by_placeholder(words)).to_be_visible()
    assert await page.evaluate("document.documentElement.dir") == direction
    assert await barriers(page) == []


async def test_behind_a_proxy_without_sockets_messages_go_and_come_by_http(desk: Desk, page: Page) -> None:
    await page.route_web_socket("**/api/widget/socket", lambda socket: socket.close())
    ada = await desk.console("Ada")
    await page.goto(f"{desk.address}/chat/shop")
    marta = Widget(page)
    await marta.write("Through the proxy")
    c = (await given(ada))["c"]
    await ada.ask("send", c=c, text="It works")
    await marta.sees("It works", timeout=15_000)
    await expect(page.get_by_text("No connection.")).to_have_count(0)
