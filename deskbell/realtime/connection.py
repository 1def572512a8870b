"""One socket as the hub sees it: an outbox with a bound, and a way to close it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from .frames import Bye, encode

LOSSY_ABOVE = 256  # frames waiting: typing and presence are dropped first
CLOSE_ABOVE = 512  # and then the socket goes, to come back and resume
CLOSE_ABOVE_BYTES = 4 * 1024 * 1024

GOODBYE_S = 5.0  # a socket that does not even take its goodbye is let go of after that

SLOW = 4012

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Connection:
    """A live socket. Everything pushed is sent in order, or the socket is closed.

    `staff_id` is 0 for a visitor, `customer_id` is 0 for staff. Frames that wait together leave as one message,
    joined by newlines: a batch costs a receiver one write.
    """

    __slots__ = (
        "_backlog", "_bytes", "_closing", "_send", "_writer", "conversations", "customer_id", "departments", "expires_at",
        "heard_at", "id", "is_stuck", "name", "on_dirty", "on_stuck", "session_id", "staff_id", "supervises",
    )  # fmt: skip

    def __init__(self, id: str, send: Send, on_dirty: Callable[["Connection"], None]) -> None:
        self.id = id
        self.on_dirty = on_dirty
        self.on_stuck: Callable[[], object] | None = None
        self.is_stuck = False
        self.staff_id = 0
        self.customer_id = 0
        self.session_id = 0
        self.name = ""
        self.supervises = False
        self.departments: frozenset[int] = frozenset()
        self.conversations: set[int] = set()
        self.heard_at = 0.0
        self.expires_at: float | None = None
        self._send = send
        self._backlog: deque[bytes] = deque()
        self._bytes = 0
        self._writer: asyncio.Task[None] | None = None
        self._closing: Bye | None = None

    @property
    def is_closing(self) -> bool:
        return self._closing is not None

    def push(self, frame: bytes) -> None:
        """Queue a frame that must arrive."""
        if self._closing is not None:
            return
        if len(self._backlog) >= CLOSE_ABOVE or self._bytes > CLOSE_ABOVE_BYTES:
            self.close(SLOW, "This connection was too slow.", 0)
            return
        if not self._backlog:
            self.on_dirty(self)
        self._backlog.append(frame)
        self._bytes += len(frame)

    def push_lossy(self, frame: bytes) -> None:
        """Queue a frame that may be lost (typing, presence)."""
        if len(self._backlog) < LOSSY_ABOVE:
            self.push(frame)

    def close(self, code: int, text: str, after_ms: int = 0) -> None:
        """Say why, then close. What waits in the outbox of a slow socket is dropped: it resumes."""
        if self._closing is not None:
            return
        self._closing = Bye(code, text, after_ms)
        if code == SLOW:
            self._backlog.clear()
        self._backlog.append(encode(self._closing))
        self.on_dirty(self)
        asyncio.get_running_loop().call_later(GOODBYE_S, self._let_go)

    def _let_go(self) -> None:
        """The far end takes nothing, not even the goodbye: end its handler, so that nothing is kept for it."""
        if self._writer is not None:
            self.is_stuck = True
            self._writer.cancel()
            if self.on_stuck is not None:
                self.on_stuck()

    def flush(self) -> None:
        """Write what waits. Runs without a task as long as the transport takes it at once.

        The server's `send` waits only before it writes anything, so a send that would wait is dropped
        here unstarted and handed to a task.
        """
        if self._writer is not None or not self._backlog:
            return
        if self._closing is None:
            message = self._take()
            coroutine = self._send(message)
            try:
                coroutine.send(None)  # type: ignore[attr-defined]
            except StopIteration:
                return
            except Exception:  # the socket is gone: its handler hears of it by itself
                self._backlog.clear()
                return
            coroutine.close()  # type: ignore[attr-defined]
            self._writer = asyncio.create_task(self._write(message))
        else:
            self._writer = asyncio.create_task(self._write(None))

    async def written(self) -> None:
        """Wait until nothing is being written any more."""
        if self._writer is not None:
            await asyncio.wait([self._writer], timeout=2)

    def _take(self) -> dict[str, Any]:
        frames = self._backlog
        data = frames[0] if len(frames) == 1 else b"\n".join(frames)
        frames.clear()
        self._bytes = 0
        return {"type": "websocket.send", "text": data.decode()}

    async def _write(self, message: dict[str, Any] | None) -> None:
        try:
            if message is not None:
                await self._send(message)
            while self._backlog:
                await self._send(self._take())
            if self._closing is not None:
                await self._send(
                    {"type": "websocket.close", "code": self._closing.code, "reason": self._closing.text}
                )
        except Exception:  # the socket is gone: its handler hears of it by itself
            self._backlog.clear()
        finally:
            self._writer = None
