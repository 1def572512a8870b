"""Who is blocked, why, by whom and until when; supervisors see the list and lift (BLOCK-3)."""

from typing import Annotated

from litestar import get, post
from litestar.params import FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from deskbell.api import auth
from deskbell.api.auth import StaffUser
from deskbell.api.conversations import Acked, Named, TheDesk, acked
from deskbell.api.ports import Here
from deskbell.api.problems import Problem
from deskbell.api.schemas import BigIdInPath
from deskbell.desk.present import ms_or_none, shown_name
from deskbell.domain.commands import LiftBlock
from deskbell.kit import text
from deskbell.kit.clock import milliseconds
from deskbell.store import blocks

SEARCH = 100
Before = Annotated[int | None, QueryParameter(ge=1, le=2**62)]
PageSize = Annotated[int, QueryParameter(ge=1, le=100)]
Words = Annotated[str, QueryParameter(max_length=SEARCH)]


class BlockView(Struct, frozen=True, kw_only=True):
    """`c`: the conversation it was made in. `address`: blocked too; an IPv6 one stands for its /64."""

    id: int
    customer: int
    name: str
    email: str
    c: int
    reason: str
    by: int
    at: int
    until: int
    address: str | None
    running: bool
    lifted_by: int | None
    lifted_at: int | None


class BlockList(Struct, frozen=True):
    blocks: list[BlockView]
    next: int | None


@get("/api/blocks")
async def page(
    staff_user: StaffUser,
    edge: Here,
    q: Words = "",
    running: FromQuery[bool] = True,
    before: Before = None,
    limit: PageSize = 50,
) -> BlockList:
    """Newest first; `running` leaves out those that have ended. `next` is the `before` of the following page."""
    auth.allow(staff_user, "blocks")
    now = edge.clock.now()
    words = text.name(q, SEARCH, "The search")
    found = await blocks.page(
        edge.pool, before=before, only_running=running, text=words, limit=limit + 1, now=now
    )
    shown = [
        BlockView(
            id=one.id,
            customer=one.customer_id,
            name=shown_name(one.customer_id, one.customer),
            email=one.email,
            c=one.conversation_id,
            reason=one.reason,
            by=one.staff_id,
            at=milliseconds(one.at),
            until=milliseconds(one.until),
            address=one.address,
            running=one.lifted_at is None and one.until > now,
            lifted_by=one.lifted_by,
            lifted_at=ms_or_none(one.lifted_at),
        )
        for one in found[:limit]
    ]
    return BlockList(shown, shown[-1].id if len(found) > limit else None)


@post("/api/blocks/{block_id:int}/lift", status_code=200)
async def lift(
    block_id: BigIdInPath, data: JSONBody[Named], staff_user: StaffUser, edge: Here, desk: TheDesk
) -> Acked:
    auth.allow(staff_user, "blocks")
    place = await blocks.place_of(edge.pool, block_id, edge.clock.now())
    if place is None:
        raise Problem(409, "closed", "This block is not running any more.")
    return acked(data.id, await desk.perform(LiftBlock(place, staff_user, data.id)))


route_handlers = [page, lift]
