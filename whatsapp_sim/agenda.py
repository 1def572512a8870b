"""What is to be done and when, on the simulator's clock."""

import asyncio
import heapq
import itertools
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from whatsapp_sim.clock import Clock

log = logging.getLogger("whatsapp_sim")
Work = Callable[[], Awaitable[None]]


@dataclass(order=True, slots=True)
class Item:
    due: float
    seq: int
    work: Work = field(compare=False)
    lane: str = field(compare=False)
    done: "asyncio.Future[None]" = field(compare=False)


class Agenda:
    """Work of one lane is done one after the other in the order of its times; lanes go side by side."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._items: list[Item] = []
        self._seq = itertools.count()
        self._lanes: dict[str, deque[Item]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._active = 0
        self._news = asyncio.Event()
        self._calm = asyncio.Event()

    def at(self, due: float, work: Work, lane: str = "") -> "asyncio.Future[None]":
        """Plan it; an empty lane is a lane of its own. The future is done when the work is."""
        seq = next(self._seq)
        done = asyncio.get_running_loop().create_future()
        heapq.heappush(self._items, Item(due, seq, work, lane or f"#{seq}", done))
        self._news.set()
        return done

    async def run(self) -> None:
        """Do what is due, for ever."""
        try:
            while True:
                self._start_due()
                self._news.clear()
                await self._until_news()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _until_news(self) -> None:
        """Something was planned, or its time has come, or the clock was moved."""
        news = asyncio.ensure_future(self._news.wait())
        waits = [news]
        if self._items:
            waits.append(asyncio.ensure_future(self._clock.wait_until(self._items[0].due)))  # type: ignore[arg-type]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _start_due(self) -> None:
        now = self._clock.now()
        while self._items and self._items[0].due <= now:
            item = heapq.heappop(self._items)
            self._active += 1
            if item.lane in self._lanes:
                self._lanes[item.lane].append(item)
                continue
            self._lanes[item.lane] = deque([item])
            task = asyncio.create_task(self._work(item.lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self, lane: str) -> None:
        waiting = self._lanes[lane]
        try:
            while waiting:
                item = waiting.popleft()
                try:
                    await item.work()
                except Exception:
                    log.exception("work_failed")
                finally:
                    self._active -= 1
                    if not item.done.done():
                        item.done.set_result(None)
                    self._calm.set()
        finally:
            self._active -= len(waiting)
            self._lanes.pop(lane, None)

    def _busy(self) -> bool:
        return self._active > 0 or bool(self._items and self._items[0].due <= self._clock.now())

    @property
    def planned(self) -> int:
        """How much is still to be done, now or later."""
        return self._active + len(self._items)

    async def idle(self, *, jump: bool = False) -> None:
        """Wait until nothing is under way. With `jump` the clock is moved on to what is planned, until nothing is left."""
        while True:
            while self._busy():
                self._calm.clear()
                await self._calm.wait()
            if not (jump and self._items):
                return
            self._clock.set(max(self._clock.now(), self._items[0].due))
