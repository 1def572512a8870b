"""The bell and what sounds: a colleague mentions one, a chat rings, a customer writes while one looks elsewhere."""

import asyncio
from typing import Any

from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import NewPage
from tests.browser.console import Console, color, customer
from tests.browser.desk import Desk
from tests.rules import rule

# What the page sounds and shows is written down; the browser does all of it as ever.
WRITES_DOWN = """
// A Chromium without windows permits no notifications, whatever it is told.
window.tones = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (at) {
  tones.push(Math.round(this.frequency.value));
  return start.call(this, at);
};
window.shown = [];
window.asked = 0;
window.Notification = class extends Notification {
  static get permission() { return 'granted'; }
  constructor(title, options) { super(title, options); shown.push([title, options.body, options.tag]); }
  static requestPermission() { asked += 1; return super.requestPermission(); }
};
"""
AWAY = "document.hasFocus = () => false"
NOTICE, MESSAGE, CHAT, RING = 880, 740, 587, 784


def bell(page: Page, unread: int = 0) -> Locator:
    name = f"Notifications, {unread} unread" if unread else "Notifications"
    return page.get_by_role("button", name=name, exact=True)


def popover(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Notifications")


async def mention(desk: Desk, by: str, who: str, c: int, text: str = "can you help?") -> None:
    """A colleague's comment that names somebody."""
    client = await desk.signed_in(by)
    staff = (await client.get("/api/team")).json()["staff"]
    named = [person["id"] for person in staff if person["name"] == who]
    body = {"t": "comment", "id": f"m-{text[:9]}-{c}".replace(" ", "_"), "c": c, "text": f"@{who} {text}"}
    answer = await client.post("/api/actions", json=body | {"mentions": named})
    assert answer.status_code == 200, answer.text


async def tell(desk: Desk, who: str, c: int, count: int, kind: str = "mention") -> None:
    """Older notifications."""
    await desk.pool.execute(
        "INSERT INTO notification (staff_id, kind, conversation_id, data, at) "
        'SELECT s.id, $4, $2, \'{"who": "Sven"}\', now() FROM staff s, generate_series(1, $3) WHERE s.name = $1',
        who,
        c,
        count,
        kind,
    )


@rule("TEAM-3", "TEAM-6")
async def test_a_mention_marks_the_bell_blue_and_a_click_opens_the_chat(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    await desk.console("Ada")
    marta = await customer(desk, "Marta Holm")
    c = await marta.start("My order is lost")
    bruno = await Console(desk, page, "Bruno").open()
    phone = await Console(desk, await new_page(), "Bruno").open()
    await expect(bell(page)).to_be_visible()
    await mention(desk, "Ada", "Bruno", c)
    for device in (bruno, phone):
        await expect(bell(device.page, 1)).to_be_visible()
    red, green, blue = await color(bell(page, 1).locator(".marker"))
    assert blue > max(red, green)
    await expect(page).to_have_title("(1) Live – Deskbell")
    await bell(page, 1).click()
    item = popover(page).get_by_role("link")
    await expect(item).to_contain_text("Ada mentioned you")
    await expect(item).to_contain_text(f"Marta Holm · #{c}")
    await item.click()
    await expect(page).to_have_url(f"{desk.address}/tagged/{c}")
    await expect(page.locator("main h2").first).to_have_text("Marta Holm")
    for device in (bruno, phone):
        await expect(bell(device.page)).to_be_visible()
    await expect(page).to_have_title("Tagged – Deskbell")


@rule("TEAM-6")
async def test_the_list_goes_by_keyboard_pages_and_is_read_on_all_devices_at_once(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    await desk.console("Ada")
    marta = await customer(desk, "Marta Holm")
    c = await marta.start("My order is lost")
    await tell(desk, "Bruno", c, 35)
    bruno = await Console(desk, page, "Bruno").open()
    phone = await Console(desk, await new_page(), "Bruno").open()
    await bell(page, 35).focus()
    await page.keyboard.press("Enter")
    links = popover(page).get_by_role("link")
    await expect(links).to_have_count(30)
    await expect(links.first).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(links.nth(1)).to_be_focused()
    await popover(page).get_by_role("button", name="Show older").click()
    await expect(links).to_have_count(35)
    await expect(links.nth(30)).to_be_focused()
    await popover(page).get_by_role("button", name="Mark all as read").click()
    for device in (bruno, phone):
        await expect(bell(device.page)).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(popover(page)).to_be_hidden()
    await expect(bell(page)).to_be_focused()


@rule("TEAM-3")
async def test_what_is_told_of_the_chat_before_ones_eyes_is_read(desk: Desk, page: Page) -> None:
    await desk.console("Ada")
    marta = await customer(desk, "Marta Holm")
    c = await marta.start("My order is lost")
    await Console(desk, page, "Bruno").open()
    await mention(desk, "Ada", "Bruno", c)
    await expect(bell(page, 1)).to_be_visible()
    await page.goto(f"{desk.address}/tagged/{c}")
    await expect(bell(page)).to_be_visible()
    await mention(desk, "Ada", "Bruno", c, "are you there?")
    await bell(page).click()
    await expect(popover(page).get_by_role("link")).to_have_count(2)
    await expect(popover(page).get_by_text("Unread")).to_have_count(0)
    assert await desk.pool.fetchval("SELECT count(*) FROM notification WHERE read_at IS NULL") == 0


@rule("TEAM-6")
async def test_kinds_are_switched_off_one_by_one_on_all_devices(
    desk: Desk, page: Page, new_page: NewPage
) -> None:
    await desk.console("Ada")
    marta = await customer(desk, "Marta Holm")
    c = await marta.start("My order is lost")
    await Console(desk, page, "Bruno").open()
    phone = await Console(desk, await new_page(), "Bruno").open()
    for device in (page, phone.page):
        await device.get_by_role("button", name="Bruno, your account").click()
        await device.get_by_role("menuitem", name="Notifications").click()
    for way in ("Bell", "Browser", "Sound"):
        await expect(page.get_by_label(f"{way}: A colleague mentions me")).to_be_checked()
    await page.get_by_label("Bell: A colleague mentions me").uncheck()
    await expect(page.get_by_label("Sound: A colleague mentions me")).to_be_disabled()
    await page.get_by_label("Mail me what I have not read").uncheck()
    await expect(phone.page.get_by_label("Bell: A colleague mentions me")).not_to_be_checked()
    await expect(phone.page.get_by_label("Mail me what I have not read")).not_to_be_checked()
    await mention(desk, "Ada", "Bruno", c)
    await page.get_by_label("Bell: A colleague mentions me").check()
    await expect(phone.page.get_by_label("Bell: A colleague mentions me")).to_be_checked()
    await mention(desk, "Ada", "Bruno", c, "are you there?")
    await expect(page).to_have_title("(1) Live – Deskbell")


async def until(page: Page, condition: str) -> None:
    """Wait for something in the page (whose policy lets Playwright's own waiting evaluate nothing)."""
    async with asyncio.timeout(30):
        while not await page.evaluate(condition):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def second_tab(context: BrowserContext, address: str) -> Page:
    tab = await context.new_page()
    await tab.goto(address)
    await expect(tab.locator("[data-connected=true]")).to_be_attached()
    return tab


async def sum_of(pages: list[Page], what: str) -> list[Any]:
    found: list[Any] = []
    for page in pages:
        found += await page.evaluate(what)
    return found


@rule("TEAM-6")
async def test_of_all_tabs_one_sounds_and_shows_and_nothing_is_asked_on_load(
    desk: Desk, page: Page, complaints: list[str]
) -> None:
    context = page.context
    await context.add_init_script(WRITES_DOWN)
    await desk.console("Ada")
    marta = await customer(desk, "Marta Holm")
    c = await marta.start("My order is lost")
    await Console(desk, page, "Bruno").open()
    tabs = [page, await second_tab(context, f"{desk.address}/tickets")]
    for tab in tabs:
        await tab.mouse.click(640, 3)
        await tab.evaluate(AWAY)
    await mention(desk, "Ada", "Bruno", c)
    for tab in tabs:
        await expect(bell(tab, 1)).to_be_visible()
    async with asyncio.timeout(30):
        while not await sum_of(tabs, "shown"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await page.wait_for_timeout(500)  # for the one too many that must not come
    shown = await sum_of(tabs, "shown")
    assert shown == [["Ada mentioned you in a comment", f"Marta Holm, #{c}", f"deskbell.{c}"]]
    assert (await sum_of(tabs, "tones")).count(NOTICE) == 1
    assert await sum_of(tabs, "[asked]") == [0, 0]


@rule("TEAM-6", "LIST-2")
async def test_a_new_chat_and_a_message_elsewhere_sound_each_in_its_way_and_can_be_silent(
    desk: Desk, page: Page
) -> None:
    await page.context.add_init_script(WRITES_DOWN)
    ada = await Console(desk, page, "Ada").open()
    await page.mouse.click(640, 3)
    marta = await customer(desk, "Marta Holm")
    c = await marta.start("Hello")
    await until(page, f"tones.includes({CHAT})")
    await page.wait_for_timeout(800)  # tones come at most that often
    await marta.say("Are you there?")
    await until(page, f"tones.includes({MESSAGE})")
    assert await page.evaluate("shown") == []  # the desk is in front
    await ada.choose("Marta Holm")
    client = await desk.signed_in("Ada")
    await client.patch("/api/me/settings", json={"quiet": ["message.sound"], "theme": "dark"})
    await expect(page.locator("html[data-theme=dark]")).to_be_attached()  # the settings are here
    await page.evaluate(f"tones.length = 0; {AWAY}")
    await marta.say("I am still here")
    await until(page, "shown.length === 1")
    assert await page.evaluate("[shown, tones]") == [
        [["Marta Holm", "I am still here", f"deskbell.{c}"]],
        [],
    ]


@rule("TEAM-6", "LIFE-2")
async def test_a_ring_sounds_on_and_on_until_it_is_answered(desk: Desk, page: Page) -> None:
    sven = await desk.signed_in("Sven")
    answer = await sven.patch("/api/preferences", json={"distribution": "offer"})
    assert answer.status_code == 200, answer.text
    await page.context.add_init_script(WRITES_DOWN)
    await Console(desk, page, "Ada").open()
    await page.mouse.click(640, 3)
    marta = await customer(desk, "Marta Holm")
    c = await marta.start("Hello")
    await until(page, f"tones.filter((tone) => tone === {RING}).length >= 6")  # rings twice
    ada = await desk.signed_in("Ada")
    body = {"t": "offer_answer", "id": "take", "c": c, "accept": True}
    answer = await ada.post("/api/actions", json=body)
    assert answer.status_code == 200, answer.text
    await expect(page.locator("[data-card]")).not_to_contain_text("Rings for you")
    await page.evaluate("tones.length = 0")
    await page.wait_for_timeout(3_500)
    assert await page.evaluate(f"tones.includes({RING})") is False
