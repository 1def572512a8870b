"""The present times of the desk, for screens that count down (LIFE-18)."""

from litestar import get

from deskbell.api.auth import StaffUser
from deskbell.api.ports import Here
from deskbell.api.schemas import Timers
from deskbell.store import preferences


@get("/api/timers")
async def times(staff_user: StaffUser, edge: Here) -> Timers:
    present = await preferences.load(edge.pool)
    return Timers(
        agent_minutes=present.agent_timeout_minutes,
        inactivity_minutes=present.inactivity_minutes,
        pending_minutes=present.pending_minutes,
        transfer_minutes=present.transfer_minutes,
        ring_seconds=present.ring_seconds,
    )


route_handlers = [times]
