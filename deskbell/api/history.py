"""All conversations of a customer, to be read by those who deal with them, whoever had them (PEOPLE-7)."""

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter
from msgspec import Struct

from deskbell.api.auth import StaffUser
from deskbell.api.conversations import NEWEST, TheDesk
from deskbell.api.customers import past_view, theirs
from deskbell.api.ports import Here
from deskbell.api.problems import not_found
from deskbell.api.schemas import BigIdInPath, PastConversations
from deskbell.desk.present import entry_of, row_of
from deskbell.realtime import frames
from deskbell.store import conversations, customers

BeforeNumber = Annotated[int | None, QueryParameter(ge=1, le=2**62)]
BeforeSeq = Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)]
PageSize = Annotated[int, QueryParameter(ge=1, le=100)]


class PastThread(Struct):
    """A conversation to be read only; `next` is the `before` of the page above."""

    row: frames.Row
    entries: list[frames.Entry]
    next: int | None


@get("/api/customers/{customer_id:int}/conversations")
async def page(
    customer_id: BigIdInPath,
    staff_user: StaffUser,
    edge: Here,
    before: BeforeNumber = None,
    limit: PageSize = 20,
) -> PastConversations:
    """Newest first; `next` is the `before` of the following page."""
    await theirs(edge, staff_user, customer_id)
    found = await customers.conversations(edge.pool, customer_id, before, limit + 1)
    shown = [past_view(one) for one in found[:limit]]
    return PastConversations(shown, shown[-1].id if len(found) > limit else None)


@get("/api/customers/{customer_id:int}/conversations/{number:int}")
async def read(
    customer_id: BigIdInPath,
    number: BigIdInPath,
    staff_user: StaffUser,
    edge: Here,
    desk: TheDesk,
    before: BeforeSeq = None,
) -> PastThread:
    """What was said, without comments: those are for whoever works on it now."""
    await theirs(edge, staff_user, customer_id)
    loaded = await conversations.get(edge.pool, number)
    if loaded is None or loaded.conversation.customer_id != customer_id:
        raise not_found("conversation")
    conversation, name = loaded
    upto = min(before or 2**31 - 1, conversation.last_seq + 1)
    lines = await conversations.before(edge.pool, number, upto, NEWEST + 1, public=False)
    shown = lines[-NEWEST:]
    names = desk.directory.names.staff
    entries = [
        entry_of(line.entry, names, name, public=False, read_at=line.read_at)
        for line in shown
        if line.entry.kind != "comment"
    ]
    following = shown[0].entry.seq if len(lines) > NEWEST else None
    return PastThread(row_of(conversation, name), entries, following)


route_handlers = [page, read]
