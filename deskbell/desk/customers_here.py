"""Which customers are there now: told to the consoles as a whole, so that no card and no message asks for it."""

from deskbell.kit.clock import Clock
from deskbell.kit.postgres import Pool
from deskbell.realtime.connection import Connection
from deskbell.realtime.frames import encode
from deskbell.realtime.hub import Hub
from deskbell.realtime.presence_frames import CustomersFrame
from deskbell.store import customer_presence as rows


class CustomersHere:
    """Chat frames on this node count at once; those of other nodes and pages that report, within seconds."""

    def __init__(self, pool: Pool, clock: Clock, hub: Hub, node: str) -> None:
        self._pool = pool
        self._clock = clock
        self._hub = hub
        self._node = node
        self._here: frozenset[int] = frozenset()

    async def renew(self) -> None:
        """Keep the leases of everybody with a chat frame on this node."""
        here = [customer_id for customer_id, sockets in self._hub.customers.items() if sockets]
        if here:
            await rows.renew(self._pool, self._node, here, self._clock.now())

    def greet(self, connection: Connection) -> None:
        """A console has come: everybody who is here."""
        connection.push(encode(CustomersFrame(sorted(self._here), all=True)))

    async def look(self) -> None:
        """Tell the consoles here who came and went; without one, nothing is read."""
        if not self._hub.agents:
            self._here = frozenset()
            return
        elsewhere = await rows.elsewhere(self._pool, self._node, self._clock.now())
        here = elsewhere.union(c for c, sockets in self._hub.customers.items() if sockets)
        came, went = here - self._here, self._here - here
        self._here = here
        if came or went:
            frame = encode(CustomersFrame(sorted(came), sorted(went)))
            for sockets in self._hub.agents.values():
                for connection in sockets:
                    connection.push(frame)
