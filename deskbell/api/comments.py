"""The comments of a chat, for everybody who may see it (TEAM-1, TEAM-4)."""

from litestar import get
from msgspec import Struct

from deskbell.api.auth import StaffUser
from deskbell.api.conversations import TheDesk
from deskbell.api.ports import Here
from deskbell.api.schemas import BigIdInPath
from deskbell.desk.present import entry_of
from deskbell.realtime import frames
from deskbell.store import conversations

MOST = 500


class Comments(Struct):
    """Ascending. `more`: there are older ones than these MOST."""

    comments: list[frames.Entry]
    more: bool


@get("/api/conversations/{number:int}/comments")
async def read(number: BigIdInPath, staff_user: StaffUser, edge: Here, desk: TheDesk) -> Comments:
    """The newest; those from before a close have lost their text (TEAM-5)."""
    _, customer_name = await desk.reader.load(staff_user, number)
    names = desk.directory.names.staff
    lines = await conversations.comments(edge.pool, number, MOST + 1)
    shown = [entry_of(line.entry, names, customer_name, public=False) for line in lines[-MOST:]]
    return Comments(shown, len(lines) > MOST)


route_handlers = [read]
