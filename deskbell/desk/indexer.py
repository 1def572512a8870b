"""Makes what was said findable, shortly after it was said and never in the way of it."""

import asyncio
import time
from collections.abc import Iterable
from itertools import islice

from deskbell.kit.logs import Log
from deskbell.kit.postgres import AWAY, Pool
from deskbell.store import search

log = Log()

PAUSE_S = 1.0
SHARE = 10
"""It rests ten times as long as it worked: under full load at most a tenth of one connection's time is spent here."""
AT_ONCE = 10
KEPT = 100_000
WINDOW = 5_000
BEHIND_AT_ONCE = 1_000


class Indexer:
    """`note` never waits. What is lost (a node died, or too much was noted) is found by `sweep`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._changed: set[int] = set()
        self._wake = asyncio.Event()
        self._swept_to = 0

    @property
    def is_busy(self) -> bool:
        """Something is noted that is not taken in yet."""
        return bool(self._changed)

    def note(self, ids: Iterable[int]) -> None:
        """These conversations have changed."""
        if len(self._changed) < KEPT:
            self._changed.update(ids)
        if self._changed:
            self._wake.set()

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(PAUSE_S)
            self._wake.clear()
            try:
                await self._work()
            except AWAY as error:
                log.warning("search_waits", error=type(error).__name__)
                self._wake.set()

    async def _work(self) -> None:
        while self._changed:
            began = time.monotonic()
            await self.take_in()
            await asyncio.sleep((time.monotonic() - began) * SHARE)

    async def take_in(self) -> None:
        """Write the words of some of the changed conversations; with the database away they stay noted."""
        ids = list(islice(self._changed, AT_ONCE))
        self._changed.difference_update(ids)
        try:
            self._changed.update(await search.take_in(self._pool, ids))
        except AWAY:
            self._changed.update(ids)
            raise

    async def sweep(self) -> None:
        """Everything open, and one window of numbers at a time from the newest down, then again from the top."""
        top = self._swept_to - 1 if self._swept_to > 1 else await search.newest(self._pool)
        self._swept_to = max(1, top - WINDOW)
        found = await search.behind(self._pool, self._swept_to, top, BEHIND_AT_ONCE)
        if len(found) == BEHIND_AT_ONCE:
            self._swept_to = top + 1  # the same window again: there may be more in it
        self.note(found)
