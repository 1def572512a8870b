"""The console as a member of staff uses it, and customers who write without a browser."""

from typing import Any

import httpx
from playwright.async_api import Locator, Page, expect

from tests.browser.desk import PASSWORD, Desk, email_of
from tests.doors.sockets import Socket, greet, open_socket


class Console:
    """A member of staff in front of the desk."""

    def __init__(self, desk: Desk, page: Page, name: str) -> None:
        self.desk, self.page, self.name = desk, page, name

    async def open(self, path: str = "/live") -> "Console":
        """Come in with a session that was made without the form."""
        client = await self.desk.signed_in(self.name)
        cookies: list[Any] = [
            {"name": name, "value": value, "url": self.desk.address} for name, value in client.cookies.items()
        ]
        await self.page.context.add_cookies(cookies)
        await self.go(path)
        await expect(self.page.get_by_role("switch", name="Available for new chats")).to_be_visible()
        await expect(self.page.locator("[data-connected=true]")).to_be_attached()
        return self

    async def go(self, path: str) -> None:
        await self.page.goto(self.desk.address + path)

    async def sign_in(self, password: str = PASSWORD) -> None:
        """By the form that is on the screen."""
        await self.page.get_by_label("E-mail").fill(email_of(self.name))
        await self.page.get_by_label("Password", exact=True).fill(password)
        await self.page.keyboard.press("Enter")

    def card(self, name: str) -> Locator:
        return self.page.locator("[data-card]").filter(has_text=name)

    async def choose(self, name: str) -> None:
        """Open the conversation of a customer by a click on the card."""
        await self.card(name).click()
        await expect(self.page.locator("main h2").first).to_have_text(name)

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log", name="Messages")

    @property
    def box(self) -> Locator:
        """The reply box, once the formatting editor is there."""
        return self.page.locator(".reply .ProseMirror")

    async def write(self, text: str) -> None:
        await self.box.click()
        await self.page.keyboard.type(text)
        await self.page.keyboard.press("Enter")

    def message(self, text: str) -> Locator:
        return self.log.locator(".message").filter(has_text=text)

    def tick_of(self, text: str) -> Locator:
        """The tick of the group of own messages that this one is the last of."""
        return self.log.locator(".group").filter(has_text=text).locator("[data-ticks]").last

    def tab(self, name: str) -> Locator:
        return self.page.get_by_role("navigation", name="Lists").get_by_role("link", name=name)


class Customer:
    """A customer with a widget's socket."""

    def __init__(self, desk: Desk, name: str, token: str, line: Socket) -> None:
        self.desk, self.name, self.token, self.line = desk, name, token, line
        self.c = 0

    async def start(self, text: str, **more: Any) -> int:
        ack = await self.line.ask("start", text=text, name=self.name, **more)
        assert ack["t"] == "ack", ack
        self.c = ack["c"]
        return self.c

    async def say(self, text: str) -> int:
        ack = await self.line.ask("send", c=self.c, text=text)
        assert ack["t"] == "ack", ack
        seq: int = ack["seq"]
        return seq

    async def hears(self, text: str) -> dict[str, Any]:
        """The entry with this text, when it has come."""
        frame: dict[str, Any] = (await self.line.entry(text))["e"]
        return frame


async def customer(desk: Desk, name: str) -> Customer:
    """Somebody new on the site `shop`."""
    async with httpx.AsyncClient(
        base_url=desk.address, headers={"Origin": desk.address}, verify=False
    ) as http:
        answer = await http.post("/api/widget/session", json={"site": "shop"})
    token: str = answer.json()["token"]
    line = await open_socket(f"ws://localhost:{desk.port}/api/widget/socket")
    desk.keep(line)
    await greet(line, token=token)
    return Customer(desk, name, token, line)


async def color(locator: Locator, what: str = "backgroundColor") -> tuple[int, int, int]:
    """A computed colour as red, green, blue."""
    text: str = await locator.evaluate("(element, what) => getComputedStyle(element)[what]", what)
    red, green, blue, *_ = (int(float(part)) for part in text.strip("rgba()").replace(",", " ").split()[:3])
    return red, green, blue


def panel(console: Console) -> Locator:
    return console.page.get_by_role("complementary", name="Details")


async def turn_to(console: Console, tab: str) -> Locator:
    """One of the four tabs of the panel."""
    await panel(console).get_by_role("tab", name=tab).click()
    return panel(console).get_by_role("tabpanel")


def top(console: Console) -> Locator:
    return console.page.locator("main header").first


def banner(console: Console) -> Locator:
    return console.page.locator(".banners")


async def press(where: Locator, name: str) -> None:
    await where.get_by_role("button", name=name, exact=True).click()


async def adas_chat(desk: Desk, page: Page, text: str = "Hello") -> tuple[Console, Customer]:
    """Ada, alone at the desk, has Marta's chat before her."""
    ada = await Console(desk, page, "Ada").open()
    marta = await customer(desk, "Marta Holm")
    await marta.start(text)
    await ada.choose("Marta Holm")
    return ada, marta


async def comment(console: Console, text: str) -> Locator:
    """Written by the keyboard alone, once New Comment is pressed."""
    tab = await turn_to(console, "Comments")
    await press(tab, "New Comment")
    await expect(tab.get_by_role("textbox")).to_be_focused()
    await console.page.keyboard.type(text)
    return tab
