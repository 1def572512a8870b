"""What services say of the messages we sent: from the parts of a message to its ticks (CHANNEL-2)."""

import asyncio
from collections import deque
from datetime import datetime

from deskbell.kit.clock import Clock, milliseconds
from deskbell.kit.logs import Log
from deskbell.kit.postgres import AWAY, Pool
from deskbell.realtime.bus import PostgresBus
from deskbell.realtime.frames import Delivery, DeliveryFrame, encode
from deskbell.realtime.hub import Hub
from deskbell.store import deliveries as rows
from deskbell.store.deliveries import Stands, Word

from .present import delivery_of

log = Log()

AT_ONCE = 200
AWAY_S = 0.5
_Waiting = tuple[Word, "asyncio.Future[bool]"]


class Deliveries:
    """Words that come while others are being written are written together."""

    def __init__(self, pool: Pool, clock: Clock, hub: Hub, bus: PostgresBus) -> None:
        self._pool = pool
        self._clock = clock
        self._hub = hub
        self._bus = bus
        self._waiting: deque[_Waiting] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._expected: dict[str, asyncio.Event] = {}
        self.wake = asyncio.Event()
        """Set when the outbox has to look again."""

    async def note(
        self, account_id: int, external_id: str, attempt: str, state: str, at: datetime, code: int, error: str
    ) -> bool:
        """One word of a service about one message of ours. Returns after it is stored; False: we know no such message
        (yet: it may be asked again). `attempt` may be "" and is what binds a message whose id we never heard."""
        known = await self.record(Word(account_id, external_id, attempt, state, at, code, error))
        if attempt in self._expected:
            self._expected[attempt].set()
        return known

    async def record(self, word: Word) -> bool:
        """As `note`; also what our own calls came to."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((word, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return await done

    def expect(self, attempt: str) -> asyncio.Event:
        """Set when the service has said something of this part to this node; `forget` it afterwards."""
        return self._expected.setdefault(attempt, asyncio.Event())

    def forget(self, attempt: str) -> None:
        self._expected.pop(attempt, None)

    async def _write(self) -> None:
        """With the database away it is tried until it works: what a service took must be known."""
        try:
            while self._waiting:
                some = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
                try:
                    await self._write_some(some)
                except AWAY as error:
                    log.warning("deliveries_wait", error=type(error).__name__)
                    self._waiting.extendleft(reversed([one for one in some if not one[1].done()]))
                    await asyncio.sleep(AWAY_S)
                except Exception as error:
                    _refuse(some, error)
        finally:
            self._writing = None

    async def _write_some(self, some: list[_Waiting]) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            heard = await rows.hear(connection, [word for word, _ in some], self._clock.now())
        for (_, done), known in zip(some, heard.known, strict=True):
            if not done.done():
                done.set_result(known)
        for stands in heard.changed:
            self.tell(stands)
        if any(stands.state in ("failed", "sending") for stands in heard.changed):
            self.wake.set()

    def tell(self, stands: Stands) -> None:
        """To the staff who look at it, here and on the other nodes."""
        s = stands
        values = (s.conversation_id, s.seq, s.state, milliseconds(s.at), s.code, s.error, s.owner_id)
        self.hear(*values)
        self._bus.send("delivery", *values)

    def hear(
        self, conversation_id: int, seq: int, state: str, at: int, code: int, error: str, owner: int
    ) -> None:
        frame = DeliveryFrame(conversation_id, seq, Delivery(state, at, code, error))
        self._hub.tell_team(conversation_id, owner, encode(frame))


def delivery_frame(stands: Stands) -> DeliveryFrame:
    return DeliveryFrame(stands.conversation_id, stands.seq, delivery_of(stands))


def _refuse(some: list[_Waiting], error: Exception) -> None:
    """One that cannot be stored must not be tried for ever; whoever waits hears of it."""
    log.exception("deliveries_failed", count=len(some))
    for _, done in some:
        if not done.done():
            done.set_exception(error)
