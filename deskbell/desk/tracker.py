"""Gathers what browsers report and writes it many at a time: a page view never costs a commit of its own (VISITOR-2)."""

import asyncio
from collections import deque
from itertools import chain

from deskbell.domain.commands import NotePage
from deskbell.domain.people import Customer
from deskbell.kit.clock import Clock
from deskbell.kit.logs import Log
from deskbell.kit.postgres import AWAY, Pool
from deskbell.store import page_views
from deskbell.store.page_views import Known, Report

from .batcher import Batcher

log = Log()

PAUSE_S = 0.05
WAITING = 5_000
AT_ONCE = 500


class Crowded(Exception):
    """More reports wait than are taken; the browser may try again."""


class Tracker:
    """`report` waits until what was reported is written. With the database away reports are refused, not kept."""

    def __init__(self, pool: Pool, clock: Clock, batcher: Batcher) -> None:
        self._pool = pool
        self._clock = clock
        self._batcher = batcher
        self._waiting: deque[tuple[Report, asyncio.Future[Known]]] = deque()
        self._wake = asyncio.Event()

    async def report(self, report: Report) -> Known:
        """Raises Crowded."""
        if len(self._waiting) >= WAITING:
            raise Crowded
        done: asyncio.Future[Known] = asyncio.get_running_loop().create_future()
        self._waiting.append((report, done))
        self._wake.set()
        return await done

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self.flush()
                await asyncio.sleep(PAUSE_S)

    async def flush(self) -> None:
        """Write some of what waits, and answer those who wait for it."""
        some = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
        try:
            known = await self._save([report for report, _ in some])
        except Exception as error:
            if not isinstance(error, AWAY):
                log.exception("reports_failed", count=len(some))
            known = {}
        for report, done in some:
            if done.done():
                continue
            if found := known.get(report.key_hash):
                done.set_result(found)
            else:
                done.set_exception(Crowded())

    async def _save(self, reports: list[Report]) -> dict[bytes, Known]:
        batch = page_views.joined(reports)
        async with self._pool.acquire() as connection, connection.transaction():
            known = await page_views.save(connection, batch, self._clock.now())
        for command in chain.from_iterable(map(_pages, known.values())):
            self._batcher.submit(command, lambda _: None)  # closed meanwhile: then it is not noted
        return known


def _pages(known: Known) -> list[NotePage]:
    """What the agents of an open chat are told."""
    if known.chat is None or known.customer_id is None:
        return []
    me = Customer(known.customer_id)
    return [NotePage(known.chat, me, f"page-{view.id}", view.url, view.title) for view in known.fresh]
