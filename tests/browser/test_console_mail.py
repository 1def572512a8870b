"""A ticket that lives by e-mail, over a real IMAP and a real SMTP server, before the eyes of an agent."""

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import asyncpg
import pytest_asyncio
from playwright.async_api import Page, Request, expect

from tests.browser.barriers import barriers
from tests.browser.conftest import NewPage, _serving
from tests.browser.console import Console
from tests.browser.desk import Desk
from tests.desk.house import eventually
from tests.imap import ImapServer
from tests.mailbox import Mailbox, mailbox
from tests.rules import rule

MARTA, SUPPORT = "Marta Holm <marta@home.test>", "support@desk.test"
PICTURE = (Path(__file__).parent / "picture.png").read_bytes()
EVIL = """<html><head><style>p{color:#06c}</style><script>parent.hacked = 1; alert(1)</script></head>
<body background="http://elsewhere.test/body.png"><p onclick="alert(2)">It shines <b>again</b>, thank you.</p>
<img src="cid:lamp" width="120"><img src="http://elsewhere.test/pixel.png" alt="spy" onerror="alert(3)">
<p style="background:url(http://elsewhere.test/style.png)">styled</p><a href="javascript:alert(4)">bad</a>
<a href="https://good.test/">good</a><form action="http://elsewhere.test/"><input name="password"></form>
<iframe src="http://elsewhere.test/frame"></iframe><svg onload="alert(5)"></svg><base href="http://elsewhere.test/">
<meta http-equiv="refresh" content="0;url=http://elsewhere.test/gone"><blockquote>Did you try the switch?</blockquote>
</body></html>"""


@pytest_asyncio.fixture(loop_scope="session")
async def box() -> AsyncIterator[Mailbox]:
    async with mailbox() as box:
        yield box


@pytest_asyncio.fixture(loop_scope="session")
async def desk(
    pool: asyncpg.Pool, database: str, tmp_path: Path, imap: ImapServer, box: Mailbox
) -> AsyncIterator[Desk]:
    """It reads a mailbox and sends mail."""
    made = Desk(pool, database, tmp_path)
    made.settings |= imap.settings | {"smtp_host": "127.0.0.1", "smtp_port": box.port, "smtp_tls": "none"}
    made.settings |= {"mail_address": SUPPORT, "mail_from": f"Desk <{SUPPORT}>"}
    async with _serving(made) as desk:
        yield desk


def first() -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = MARTA, SUPPORT, "A lamp"
    message["Message-ID"] = "<first@home.test>"
    message.set_content(
        "Good morning,\n\nmy new lamp stays dark. What can I do?\n\n-- \nMarta Holm\nHolm & Sons\n"
    )
    return bytes(message)


def answer(to: EmailMessage) -> bytes:
    """As a mail program answers, with everything a stranger would put into HTML."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = MARTA, to["Reply-To"], f"Re: {to['Subject']}"
    message["In-Reply-To"], message["Message-ID"] = to["Message-ID"], "<second@home.test>"
    message.set_content("It shines again, thank you.\n\nOn Monday Ada wrote:\n> Did you try the switch?\n")
    message.add_alternative(EVIL, subtype="html")
    message.get_payload()[1].add_related(PICTURE, "image", "png", cid="<lamp>", filename="lamp.png")  # type: ignore
    return bytes(message)


@rule("CHANNEL-4", "TICKET-9")
async def test_a_ticket_comes_by_mail_is_answered_by_mail_and_the_answer_comes_back_into_it_harmlessly(
    desk: Desk, new_page: NewPage, imap: ImapServer, box: Mailbox
) -> None:
    page = await new_page()
    elsewhere: list[str] = []
    dialogs: list[str] = []
    page.on("request", lambda r: elsewhere.append(r.url) if not _is_ours(desk, r) else None)
    page.on("dialog", lambda d: dialogs.append(d.message))
    ada = await Console(desk, page, "Ada").open("/tickets")
    imap.deliver(first())
    await ada.choose("Marta Holm")
    await expect(ada.log).to_contain_text("Ticket by e-mail from marta@home.test")
    await expect(ada.message("my new lamp stays dark")).not_to_contain_text("Holm & Sons")
    await page.get_by_role("button", name="Accept").first.click()
    await ada.write("Did you try the switch?")

    async def sent() -> bool:
        return len(box.received) == 1

    await eventually(sent)
    mail = message_from_bytes(box.received[0].content, policy=policy.default)
    assert mail["In-Reply-To"] == "<first@home.test>"
    imap.deliver(answer(mail))
    message = ada.message("It shines again, thank you.")
    await expect(message).to_be_visible()
    await expect(message).not_to_contain_text("On Monday Ada wrote")
    await _look_at_it(page, message.get_by_role("button", name="Show the whole mail"))
    assert await page.evaluate("window.hacked") is None
    assert (elsewhere, dialogs) == ([], [])


async def _look_at_it(page: Page, button: object) -> None:
    await button.click()  # type: ignore[attr-defined]
    dialog = page.get_by_role("dialog", name="Re: A lamp")
    await expect(dialog).to_contain_text("On Monday Ada wrote")
    assert await barriers(page) == []
    await dialog.get_by_role("button", name="Formatted").click()
    frame = page.frame_locator("iframe")
    await expect(frame.locator("b")).to_have_text("again")
    await expect(frame.locator("script, form, iframe, svg, [onclick], [onload], [onerror]")).to_have_count(0)
    await expect(frame.locator("img[src^='data:image/webp']")).to_be_visible()
    assert await frame.get_by_text("good").get_attribute("rel") == "noopener noreferrer nofollow ugc"
    await expect(dialog).to_contain_text("Pictures from elsewhere are not shown")
    assert await barriers(page) == []
    await asyncio.sleep(0)


def _is_ours(desk: Desk, request: Request) -> bool:
    return request.url.startswith((desk.address, "data:", "blob:"))
