"""Closing tags, and what the closing dialog asks (LIFE-12). Supervisors keep the list; everybody on the staff reads it."""

from typing import Annotated

from litestar import get, patch, post
from litestar.params import JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from deskbell.api import auth
from deskbell.api.auth import StaffUser
from deskbell.api.ports import Here
from deskbell.api.problems import Problem, not_found
from deskbell.api.schemas import Body, SmallIdInPath
from deskbell.kit import text
from deskbell.store import closing_tags, preferences

NAME = 60
TagName = Annotated[str, Meta(min_length=1, max_length=200)]


class ClosingTagView(Struct, frozen=True):
    """`active`: offered in the closing dialog; a hidden one stays on the conversations that have it."""

    id: int
    name: str
    active: bool


class ClosingTagList(Struct, frozen=True):
    tags: list[ClosingTagView]


class ClosingTagNew(Body):
    name: TagName


class ClosingTagChange(Body):
    name: TagName | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class OfferedTag(Struct, frozen=True):
    id: int
    name: str


class ClosingDialog(Struct, frozen=True, kw_only=True):
    """Which parts are asked for; `tags` only while `tag` is."""

    sentiment: bool
    tag: bool
    note: bool
    tags: list[OfferedTag]


@get("/api/closing-dialog")
async def dialog(staff_user: StaffUser, edge: Here) -> ClosingDialog:
    now = await preferences.load(edge.pool)
    found = await closing_tags.everyone(edge.pool) if now.close_tag else []
    return ClosingDialog(
        sentiment=now.close_sentiment,
        tag=now.close_tag,
        note=now.close_note,
        tags=[OfferedTag(tag.id, tag.name) for tag in found if tag.active],
    )


@get("/api/closing-tags")
async def everyone(staff_user: StaffUser, edge: Here) -> ClosingTagList:
    """Hidden ones too: cards of old conversations name them."""
    return ClosingTagList([ClosingTagView(*tag) for tag in await closing_tags.everyone(edge.pool)])


@post("/api/closing-tags")
async def add(data: JSONBody[ClosingTagNew], staff_user: StaffUser, edge: Here) -> ClosingTagView:
    auth.allow(staff_user, "closing tags")
    name = text.needed_name(data.name, NAME)
    async with edge.pool.acquire() as connection, connection.transaction():
        if await closing_tags.count(connection) >= closing_tags.MOST:
            sentence = f"There can be at most {closing_tags.MOST} closing tags, hidden ones included."
            raise Problem(409, "too_many", sentence, limit=closing_tags.MOST)
        added = await closing_tags.add(connection, name)
    if added is None:
        raise _taken()
    await edge.signals.changed("closing_tags")
    return ClosingTagView(*added)


@patch("/api/closing-tags/{tag_id:int}")
async def change(
    tag_id: SmallIdInPath, data: JSONBody[ClosingTagChange], staff_user: StaffUser, edge: Here
) -> ClosingTagView:
    auth.allow(staff_user, "closing tags")
    given = data.given()
    if not given:
        raise Problem(400, "bad_input", "Name what to change: name or active.")
    if "name" in given:
        given["name"] = text.needed_name(given["name"], NAME)
    try:
        changed = await closing_tags.change(edge.pool, tag_id, given)
    except closing_tags.Taken:
        raise _taken() from None
    if changed is None:
        raise not_found("closing tag")
    await edge.signals.changed("closing_tags")
    return ClosingTagView(*changed)


def _taken() -> Problem:
    return Problem(409, "taken", "Another closing tag has this name already.", field="name")


route_handlers = [dialog, everyone, add, change]
