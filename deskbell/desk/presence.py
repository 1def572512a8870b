"""Who is online: the switch of each person and a lease that their live consoles keep fresh (PEOPLE-4)."""

from collections.abc import Callable

from deskbell.kit.clock import Clock
from deskbell.kit.postgres import Pool
from deskbell.realtime.frames import encode
from deskbell.realtime.hub import Hub
from deskbell.realtime.presence_frames import PresenceFrame, StaffOnline
from deskbell.store import presence as rows


class Presence:
    """`look` notices who came and went, tells every console here, and wakes routing when somebody came."""

    def __init__(
        self, pool: Pool, clock: Clock, hub: Hub, node: str, wake_router: Callable[[], None]
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._hub = hub
        self._node = node
        self._wake_router = wake_router
        self._online: frozenset[int] = frozenset()

    async def renew(self) -> None:
        """Keep the leases of everybody with a console on this node."""
        here = [staff_id for staff_id, sockets in self._hub.agents.items() if sockets]
        if here:
            await rows.renew(self._pool, self._node, here, self._clock.now())

    async def arrived(self, staff_id: int) -> None:
        """A console has connected: its person counts at once."""
        await rows.renew(self._pool, self._node, [staff_id], self._clock.now())
        await self.look()

    async def look(self) -> None:
        online = await rows.online_staff(self._pool, self._clock.now())
        came, went = online - self._online, self._online - online
        self._online = online
        if came or went:
            changed = [StaffOnline(i, True) for i in sorted(came)] + [
                StaffOnline(i, False) for i in sorted(went)
            ]
            self._hub.tell_staff(encode(PresenceFrame(changed)))
        if came:
            self._wake_router()
