"""Taking several tickets at once (TICKET-3)."""

import asyncio
from typing import Annotated

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation
from msgspec import Meta, Struct

from deskbell.api.auth import StaffUser
from deskbell.api.ports import Here
from deskbell.api.schemas import Body
from deskbell.desk.desk import Desk
from deskbell.domain.commands import AcceptTicket
from deskbell.domain.errors import Refused
from deskbell.domain.people import Staff
from deskbell.realtime.frames import ClientId
from deskbell.store import lists

TheDesk = NamedDependency[SkipValidation[Desk]]
AGAIN = ("retry", "busy", "internal")
ROUNDS = 20


class QuickAccept(Body):
    id: ClientId
    count: Annotated[int, Meta(ge=1, le=100)]


class Accepted(Struct):
    """Numbers of the tickets that are mine now, and how many unassigned ones are left for me to take."""

    accepted: list[int]
    left: int


@post("/api/tickets/accept", status_code=200)
async def quick_accept(
    data: JSONBody[QuickAccept], staff_user: StaffUser, edge: Here, desk: TheDesk
) -> Accepted:
    """The oldest this person may see, whatever filter is on. What others are quicker to take is replaced by the next
    oldest. The same request again takes only what is missing.
    """
    accepted = await lists.accepted_so(edge.pool, staff_user, data.id)
    tried = list(accepted)
    for _ in range(ROUNDS):
        missing = data.count - len(accepted)
        oldest = await lists.oldest_tickets(edge.pool, staff_user, missing, but=tried) if missing > 0 else []
        if not oldest:
            break
        tried += oldest
        taken = await asyncio.gather(*(_take(desk, staff_user, data.id, number) for number in oldest))
        accepted += [number for number, mine in zip(oldest, taken, strict=True) if mine]
    counts = await lists.counts(edge.pool, staff_user, scope="all" if staff_user.supervises else "mine")
    return Accepted(accepted, counts["unassigned"])


async def _take(desk: Desk, staff: Staff, client_id: str, number: int) -> bool:
    """False when it is no longer to be had. Raises Refused when the desk cannot say just now."""
    try:
        await desk.perform(AcceptTicket(number, staff, f"{client_id}.{number}"))
    except Refused as refused:
        if refused.code in AGAIN:
            raise
        return False
    return True


route_handlers = [quick_accept]
