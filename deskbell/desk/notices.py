"""The bell of each member of staff: what a commit has to tell them, on all their devices and nodes (TEAM-3, TEAM-6)."""

from collections.abc import Sequence
from datetime import datetime

from deskbell.domain.conversation import Notification
from deskbell.kit.clock import Clock
from deskbell.kit.postgres import Connection, Pool
from deskbell.realtime.bus import CHANNEL, PostgresBus
from deskbell.realtime.frames import ChangedFrame, NoticeFrame, NoticesReadFrame, encode
from deskbell.realtime.hub import Hub
from deskbell.realtime.publication import Note, pack_notes
from deskbell.store import notifications
from deskbell.store.notifications import Stored

from .present import notice_of

READ_AT_ONCE = 200  # with more, devices ask for the list again


async def save(
    connection: Connection, told: Sequence[Notification], now: datetime, *, others: str | None
) -> list[Stored]:
    """Inside the transaction of the change, once its conversations are written.

    `others`: this node's name when other nodes must be told too, else None. For `Published.told` after the commit.
    """
    stored = await notifications.save(connection, told, now)
    if stored and others is not None:
        notes = [Note("notice", [one.staff_id, _frame(one).decode()]) for one in stored]
        await notifications.tell_nodes(connection, CHANNEL, pack_notes(others, notes))
    return stored


def _frame(stored: Stored) -> bytes:
    return encode(NoticeFrame(notice_of(stored)))


class Bell:
    """Tells people's devices, here and on the other nodes; what is lost on the way is read by HTTP after a gap."""

    def __init__(self, pool: Pool, clock: Clock, hub: Hub, bus: PostgresBus) -> None:
        self._pool = pool
        self._clock = clock
        self._hub = hub
        self._bus = bus

    def ring(self, stored: Sequence[Stored]) -> None:
        """After their commit: tell the devices on this node."""
        for one in stored:
            self._hub.tell_agent(one.staff_id, _frame(one))

    def hear_notice(self, staff_id: int, frame: str) -> None:
        """Another node has committed one."""
        self._hub.tell_agent(staff_id, frame.encode())

    async def read(
        self,
        staff_id: int,
        *,
        ids: Sequence[int] = (),
        conversation_id: int | None = None,
        everything: bool = False,
    ) -> None:
        """A person has read these, those of a conversation, or all: their other devices hear of it."""
        now = self._clock.now()
        if everything:
            was_unread = await notifications.read_all(self._pool, staff_id, now)
        else:
            was_unread = await notifications.read(self._pool, staff_id, ids, now) if ids else []
            if conversation_id is not None:
                was_unread += await notifications.read_of(self._pool, staff_id, conversation_id, now)
        if was_unread:
            told = was_unread if len(was_unread) <= READ_AT_ONCE else []
            self.hear_read(staff_id, *told)
            self._bus.send("notices_read", staff_id, *told)

    def hear_read(self, staff_id: int, *ids: int) -> None:
        """Without ids there were too many to name."""
        frame = NoticesReadFrame(list(ids)) if ids else ChangedFrame(["notices"])
        self._hub.tell_agent(staff_id, encode(frame))
