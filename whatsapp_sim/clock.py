"""The simulator's own time: it runs like any clock or stands still, and can be moved by hand."""

import asyncio
import time
from collections.abc import Callable


class Clock:
    """Unix seconds. `start` is the first reading (default: the machine's time)."""

    def __init__(
        self,
        start: float | None = None,
        *,
        running: bool = True,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._elapsed = elapsed
        self._at = time.time() if start is None else start
        self._since = elapsed()
        self._running = running
        self._moved = asyncio.Event()

    @property
    def running(self) -> bool:
        return self._running

    def now(self) -> float:
        return self._at + (self._elapsed() - self._since if self._running else 0.0)

    def advance(self, seconds: float) -> None:
        """Jump forward. Raises ValueError for a step back: use `set` to choose another time."""
        if seconds < 0:
            raise ValueError("a clock advances by 0 seconds or more")
        self.set(self.now() + seconds)

    def set(self, at: float) -> None:
        """It is `at` now; who waits looks again."""
        self._at, self._since = at, self._elapsed()
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def run(self, running: bool) -> None:
        """Let it run, or hold it."""
        now = self.now()
        self._running = running
        self.set(now)

    async def wait_until(self, at: float) -> None:
        """Return once it is `at`, by running or by being moved there."""
        while (left := at - self.now()) > 0:
            try:
                async with asyncio.timeout(left if self._running else None):
                    await self._moved.wait()
            except TimeoutError:
                continue
