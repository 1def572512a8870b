"""Files meant to do harm, sent by both sides through the real doors and opened in a real browser (CHAT-5, VISITOR-7)."""

import io
import json
import struct
import zipfile
import zlib
from typing import Any

import httpx
from PIL import Image
from playwright.async_api import Page, expect

from deskbell.store import preferences
from tests.browser.console import Console, Customer, adas_chat, customer
from tests.browser.desk import Desk
from tests.browser.test_xss import WATCH
from tests.browser.widget import Widget
from tests.rules import rule

SCRIPT = b"<script>(window.opener || parent).xss()</script>"


def picture(form: str) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(target, form)
    return target.getvalue()


def bomb(side: int = 50_000) -> bytes:
    """A PNG of a few hundred bytes that claims 2.5 billion pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rest = chunk(b"IDAT", zlib.compress(b"\x00" * 1000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + rest


def archive() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        file.writestr("../../evil.html", SCRIPT)
    return target.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="xss()">' + SCRIPT + b"</svg>"
HTML = b"<!doctype html><title>x</title>" + SCRIPT
CORPUS: dict[str, bytes] = {
    "script.svg": SVG,
    "page.html": HTML,
    "page.xhtml": b'<html xmlns="http://www.w3.org/1999/xhtml">' + SCRIPT + b"</html>",
    "page.mht": b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + SCRIPT,
    "style.xml": b'<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="#x"?><x>' + SCRIPT + b"</x>",
    "notes.txt": b"Plain to begin with, then " + HTML,
    "wide.txt": ("\ufeff" + HTML.decode()).encode("utf-16"),
    "gif-and-script.gif": b"GIF89a/*" + b"\x00" * 60 + b"*/=1;xss()//" + SCRIPT,
    "picture-and-page.gif": picture("GIF") + HTML,
    "picture-and-page.jpg": picture("JPEG") + HTML,
    "picture-and-page.png": picture("PNG") + HTML,
    "paper-and-page.pdf": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(xss())>>>>endobj\n" + HTML,
    "archive.zip": archive(),
    "bomb.png": bomb(),
    "page-called-picture.png": HTML,
    "picture-called-page.html": picture("PNG"),
    "half.png": picture("PNG")[:60],
    "\u202egpj.exe.html": HTML,
    "../../../etc/passwd": b"root",
    "..\\..\\boot.ini": b"boot",
    "con.txt": b"A device once",
    "null\x00.html.png": HTML,
    "<img src=x onerror=xss()>.html": HTML,
    '\'"; filename="a.html': HTML,
    "line\r\nSet-Cookie: a=b.html": HTML,
    "n" * 300 + ".html": HTML,
    ".htaccess": b"AddType text/html .png",
    "\u200b.htaccess": b"AddType text/html .png",
}
"""By the name they are sent under."""

REFUSED: dict[str, tuple[bytes, int]] = {
    "empty.txt": (b"", 400),
    "big.bin": (b"x" * (1024 * 1024 + 1), 413),
    "program.png": (b"MZ" + bytes(100), 415),
    "script.js": (b"xss()", 415),
}
OPAQUE = ("application/octet-stream", "application/pdf", "application/zip", "image/")
DRAWN = {"picture-and-page.gif", "picture-and-page.jpg", "picture-and-page.png", "picture-called-page.html"}


async def send(client: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    """The whole corpus by one side; what the server made of it."""
    made = []
    for name, content in CORPUS.items():
        answer = await client.post(path, params={"name": name}, content=content)
        assert answer.status_code == 201, (name, answer.text)
        file = answer.json()
        assert bool(file.get("preview")) == (name in DRAWN), name
        said = file["name"]
        assert len(said) <= 200, name
        assert not set(said) & set("/\\\x00\r\n\u202e\u200b"), name
        assert not said.startswith("."), name
        made.append(file)
    return made


async def refused(client: httpx.AsyncClient, path: str) -> None:
    for name, (content, status) in REFUSED.items():
        answer = await client.post(path, params={"name": name}, content=content)
        assert answer.status_code == status, (name, answer.text)


def check_headers(answer: httpx.Response, name: str) -> None:
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff", name
    assert headers["content-security-policy"] == "default-src 'none'; sandbox", name
    assert headers["content-disposition"].startswith("attachment; filename="), name
    assert headers["content-type"].startswith(OPAQUE), name
    assert headers["cross-origin-resource-policy"] == "same-origin", name
    assert "set-cookie" not in headers, name


OPEN = """async (path) => {
  const frame = document.createElement('iframe');
  frame.src = path;
  document.body.append(frame);
  const image = new Image();
  const drawn = new Promise((done) => { image.onload = () => done(true); image.onerror = () => done(false); });
  image.src = path;
  await drawn;
  frame.remove();
}"""


@rule("CHAT-5", "VISITOR-7")
async def test_no_file_runs_wherever_it_is_opened(desk: Desk, page: Page, complaints: list[str]) -> None:
    await preferences.save(desk.pool, {"upload_mb": 1}, None)
    await page.add_init_script(WATCH)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    ada, marta = await adas_chat(desk, page)
    staff = await desk.signed_in("Ada")
    theo = await customer(desk, "Theo Brandt")
    await refused(await desk.signed_in("Sven"), "/api/files")
    async with as_visitor(desk, marta) as visitor, as_visitor(desk, theo) as other:
        await refused(other, "/api/widget/files")
        for client, path in ((staff, "/api/files"), (visitor, "/api/widget/files")):
            files = await send(client, path)
            for file in files:
                check_headers(await client.get(f"{path}/{file['id']}"), file["name"])
            for start in range(0, len(files), 10):
                ids = [file["id"] for file in files[start : start + 10]]
                sender = ada_says if client is staff else marta_says
                await sender(staff, marta, ids)
    sent = list(CORPUS)
    await expect(ada.log.locator(".file")).to_have_count(2 * len(sent))
    pictures = ada.log.locator("img[src*='/preview']")
    await expect(pictures).to_have_count(2 * len(DRAWN))
    await open_all(page, ada, desk)
    assert [said for said in complaints if "XSS" in said] == []
    assert dialogs == []
    complaints.clear()  # what the browser says of frames and objects that it refuses to open
    await page.add_init_script(f"localStorage.setItem('deskbell.token.shop', {json.dumps(marta.token)})")
    await page.goto(f"{desk.address}/chat/shop")
    await expect(Widget(page).log.get_by_role("button", name="Download")).not_to_have_count(0)
    assert dialogs == []


def as_visitor(desk: Desk, who: Customer) -> httpx.AsyncClient:
    """The widget's calls by HTTP."""
    headers = {"Origin": desk.address, "Authorization": f"Bearer {who.token}"}
    return httpx.AsyncClient(base_url=desk.address, headers=headers, verify=False)


async def ada_says(staff: httpx.AsyncClient, marta: Customer, ids: list[str]) -> None:
    path = f"/api/conversations/{marta.c}/messages"
    assert (await staff.post(path, json={"id": f"a{ids[0]}", "files": ids})).status_code == 200


async def marta_says(_: httpx.AsyncClient, marta: Customer, ids: list[str]) -> None:
    assert (await marta.line.ask("send", c=marta.c, files=ids))["t"] == "ack"


async def open_all(page: Page, ada: Console, desk: Desk) -> None:
    """Each as a frame and as a picture of the desk's own page; then in a tab of its own."""
    links = await ada.log.locator("a.file").evaluate_all(
        "links => links.map((link) => link.getAttribute('href'))"
    )
    assert len(links) == 2 * (len(CORPUS) - len(DRAWN))
    for link in links:
        await page.evaluate(OPEN, link)
    tab = await page.context.new_page()
    await tab.add_init_script(WATCH)
    ran: list[str] = []
    tab.on("console", lambda said: ran.append(said.text))
    for link in links[:8]:
        async with tab.expect_download():
            await tab.evaluate("path => { location.href = path; }", desk.address + link)
    assert ran == []
    await tab.close()
