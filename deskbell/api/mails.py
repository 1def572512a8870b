"""Mails as they came, for staff (CHANNEL-4): whole text, HTML in a sandbox, the original to download.

Nothing of a mail is stored sanitised: it is parsed and cleaned each time it is shown. Whoever may not see the
conversation hears that there is none.
"""

import asyncio
import base64
import tempfile
from pathlib import Path
from typing import Annotated

from litestar import Response, get
from litestar.params import PathParameter, QueryParameter
from litestar.response import Stream
from msgspec import Struct

from deskbell.api.auth import StaffUser
from deskbell.api.files import POLICY
from deskbell.api.ports import Edge, Here
from deskbell.api.problems import Problem, not_found
from deskbell.api.schemas import BigIdInPath
from deskbell.channels.email import html
from deskbell.channels.email.parse import File, Parsed, parse
from deskbell.domain import access
from deskbell.domain.people import Staff
from deskbell.kit.pictures import Pictures
from deskbell.store import conversations, customers, inbound

PICTURES = 20
PICTURES_BYTES = 20_000_000
PICTURE_BYTES = 400_000
SeqInPath = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]
Images = Annotated[bool, QueryParameter()]
_PATH = "/api/conversations/{number:int}/mails/{seq:int}"
_TOO_DEEP = "<!doctype html><title>Mail</title><p>This mail is nested too deep to be shown. Download the original.</p>"
_pictures = Pictures()


class MailView(Struct):
    """`text` is all of it, with history and signature. `remote`: its HTML wants pictures from elsewhere."""

    sender: str
    sender_name: str
    to: list[str]
    subject: str
    date: str
    text: str
    html: bool
    remote: bool
    notes: list[str]
    size: int


@get(_PATH)
async def read(number: BigIdInPath, seq: SeqInPath, staff_user: StaffUser, edge: Here) -> MailView:
    mail, size = await _parsed(edge, staff_user, number, seq)
    return MailView(
        sender=mail.sender,
        sender_name=mail.sender_name,
        to=list(mail.recipients[:20]),
        subject=mail.subject,
        date=mail.headers.first("date")[:100],
        text=mail.text,
        html=mail.html != "",
        remote=html.has_remote(mail.html),
        notes=list(mail.notes),
        size=size,
    )


@get(f"{_PATH}/html")
async def show(
    number: BigIdInPath, seq: SeqInPath, staff_user: StaffUser, edge: Here, images: Images = False
) -> Response[str]:
    """A page for a frame of the console. `images`: pictures elsewhere are fetched by the browser, without a referrer."""
    mail, _ = await _parsed(edge, staff_user, number, seq)
    if not mail.html:
        raise not_found("HTML")
    shown = await _inner_pictures(edge, mail)
    page = await asyncio.to_thread(html.document, mail.html, shown, remote=images)
    headers = {
        "Content-Security-Policy": html.policy(remote=images),
        "X-Frame-Options": "SAMEORIGIN",
        "Referrer-Policy": "no-referrer",
    }
    return Response(page or _TOO_DEEP, media_type="text/html; charset=utf-8", headers=headers)


@get(f"{_PATH}/original")
async def original(number: BigIdInPath, seq: SeqInPath, staff_user: StaffUser, edge: Here) -> Stream:
    """The mail as a file, as its server gave it; only ever downloaded."""
    raw_id, _ = await _found(edge, staff_user, number, seq)
    size = await edge.files.size(raw_id)
    headers = {
        "Content-Disposition": f'attachment; filename="mail-{number}-{seq}.eml"',
        "Content-Security-Policy": POLICY,
        "Content-Length": str(size),
    }
    return Stream(edge.files.read(raw_id, 0, size), headers=headers, media_type="application/octet-stream")


async def _found(edge: Edge, staff: Staff, number: int, seq: int) -> tuple[str, int]:
    """(id of the bytes, size of the mail). Raises Problem 404, also for a conversation this person may not see."""
    loaded = await conversations.get(edge.pool, number)
    if loaded is None:
        raise not_found("mail")
    conversation = loaded.conversation
    if not access.may_see(staff, conversation) and not await customers.deals_with(
        edge.pool, conversation.customer_id, staff.id, sorted(staff.departments)
    ):
        raise not_found("mail")
    found = await inbound.of_entry(edge.pool, number, seq)
    if found is None:
        raise not_found("mail")
    return found


async def _parsed(edge: Edge, staff: Staff, number: int, seq: int) -> tuple[Parsed, int]:
    raw_id, size = await _found(edge, staff, number, seq)
    try:
        stored = await edge.files.size(raw_id)
        raw = b"".join([piece async for piece in edge.files.read(raw_id, 0, stored)]) if stored else b""
    except FileNotFoundError:
        raise Problem(410, "gone", "The original of this mail is gone.") from None
    return await asyncio.to_thread(parse, raw, size), size


async def _inner_pictures(edge: Edge, mail: Parsed) -> dict[str, str]:
    """Pictures that came inside the mail, drawn anew, by the names its HTML has for them."""
    named = html.named_pictures(mail.html)
    wanted = [file for file in mail.files if file.cid in named and len(file.content) < PICTURES_BYTES][
        :PICTURES
    ]
    drawn = await asyncio.gather(*(_drawn(edge, file) for file in wanted))
    return {file.cid: address for file, address in zip(wanted, drawn, strict=True) if address}


async def _drawn(edge: Edge, file: File) -> str:
    parent = edge.settings.data.absolute() / "uploads"
    await asyncio.to_thread(parent.mkdir, parents=True, exist_ok=True)
    folder = await asyncio.to_thread(tempfile.TemporaryDirectory, dir=parent)
    try:
        source, target = Path(folder.name) / "picture", Path(folder.name) / "drawn"
        await asyncio.to_thread(source.write_bytes, file.content)
        picture = await _pictures.preview(source, target)
        if picture is None or not picture.made:
            return ""
        content = await asyncio.to_thread(target.read_bytes)
    finally:
        await asyncio.shield(asyncio.to_thread(folder.cleanup))
    if len(content) > PICTURE_BYTES:
        return ""
    return f"data:image/webp;base64,{base64.b64encode(content).decode()}"


route_handlers = [read, show, original]
