"""Gathers delivered and read marks and writes them a few times a second.

Reading a chat must not cost a commit per message."""

import asyncio
from collections.abc import Callable

from deskbell.kit.clock import Clock, milliseconds
from deskbell.kit.logs import Log
from deskbell.kit.postgres import AWAY, Pool
from deskbell.realtime.bus import PostgresBus
from deskbell.realtime.frames import MarksFrame, SeenFrame, encode
from deskbell.realtime.hub import Hub
from deskbell.store import marks as rows
from deskbell.store.marks import Mark, Marks

log = Log()

PAUSE_S = 0.05
KEPT = 20_000


class Marker:
    """`note` never waits. With the database away marks are kept, up to a bound; clients send theirs again."""

    def __init__(
        self,
        pool: Pool,
        clock: Clock,
        hub: Hub,
        bus: PostgresBus,
        remember: Callable[[int, str, int, int], None],
        read: Callable[[Marks], None],
    ) -> None:
        """`remember` keeps what the writing path has in memory up to date; `read` hears how far agents have read."""
        self._pool = pool
        self._clock = clock
        self._hub = hub
        self._bus = bus
        self._remember = remember
        self._read = read
        self._marks: dict[tuple[int, int], tuple[int, int]] = {}
        self._wake = asyncio.Event()

    def note(self, conversation_id: int, staff_id: int, *, delivered: int = 0, read: int = 0) -> None:
        """`staff_id` 0: the customer. Having read means having received."""
        key = (conversation_id, staff_id)
        had = self._marks.get(key, (0, 0))
        if had == (0, 0) and len(self._marks) >= KEPT:
            return
        self._marks[key] = (max(had[0], delivered, read), max(had[1], read))
        self._wake.set()

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.flush()
            except AWAY as error:
                log.warning("marks_wait", error=type(error).__name__)
                await asyncio.sleep(1)
            await asyncio.sleep(PAUSE_S)

    async def flush(self) -> None:
        """Write what is gathered, and tell both sides."""
        gathered, self._marks = self._marks, {}
        marks = [Mark(c, staff, *values) for (c, staff), values in gathered.items()]
        if not marks:
            return
        now = self._clock.now()
        try:
            moved, seen = await rows.save(self._pool, marks, now)
        except AWAY:
            for (c, staff), (delivered, read) in gathered.items():
                self.note(c, staff, delivered=delivered, read=read)
            raise
        at = milliseconds(now)
        for mark in moved:
            values = (mark.conversation_id, mark.by, mark.delivered, mark.read, at, mark.owner_id)
            self.hear_marks(*values)
            self._bus.send("marks", *values)
            if mark.by == "agent":
                self._read(mark)
        for row in seen:
            self.hear_seen(*row)
            self._bus.send("seen", *row)

    def hear_marks(
        self, conversation_id: int, by: str, delivered: int, read: int, at: int, owner: int
    ) -> None:
        self._remember(conversation_id, by, delivered, read)
        frame = encode(MarksFrame(conversation_id, by, delivered, read, at))
        self._hub.tell_visitors(conversation_id, frame)
        self._hub.tell_team(conversation_id, owner, frame)

    def hear_seen(self, staff_id: int, conversation_id: int, seq: int, count: int) -> None:
        self._hub.tell_agent(staff_id, encode(SeenFrame(conversation_id, seq, count)))
