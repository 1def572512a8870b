"""Caught mail for supervisors and admins, while no mail server is set up (OPS-1).

Mails hold what people wrote: their HTML is only ever a sandboxed page that may load and run nothing.
"""

import asyncio
from typing import Annotated
from urllib.parse import quote

from litestar import Response, delete, get
from litestar.params import PathParameter
from msgspec import Struct

from deskbell.api import auth
from deskbell.api.auth import StaffUser
from deskbell.api.ports import Edge, Here
from deskbell.api.problems import not_found
from deskbell.domain.people import Staff
from deskbell.kit import caught
from deskbell.kit.clock import milliseconds

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
MailName = Annotated[str, PathParameter(max_length=60)]
Place = Annotated[int, PathParameter(ge=0, le=100)]


class MailHead(Struct, frozen=True):
    name: str
    to: str
    sender: str
    subject: str
    at: int


class MailHeads(Struct, frozen=True):
    mails: list[MailHead]


class MailFile(Struct, frozen=True):
    name: str
    type: str
    size: int


class MailView(Struct, frozen=True, kw_only=True):
    head: MailHead
    headers: list[tuple[str, str]]
    text: str
    html: bool
    files: list[MailFile]


@get("/api/caught")
async def listed(staff_user: StaffUser, edge: Here) -> MailHeads:
    """The newest first."""
    _check(staff_user, edge)
    return MailHeads(
        [_head(one) for one in await asyncio.to_thread(caught.newest, edge.settings.mail_folder)]
    )


@delete("/api/caught", status_code=204)
async def clear(staff_user: StaffUser, edge: Here) -> None:
    _check(staff_user, edge)
    await asyncio.to_thread(caught.delete_all, edge.settings.mail_folder)


@get("/api/caught/{name:str}")
async def one(name: MailName, staff_user: StaffUser, edge: Here) -> MailView:
    mail = await _read(staff_user, edge, name)
    return MailView(
        head=_head(mail.head),
        headers=mail.headers,
        text=mail.text,
        html=bool(mail.html),
        files=[MailFile(*part) for part in mail.parts],
    )


@get("/api/caught/{name:str}/html", include_in_schema=False)
async def page(name: MailName, staff_user: StaffUser, edge: Here) -> Response[str]:
    mail = await _read(staff_user, edge, name)
    return Response(
        mail.html,
        media_type="text/html",
        headers={
            "Content-Security-Policy": POLICY,
            "X-Frame-Options": "SAMEORIGIN",
            "Referrer-Policy": "no-referrer",
        },
    )


@get("/api/caught/{name:str}/source", include_in_schema=False)
async def source(name: MailName, staff_user: StaffUser, edge: Here) -> Response[bytes]:
    _check(staff_user, edge)
    content = await asyncio.to_thread(caught.source, edge.settings.mail_folder, name)
    if content is None:
        raise not_found("mail")
    return _download(content, name)


@get("/api/caught/{name:str}/files/{place:int}", include_in_schema=False)
async def file(name: MailName, place: Place, staff_user: StaffUser, edge: Here) -> Response[bytes]:
    _check(staff_user, edge)
    found = await asyncio.to_thread(caught.attachment, edge.settings.mail_folder, name, place)
    if found is None:
        raise not_found("file")
    return _download(found[1], found[0].name)


def _check(staff: Staff, edge: Edge) -> None:
    """Raises Problem 403 for agents, 404 where mail is sent and none is caught."""
    auth.allow(staff, "caught mail")
    if edge.settings.smtp_host:
        raise not_found()


async def _read(staff: Staff, edge: Edge, name: str) -> caught.Caught:
    _check(staff, edge)
    mail = await asyncio.to_thread(caught.read, edge.settings.mail_folder, name)
    if mail is None:
        raise not_found("mail")
    return mail


def _head(head: caught.Head) -> MailHead:
    return MailHead(head.name, head.to, head.sender, head.subject, milliseconds(head.at))


def _download(content: bytes, name: str) -> Response[bytes]:
    """Never shown, whatever it says it is."""
    return Response(
        content,
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


route_handlers = [listed, clear, one, page, source, file]
