"""Files over HTTP, for staff and for visitors (CHAT-5, VISITOR-7).

An original is only ever downloaded, except sound and film, which a page may play; pictures are shown as the
server has drawn them anew. Whoever may not see a file hears that there is none.
"""

import re
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

from litestar import Request, get, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Stream

from deskbell.api import auth
from deskbell.api.auth import StaffUser, VisitorUser
from deskbell.api.ports import Edge, Here
from deskbell.api.problems import Problem, not_found
from deskbell.api.schemas import Link
from deskbell.api.uploads import take
from deskbell.domain import access
from deskbell.domain.blocking import NEUTRAL
from deskbell.domain.people import Staff
from deskbell.kit import sniff
from deskbell.kit.files import preview_id
from deskbell.kit.tokens import sign, signed
from deskbell.realtime import frames
from deskbell.store import customers, files
from deskbell.store.files import StoredFile

LINK_SECONDS = 300
POLICY = "default-src 'none'; sandbox"
FileId = Annotated[str, PathParameter(pattern=r"^[0-9a-f]{32}$")]
FileName = Annotated[str, QueryParameter(max_length=1000)]
Signature = Annotated[str, QueryParameter(max_length=100)]

_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")
_PLAIN = re.compile(r"[^A-Za-z0-9 ._()-]")


@post("/api/files", request_max_body_size=None)
async def upload(
    request: Request[Any, Any, Any], staff_user: StaffUser, edge: Here, name: FileName = ""
) -> frames.File:
    return await take(request, edge, name, "agent", staff_user.id)


@post("/api/widget/files", request_max_body_size=None)
async def visitor_upload(
    request: Request[Any, Any, Any], visitor: VisitorUser, edge: Here, name: FileName = ""
) -> frames.File:
    if visitor.blocked_until is not None and visitor.blocked_until > edge.clock.now():
        raise Problem(409, "unavailable", NEUTRAL)  # BLOCK-3: nothing of theirs is kept
    return await take(request, edge, name, "customer", visitor.customer_id)


@get("/api/files/{file_id:str}")
async def download(
    request: Request[Any, Any, Any], file_id: FileId, staff_user: StaffUser, edge: Here
) -> Stream:
    return original(request, edge, await _of_staff(edge, staff_user, file_id))


@get("/api/files/{file_id:str}/preview")
async def preview(file_id: FileId, staff_user: StaffUser, edge: Here) -> Stream:
    return await picture(edge, await _of_staff(edge, staff_user, file_id))


@get("/api/widget/files/{file_id:str}")
async def visitor_download(
    request: Request[Any, Any, Any], file_id: FileId, edge: Here, sig: Signature = ""
) -> Stream:
    return original(request, edge, await _of_visitor(request, edge, file_id, sig))


@get("/api/widget/files/{file_id:str}/preview")
async def visitor_preview(
    request: Request[Any, Any, Any], file_id: FileId, edge: Here, sig: Signature = ""
) -> Stream:
    return await picture(edge, await _of_visitor(request, edge, file_id, sig))


@post("/api/widget/files/{file_id:str}/link", status_code=200)
async def link(request: Request[Any, Any, Any], file_id: FileId, edge: Here) -> Link:
    """An address that works for LINK_SECONDS without a header, for a download or an <img>."""
    file = await _of_visitor(request, edge, file_id, "")
    until = int(edge.clock.now().timestamp()) + LINK_SECONDS
    return Link(f"/api/widget/files/{file.id}?sig={sign(edge.secret, 'file', file.id, until)}")


async def _of_staff(edge: Edge, staff: Staff, file_id: str) -> StoredFile:
    """Their own upload, or one in a conversation they may see, if only in a customer's history (PEOPLE-7)."""
    file = await files.get(edge.pool, file_id)
    if file is None:
        raise not_found("file")
    if file.owner == "agent" and file.owner_id == staff.id:
        return file
    conversation = await files.conversation_of(edge.pool, file)
    if conversation is None:
        raise not_found("file")
    if not access.may_see(staff, conversation) and not await customers.deals_with(
        edge.pool, conversation.customer_id, staff.id, sorted(staff.departments)
    ):
        raise not_found("file")
    return file


async def _of_visitor(request: Request[Any, Any, Any], edge: Edge, file_id: str, sig: str) -> StoredFile:
    """With a signed link anybody who has it; else their own upload or one in their own conversation."""
    if sig:
        now = int(edge.clock.now().timestamp())
        file = await files.get(edge.pool, file_id) if signed(edge.secret, "file", file_id, sig, now) else None
        if file is None:
            raise not_found("file")
        return file
    visitor = await auth.visitor(request, edge)
    file = await files.get(edge.pool, file_id)
    if file is None:
        raise not_found("file")
    if file.owner == "customer" and file.owner_id == visitor.customer_id:
        return file
    conversation = await files.conversation_of(edge.pool, file)
    if conversation is None or conversation.customer_id != visitor.customer_id:
        raise not_found("file")
    return file


def original(request: Request[Any, Any, Any], edge: Edge, file: StoredFile) -> Stream:
    """The bytes as they came, for downloading; sound and film also in parts, for playing."""
    plays = file.type in sniff.MEDIA
    wanted = _wanted(request.headers.get("range", ""), file.size) if plays else None
    start, end = wanted or (0, file.size)
    headers = _headers(file.type, "inline" if plays else "attachment", file.name) | {
        "Content-Length": str(end - start),
        "Accept-Ranges": "bytes" if plays else "none",
    }
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    return _stream(edge.files.read(file.id, start, end), headers, 206 if wanted else 200)


async def picture(edge: Edge, file: StoredFile) -> Stream:
    """The picture the server has drawn; the same for ever, so the browser may keep it a while."""
    if not file.preview:
        raise not_found("preview")
    size = await edge.files.size(preview_id(file.id))
    headers = _headers("image/webp", "inline", "preview.webp") | {
        "Content-Length": str(size),
        "Cache-Control": "private, max-age=3600",
    }
    return _stream(edge.files.read(preview_id(file.id), 0, size), headers, 200)


def _stream(content: AsyncIterator[bytes], headers: dict[str, str], status: int) -> Stream:
    media_type = headers.pop("Content-Type")
    return Stream(content, headers=headers, media_type=media_type, status_code=status)


def _headers(file_type: str, disposition: str, name: str) -> dict[str, str]:
    """The type is only ever one of ours; nothing in it can run, whoever opens it."""
    known = file_type in sniff.MEDIA or file_type in sniff.PICTURES or file_type in sniff.DOCUMENTS
    plain = _PLAIN.sub("_", name)
    return {
        "Content-Type": file_type if known and not file_type.startswith("text/") else sniff.OPAQUE,
        "Content-Disposition": f"{disposition}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "private, no-store",
    }


def _wanted(header: str, size: int) -> tuple[int, int] | None:
    """(start, end) of one range; None for all of it, also when the header is odd. Raises Problem 416."""
    form = _RANGE.fullmatch(header.strip())
    if form is None:
        return None
    start, end = int(form[1]), min(int(form[2]) + 1 if form[2] else size, size)
    if start >= end:
        raise Problem(416, "range", f"The file has {size} bytes.")
    return start, end


route_handlers = [upload, visitor_upload, download, preview, visitor_download, visitor_preview, link]
