"""The clock's commands: finds what has run out under the present preferences and submits it like anybody else (LIFE-18).

No timer lives in memory. Every node may sweep; an advisory lock lets one at a time do so, which only saves work:
each command is looked at again under the row's lock, so whatever is submitted twice is refused once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from deskbell.domain.commands import TimeIsUp
from deskbell.domain.errors import Refused
from deskbell.domain.people import SYSTEM
from deskbell.kit.clock import Clock
from deskbell.kit.postgres import Connection, Pool
from deskbell.store import timers as rows
from deskbell.store.timers import Due

from .batcher import Batcher
from .directory import Directory

SWEEP_S = 0.5
AT_ONCE = 1_000


class Timekeeper:
    def __init__(self, pool: Pool, clock: Clock, batcher: Batcher, directory: Directory) -> None:
        self._pool = pool
        self._clock = clock
        self._batcher = batcher
        self._directory = directory

    async def sweep(self) -> None:
        """Settle what is due, all of it; nothing when another node is at it."""
        await self._alone(self._due)

    async def archive(self) -> None:
        """Tickets whose 90 days are over (TICKET-5)."""
        await self._alone(lambda connection: rows.aged(connection, self._clock.now(), AT_ONCE))

    async def _alone(self, find: Callable[[Connection], Awaitable[list[Due]]]) -> None:
        async with self._pool.acquire() as connection:
            if not await rows.try_lock(connection):
                return
            try:
                await self._settle_all(lambda: find(connection))
            finally:
                if not connection.is_closed():
                    await rows.unlock(connection)

    def _due(self, connection: Connection) -> Awaitable[list[Due]]:
        return rows.due(connection, self._directory.preferences, self._clock.now(), AT_ONCE)

    async def _settle_all(self, find: Callable[[], Awaitable[list[Due]]]) -> None:
        """Page by page, until nothing more is due or nothing more can be settled now."""
        while found := await find():
            if not await self._settle(found) or len(found) < AT_ONCE:
                return

    async def _settle(self, found: Sequence[Due]) -> int:
        """How many were settled. A refusal is no fault: somebody was faster, or the next sweep tries again."""
        results = await asyncio.gather(
            *(self._batcher.perform(TimeIsUp(due.conversation_id, due.timer, SYSTEM)) for due in found),
            return_exceptions=True,
        )
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, Refused):
                raise result
        return sum(not isinstance(result, Refused) for result in results)
