"""Pages that only the demo has: a shop with the widget, and the mail that was caught instead of sent."""

import asyncio
import email
import email.policy
import re
from email.message import EmailMessage
from html import escape
from pathlib import Path
from typing import Annotated

from litestar import Response, get
from litestar.params import PathParameter

from deskbell.api.pages.screens import html, plain
from deskbell.api.ports import Edge, Here
from deskbell.api.problems import not_found
from deskbell.store import sites

FOLDER = Path(__file__).parent
MAILS_SHOWN = 100
MAIL_BYTES = 2 * 1024 * 1024
SHOP_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; frame-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_MAIL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,150}\.eml")


@get("/demo/shop", include_in_schema=False)
async def shop(edge: Here) -> Response[str]:
    _only_in_demo(edge)
    found = await sites.everyone(edge.pool)
    if not found:
        raise not_found("site")
    content = (await asyncio.to_thread((FOLDER / "shop.html").read_text)).replace(
        "{{SITE_KEY}}", escape(found[0].key)
    )
    return html(content, {"Content-Security-Policy": SHOP_POLICY})


@get("/demo/shop.css", include_in_schema=False)
async def shop_style(edge: Here) -> Response[str]:
    _only_in_demo(edge)
    return Response(await asyncio.to_thread((FOLDER / "shop.css").read_text), media_type="text/css")


@get("/demo/mail", include_in_schema=False)
async def mails(edge: Here) -> Response[str]:
    """The newest first."""
    _only_in_demo(edge)
    rows = await asyncio.to_thread(_rows, edge.settings.mail_folder)
    listed = "".join(
        f'<tr><td><a href="/demo/mail/{escape(name)}">{escape(subject)}</a></td><td>{escape(to)}</td>'
        f"<td>{escape(date)}</td></tr>"
        for name, subject, to, date in rows
    )
    table = f"<table><tr><th>Subject</th><th>To</th><th>Date</th></tr>{listed}</table>"
    nothing = "<p>No mail yet. What the desk would send to customers is kept here instead.</p>"
    return plain("Captured mail", "<h1>Captured mail</h1>" + (table if rows else nothing))


@get("/demo/mail/{name:str}", include_in_schema=False)
async def mail(name: Annotated[str, PathParameter(max_length=200)], edge: Here) -> Response[str]:
    """One mail as plain text: nothing in it is ever shown as HTML."""
    _only_in_demo(edge)
    message = (
        await asyncio.to_thread(_read, edge.settings.mail_folder / name)
        if _MAIL_NAME.fullmatch(name)
        else None
    )
    if message is None:
        raise not_found("mail")
    heads = "".join(
        f"<tr><th>{head}</th><td>{escape(_head(message, head))}</td></tr>"
        for head in ("From", "To", "Subject", "Date")
    )
    files = "".join(
        f"<li>{escape(part.get_filename() or 'file')}</li>" for part in message.iter_attachments()
    )
    content = (
        f"<p><a href='/demo/mail'>All mail</a></p><table>{heads}</table><pre>{escape(_text(message))}</pre>"
    )
    return plain("Captured mail", content + (f"<h2>Files</h2><ul>{files}</ul>" if files else ""))


def _only_in_demo(edge: Edge) -> None:
    if not edge.demo:
        raise not_found()


def _rows(folder: Path) -> list[tuple[str, str, str, str]]:
    """(file name, subject, to, date) of the newest mails."""
    paths = [path for path in folder.glob("*.eml") if _MAIL_NAME.fullmatch(path.name)]
    paths.sort(key=lambda path: (path.stat().st_mtime, path.name), reverse=True)
    found = []
    for path in paths[:MAILS_SHOWN]:
        if message := _read(path):
            subject = _head(message, "Subject") or "(no subject)"
            found.append((path.name, subject, _head(message, "To"), _head(message, "Date")))
    return found


def _read(path: Path) -> EmailMessage | None:
    try:
        with path.open("rb") as file:
            return email.message_from_bytes(
                file.read(MAIL_BYTES), _class=EmailMessage, policy=email.policy.default
            )
    except (OSError, ValueError):
        return None


def _head(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except (ValueError, IndexError, AttributeError):  # what the standard parser raises on odd headers
        return "(unreadable)"


def _text(message: EmailMessage) -> str:
    try:
        part = message.get_body(("plain", "html"))
        return str(part.get_content()) if part else ""
    except (LookupError, ValueError, KeyError):
        return "(unreadable)"


route_handlers = [shop, shop_style, mails, mail]
