"""Canned replies and what else a reply box must know (CHAT-10). Everybody keeps their own; supervisors the shared ones.

Another one's own replies do not exist for anybody else. What stands in them is text with placeholders, which the
console fills in when one is picked; here they are only kept.
"""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.params import JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType, field

from deskbell.api import auth
from deskbell.api.auth import StaffUser
from deskbell.api.input import formatted
from deskbell.api.ports import Edge, Here
from deskbell.api.problems import Problem, not_found
from deskbell.api.schemas import Body, Ids, SmallIdInPath, WidgetLimits
from deskbell.domain.people import Staff
from deskbell.kit import ids, text
from deskbell.kit.html import safe_html
from deskbell.realtime.frames import MAX_FILES, MAX_TEXT
from deskbell.store import canned_replies, departments, preferences
from deskbell.store.canned_replies import OWN_MOST, SHARED_MOST, CannedReply

SHORTCUT = 40
TEXT = 4_000
HTML = 12_000
WHAT = "canned replies"

Shortcut = Annotated[str, Meta(min_length=1, max_length=200)]
ReplyText = Annotated[str, Meta(max_length=TEXT)]
ReplyHtml = Annotated[str, Meta(max_length=HTML)]


class CannedReplyView(Struct, frozen=True, kw_only=True):
    """`own`: this person's, else shared. `html` null: without formats. `departments` empty: for everybody."""

    id: int
    own: bool
    shortcut: str
    text: str
    html: str | None
    departments: list[int]


class CannedReplyList(Struct, frozen=True):
    replies: list[CannedReplyView]


class CannedReplyNew(Body):
    shortcut: Shortcut
    text: ReplyText = ""
    html: ReplyHtml | None = None
    own: bool = True
    departments: Ids = field(default_factory=list)


class CannedReplyChange(Body):
    """`text` and `html` belong together: what is not named of the two is empty then."""

    shortcut: Shortcut | UnsetType = UNSET
    text: ReplyText | UnsetType = UNSET
    html: ReplyHtml | UnsetType | None = UNSET
    departments: Ids | UnsetType = UNSET


@get("/api/canned-replies")
async def usable(request: Request[Any, Any, Any], staff_user: StaffUser, edge: Here) -> Response[bytes]:
    """`{replies: [{id, own, shortcut, text, html, departments}]}` by shortcut, with an ETag: asked for again, mostly 304."""
    found = await canned_replies.usable(
        edge.pool, staff_user.id, sorted(staff_user.departments), all_shared=staff_user.supervises
    )
    content = msgspec.json.encode(CannedReplyList([_view(reply) for reply in found]))
    tag = f'"{ids.digest(content.decode()).hex()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(b"", status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")


@get("/api/limits")
async def limits(staff_user: StaffUser, edge: Here) -> WidgetLimits:
    """What a message may hold now, so that a reply box can say it before the server does."""
    return WidgetLimits(MAX_TEXT, (await preferences.load(edge.pool)).upload_mb, MAX_FILES)


@post("/api/canned-replies")
async def add(data: JSONBody[CannedReplyNew], staff_user: StaffUser, edge: Here) -> CannedReplyView:
    if not data.own:
        auth.allow(staff_user, WHAT)
    shortcut = _shortcut(data.shortcut)
    words, html = _words(data.text, data.html)
    rooms = await _departments(edge, data.departments, own=data.own)
    owner = staff_user.id if data.own else None
    most = OWN_MOST if data.own else SHARED_MOST
    async with edge.pool.acquire() as connection, connection.transaction():
        if await canned_replies.count(connection, owner) >= most:
            sentence = f"There can be at most {most} {'own' if data.own else 'shared'} canned replies."
            raise Problem(409, "too_many", sentence, limit=most)
        try:
            added = await canned_replies.add(
                connection, owner, shortcut, words, html, rooms, edge.clock.now()
            )
        except canned_replies.Taken:
            raise _taken() from None
    await _tell(edge, staff_user, added)
    return _view(added)


@patch("/api/canned-replies/{reply_id:int}")
async def change(
    reply_id: SmallIdInPath, data: JSONBody[CannedReplyChange], staff_user: StaffUser, edge: Here
) -> CannedReplyView:
    reply = await _theirs(edge, staff_user, reply_id)
    given: dict[str, Any] = {}
    if data.shortcut is not UNSET:
        given["shortcut"] = _shortcut(data.shortcut)
    if data.text is not UNSET or data.html is not UNSET:
        words = "" if data.text is UNSET else data.text
        given["text"], given["html"] = _words(words, None if data.html is UNSET else data.html)
    if data.departments is not UNSET:
        own = reply.owner_id is not None
        given["departments"] = await _departments(edge, data.departments, own=own)
    if not given:
        raise Problem(400, "bad_input", "Name what to change: shortcut, text, html or departments.")
    try:
        changed = await canned_replies.change(edge.pool, reply_id, given, edge.clock.now())
    except canned_replies.Taken:
        raise _taken() from None
    if changed is None:
        raise not_found("canned reply")
    await _tell(edge, staff_user, changed)
    return _view(changed)


@delete("/api/canned-replies/{reply_id:int}")
async def remove(reply_id: SmallIdInPath, staff_user: StaffUser, edge: Here) -> None:
    reply = await _theirs(edge, staff_user, reply_id)
    await canned_replies.delete(edge.pool, reply_id)
    await _tell(edge, staff_user, reply)


async def _theirs(edge: Edge, staff: Staff, reply_id: int) -> CannedReply:
    """One that this person may change: their own, or a shared one for supervisors. Raises Problem 404 or 403."""
    reply = await canned_replies.one(edge.pool, reply_id)
    if reply is None or (reply.owner_id is not None and reply.owner_id != staff.id):
        raise not_found("canned reply")
    if reply.owner_id is None:
        auth.allow(staff, WHAT)
    return reply


async def _tell(edge: Edge, staff: Staff, reply: CannedReply) -> None:
    """A shared one is news for everybody, an own one for its person's other devices."""
    if reply.owner_id is None:
        await edge.signals.changed("canned_replies")
    else:
        edge.signals.settings_changed(staff.id)


def _shortcut(given: str) -> str:
    """One word, with or without the slash it is called by."""
    word = text.needed_name(given.strip().lstrip("/"), SHORTCUT, "The shortcut")
    if " " in word or "/" in word:
        raise Problem(400, "bad_input", "A shortcut is one word without a slash in it.", field="shortcut")
    return word


def _words(given: str, html: str | None) -> tuple[str, str | None]:
    words, safe = formatted(given, html)
    words = text.clean(words, TEXT, "A canned reply")
    if not words:
        raise Problem(400, "empty", "A canned reply must not be empty.", field="text")
    return words, safe


async def _departments(edge: Edge, given: list[int], *, own: bool) -> list[int]:
    if own and given:
        sentence = "One's own canned replies are for oneself, whatever the department."
        raise Problem(400, "bad_input", sentence, field="departments")
    rooms = sorted(set(given))
    if len(await departments.existing(edge.pool, rooms)) != len(rooms):
        raise Problem(400, "department", "One of these departments does not exist.", field="departments")
    return rooms


def _view(reply: CannedReply) -> CannedReplyView:
    return CannedReplyView(
        id=reply.id,
        own=reply.owner_id is not None,
        shortcut=reply.shortcut,
        text=reply.text,
        html=None if reply.html is None else safe_html(reply.html),
        departments=list(reply.departments),
    )


def _taken() -> Problem:
    return Problem(409, "taken", "Another canned reply has this shortcut already.", field="shortcut")


route_handlers = [usable, limits, add, change, remove]
