"""Many webhooks a second, for measuring who takes them: one message each, signed, over connections that stay open.

It speaks HTTP by itself: a client library would need more of the machine than the measured server does.
"""

import asyncio
import contextlib
import math
import time
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from whatsapp_sim import payloads
from whatsapp_sim.clock import Clock
from whatsapp_sim.delivery import signature
from whatsapp_sim.dice import Dice
from whatsapp_sim.payloads import MESSAGES, Update
from whatsapp_sim.state import App, Number, User

LINES = 64
"""Connections at once; a POST that finds none free waits, and that counts."""
PATIENCE_S = 10.0
CUSTOMERS = 500
FIXED = "Content-Type: application/json\r\nUser-Agent: facebookexternalua\r\nX-Simulator: whatsapp\r\n"
MOST_RATE = 5_000
MOST_S = 600.0


class Flood(NamedTuple):
    """`times_ms`: from the moment a POST was due to its answer, in the order of the answers. `failed`: without a 200."""

    sent: int
    failed: int
    seconds: float
    times_ms: list[float]

    def percentile(self, share: float) -> float:
        """Milliseconds; 0 of nothing."""
        ordered = sorted(self.times_ms)
        return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


class _Line:
    """One connection, opened when it is needed."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, request: bytes) -> int:
        """The status. Raises OSError, EOFError or TimeoutError; then the next one opens it again."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                if self._streams is None:
                    self._streams = await asyncio.open_connection(self._host, self._port)
                reader, writer = self._streams
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(_length(head))
        except (OSError, EOFError, TimeoutError):
            await self.close()
            raise
        if b"\r\nconnection: close" in head.lower():
            await self.close()
        return int(head[9:12])

    async def close(self) -> None:
        streams, self._streams = self._streams, None
        if streams:
            streams[1].close()
            with contextlib.suppress(OSError):
                await streams[1].wait_closed()


def _length(head: bytes) -> int:
    lower = head.lower()
    if b"\r\ncontent-length:" not in lower:
        return 0
    return int(lower.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])


async def flood(
    app: App, number: Number, dice: Dice, clock: Clock, first: int, rate: float, seconds: float
) -> Flood:
    """Post `rate` webhooks a second for so many seconds. `first` numbers the messages: no number may be used again.

    Raises ValueError when there is no webhook on plain http, or for what is out of bounds.
    """
    target = urlsplit(app.webhook)
    if target.scheme != "http" or not target.hostname:
        raise ValueError("a flood needs a webhook on plain http")
    if not (0 < rate <= MOST_RATE and 0 < seconds <= MOST_S):
        raise ValueError(f"rate is up to {MOST_RATE} a second, seconds up to {MOST_S:.0f}")
    lines = [_Line(target.hostname, target.port or 80) for _ in range(LINES)]
    free: asyncio.Queue[_Line] = asyncio.Queue()
    for line in lines:
        free.put_nowait(line)
    letters = _Letters(app, number, dice, clock, target)
    try:
        return await _run(letters, free, first, rate, seconds)
    finally:
        for line in lines:
            await line.close()


async def _run(
    letters: "_Letters", free: "asyncio.Queue[_Line]", first: int, rate: float, seconds: float
) -> Flood:
    count, begun = round(rate * seconds), time.perf_counter()
    times: list[float] = []
    statuses: list[int] = []

    async def post(due: float, request: bytes) -> None:
        line = await free.get()
        try:
            statuses.append(await line.post(request))
        except (OSError, EOFError, TimeoutError):
            statuses.append(0)
        finally:
            free.put_nowait(line)
        times.append((time.perf_counter() - due) * 1000)

    tasks: set[asyncio.Task[None]] = set()
    for place in range(count):
        due, request = begun + place / rate, letters.request(first + place)
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(post(due, request))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    return Flood(count, count - statuses.count(200), time.perf_counter() - begun, times)


class _Letters:
    """Makes whole POSTs, ready to be written."""

    def __init__(self, app: App, number: Number, dice: Dice, clock: Clock, target: SplitResult) -> None:
        self._number, self._dice, self._clock, self._secret = number, dice, clock, app.secret
        self._start = f"POST {target.path or '/'} HTTP/1.1\r\nHost: {target.netloc}\r\n" + FIXED
        self._users = [self._user(place) for place in range(CUSTOMERS)]

    def _user(self, place: int) -> User:
        user_id = f"US.{self._dice.digits(20, 'flood', place)}"
        return User(f"flood{place}", f"Flood {place}", f"1555{9_000_000 + place}", user_id)

    def request(self, place: int) -> bytes:
        user, now = self._users[place % CUSTOMERS], self._clock.now()
        message: dict[str, Any] = {
            "id": self._dice.wamid(user.phone, "flood", place),
            "timestamp": str(int(now)),
            "type": "text",
            "text": {"body": f"Message {place} of a flood"},
        }
        value = payloads.message_value(self._number, user, message, hidden=False)
        update = Update(self._number.account, MESSAGES, value, "", "")
        body = payloads.encoded(payloads.body_of([update], now))
        signed = (
            f"X-Hub-Signature-256: {signature(self._secret, body)}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return (self._start + signed).encode() + body
