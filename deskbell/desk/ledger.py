"""Keeps what services send us: many webhooks in one statement, each answered once it is committed (CHANNEL-2)."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import asyncpg

from deskbell.kit.clock import Clock
from deskbell.kit.logs import Log
from deskbell.kit.postgres import AWAY, connect
from deskbell.store import arrivals
from deskbell.store.arrivals import Fresh

log = Log()

WAITING_BYTES = 64 * 1024 * 1024
"""Of payloads that are not written yet; more is refused, and the service sends it again."""
PAUSE_S = 0.004
"""Between two statements: what comes meanwhile goes together. Who comes alone never waits."""
AT_ONCE = 1_000
AT_ONCE_BYTES = 8 * 1024 * 1024


class NotKept(Exception):
    """It could not be stored just now: the service must be told to send it again."""


class _Waiting(NamedTuple):
    rows: Sequence[Fresh]
    size: int
    done: asyncio.Future[None]


class Ledger:
    """`keep` returns when it is committed. With the database away it refuses at once, and holds nothing back.

    On a connection of its own: a pool asks the database once more before it lets an answer go.
    """

    def __init__(self, dsn: str, clock: Clock) -> None:
        self._dsn = dsn
        self._clock = clock
        self._connection: asyncpg.Connection | None = None
        self._waiting: deque[_Waiting] = deque()
        self._size = 0
        self._wake = asyncio.Event()
        self.kept: Callable[[], None] = lambda: None
        """Called after each commit: whoever works on it begins at once."""

    async def keep(self, rows: Sequence[Fresh]) -> None:
        """Raises NotKept."""
        size = sum(len(row.payload) for row in rows)
        if self._size and self._size + size > WAITING_BYTES:
            raise NotKept
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(rows, size, done))
        self._size += size
        self._wake.set()
        await done

    async def run(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    await self.flush()
                    await asyncio.sleep(PAUSE_S)
        finally:
            self._let_go()

    async def flush(self) -> None:
        """Write some of what waits, and answer those who wait for it."""
        some = self._some()
        try:
            try:
                await self._save(some)
            except AWAY:
                raise
            except Exception:  # a bad neighbour must harm nobody
                for one in some:
                    await self._save_alone(one)
        except AWAY as error:
            log.warning("webhooks_wait", error=type(error).__name__, count=len(some))
            self._let_go()
        for one in some:
            if not one.done.done():
                one.done.set_exception(NotKept())
        self.kept()

    def _some(self) -> list[_Waiting]:
        some, rows, size = [], 0, 0
        while self._waiting and rows < AT_ONCE and size < AT_ONCE_BYTES:
            one = self._waiting.popleft()
            some.append(one)
            rows, size = rows + len(one.rows), size + one.size
        self._size -= size
        return some

    async def _save(self, some: Sequence[_Waiting]) -> None:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._dsn)
        await arrivals.keep(self._connection, [row for one in some for row in one.rows], self._clock.now())
        for one in some:
            if not one.done.done():
                one.done.set_result(None)

    async def _save_alone(self, one: _Waiting) -> None:
        try:
            await self._save([one])
        except AWAY:
            raise
        except Exception:
            log.exception("webhook_failed")

    def _let_go(self) -> None:
        """Nobody knows what state it is in."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
