"""The list under the bell: one's own, the same on all devices (TEAM-3, TEAM-6)."""

from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct, field

from deskbell.api.auth import StaffUser
from deskbell.api.conversations import TheDesk
from deskbell.api.ports import Here
from deskbell.api.schemas import Body
from deskbell.desk.present import notice_of
from deskbell.realtime.frames import ConversationId, Notice
from deskbell.store import notifications

LAST = 2**62
Number = Annotated[int, Meta(ge=1, le=LAST)]
Before = Annotated[int, QueryParameter(ge=1, le=LAST)]
PageSize = Annotated[int, QueryParameter(ge=1, le=100)]


class Notices(Struct):
    """Newest first. `unread` counts all of them; `next` is the `before` of the following page."""

    notices: list[Notice]
    unread: int
    next: int | None


class ReadNotices(Body):
    """What was looked at: these, those of a conversation, or all."""

    ids: Annotated[list[Number], Meta(max_length=100)] = field(default_factory=list)
    c: ConversationId | None = None
    all: bool = False


class Unread(Struct):
    unread: int


@get("/api/notifications")
async def list_notices(
    staff_user: StaffUser, edge: Here, before: Before = LAST, limit: PageSize = 30
) -> Notices:
    found = await notifications.page(edge.pool, staff_user.id, before, limit + 1)
    shown = found[:limit]
    return Notices(
        [notice_of(one) for one in shown],
        await notifications.unread(edge.pool, staff_user.id),
        shown[-1].id if len(found) > limit else None,
    )


@post("/api/notifications/read", status_code=200)
async def read_notices(
    data: JSONBody[ReadNotices], staff_user: StaffUser, edge: Here, desk: TheDesk
) -> Unread:
    """Numbers that are not one's own are passed over. The other devices hear of it."""
    await desk.bell.read(staff_user.id, ids=data.ids, conversation_id=data.c, everything=data.all)
    return Unread(await notifications.unread(edge.pool, staff_user.id))


route_handlers = [list_notices, read_notices]
