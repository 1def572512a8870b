"""Works on what messaging services sent us: in order for each sender, many senders at once (CHANNEL-2).

The ledger is worked on by one node at a time. Whatever it does can be done again: a crash at any point is harmless.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

from deskbell.channels.base import Channel
from deskbell.desk.desk import Desk
from deskbell.domain.errors import Refused
from deskbell.kit.clock import Clock
from deskbell.kit.logs import Log
from deskbell.kit.postgres import AWAY, Connection, Pool
from deskbell.store import arrivals, coming
from deskbell.store.arrivals import Arrival

from .arrived import Hears, Later, Round, Told

log = Log()

AT_ONCE = 250
POLL_S = 2.0
BUSY_S = 0.05
"""Another node is at it just now; it may not have seen what came here."""
GATHER_S = 0.02
"""Between two rounds: what comes meanwhile is worked on together. Who writes after a silence never waits."""
FORGET_S = 600.0
FORGOTTEN = 1_000
KEPT = timedelta(days=14)
"""What is done, with what people wrote in it. Services repeat themselves for a week: until then the keys must be known."""
PAUSES = tuple(timedelta(seconds=s) for s in (2, 20, 120, 600, 3600, 4 * 3600, 12 * 3600))
"""Between the tries with what something goes wrong with; then it is put aside, and the metrics say so."""
PATIENCE = tuple(timedelta(seconds=s) for s in (2, 10, 60, 300, 1800, 2 * 3600, 6 * 3600, 15 * 3600))
"""For news of a message that we do not know, or not yet; then it was never ours."""


class Arrivals:
    """A way in (channels/base.py)."""

    def __init__(
        self,
        pool: Pool,
        clock: Clock,
        desk: Desk,
        channels: Mapping[str, Channel],
        hears: Hears,
        files_wait: Callable[[], None] = lambda: None,
    ) -> None:
        """`files_wait` is called when a message came whose file is to be fetched."""
        self._pool = pool
        self._clock = clock
        self._desk = desk
        self._channels = channels
        self._hears = hears
        self._files_wait = files_wait
        self._wake = asyncio.Event()
        desk.ledger.kept = self._wake.set

    async def run(self) -> None:
        """Until cancelled. What was put aside gets another chance at each start."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._work_for_ever())
            group.create_task(self._forget_for_ever())

    async def _work_for_ever(self) -> None:
        reopened = False
        while True:
            self._wake.clear()
            pause = POLL_S
            try:
                if not reopened:
                    await arrivals.reopen(self._pool, self._clock.now())
                    reopened = True
                if await self.work() is None:
                    pause = BUSY_S
            except AWAY as error:
                log.warning("arrivals_wait", error=type(error).__name__)
            await asyncio.sleep(BUSY_S if pause == BUSY_S else GATHER_S)
            if pause != BUSY_S:
                await _either(self._wake.wait(), pause)

    async def _forget_for_ever(self) -> None:
        while True:
            try:
                await self.forget()
            except AWAY as error:
                log.warning("arrivals_wait", error=type(error).__name__)
            await asyncio.sleep(FORGET_S)

    async def forget(self) -> None:
        """What was done long ago, some at a time."""
        gone = FORGOTTEN
        while gone == FORGOTTEN:
            gone = await arrivals.forget(self._pool, self._clock.now() - KEPT, FORGOTTEN)

    async def work(self) -> int | None:
        """Work on all that is due; how many were settled. None: another node is at it."""
        async with self._pool.acquire() as connection:
            if not await arrivals.try_lock(connection):
                return None
            try:
                count = 0
                while found := await arrivals.due(connection, self._clock.now(), AT_ONCE):
                    count += await self._settle(connection, found)
                return count
            finally:
                if not connection.is_closed():
                    await arrivals.unlock(connection)

    async def _settle(self, connection: Connection, found: Sequence[Arrival]) -> int:
        try:
            return await self._together(connection, found)
        except AWAY:
            raise
        except Exception as error:  # a bad neighbour must harm nobody: one by one
            log.warning("arrivals_failed", error=type(error).__name__, count=len(found))
        count = 0
        for one in found:
            try:
                count += await self._together(connection, [one])
            except AWAY:
                raise
            except Exception as error:
                log.exception("arrival_failed", arrival=one.id)
                await self._again(connection, one, type(error).__name__)
        return count

    async def _together(self, connection: Connection, found: Sequence[Arrival]) -> int:
        now = self._clock.now()
        round_ = Round(connection, self._pool, self._desk, self._hears, now)
        told = [
            Told(one, self._channels[one.channel].arrived(one.payload)) for one in found if self._can(one)
        ]
        results = await round_.work(told)
        settled = [result for _, result in results if isinstance(result, arrivals.Settled)]
        async with connection.transaction():
            if settled:
                await arrivals.done(connection, settled, now)
            if round_.coming:
                await coming.add(connection, round_.coming, now)
            for one in found:
                if not self._can(one):
                    await self._again(connection, one, "the channel is not set up")
            for one, result in results:
                await self._note(connection, one, result)
        if round_.coming:
            self._files_wait()
        return len(settled)

    def _can(self, arrival: Arrival) -> bool:
        return arrival.channel in self._channels

    async def _note(self, connection: Connection, one: Arrival, result: object) -> None:
        if isinstance(result, Later):
            await self._wait(connection, one)
        elif isinstance(result, Refused):
            await self._again(connection, one, f"{result.code}: {result.text}")
        elif isinstance(result, AWAY):
            await self._again(connection, one, type(result).__name__)
        elif isinstance(result, Exception):
            log.error("arrival_failed", arrival=one.id, error=type(result).__name__, exc_info=result)
            await self._again(connection, one, type(result).__name__)

    async def _wait(self, connection: Connection, one: Arrival) -> None:
        now = self._clock.now()
        if one.tries < len(PATIENCE):
            await arrivals.later(connection, one.id, now + PATIENCE[one.tries])
        else:
            await arrivals.done(connection, [arrivals.Settled(one, "unknown")], now)

    async def _again(self, connection: Connection, one: Arrival, error: str) -> None:
        now = self._clock.now()
        if one.tries < len(PAUSES):
            await arrivals.later(connection, one.id, now + PAUSES[one.tries], error)
        else:
            log.error("arrival_put_aside", arrival=one.id, error=error)
            await arrivals.aside(connection, one.id, error, now)


async def _either(event: Awaitable[object], seconds: float) -> None:
    """Wait for it, but not for ever."""
    try:
        async with asyncio.timeout(seconds):
            await event
    except TimeoutError:
        pass
