"""How many page views a second are reported over HTTP, each answered only after it is stored."""

import asyncio
import secrets
import time
from urllib.parse import urlencode

import asyncpg

from bench import server
from bench.server import BenchError

AT_ONCE = 400
BROWSERS = 2_000
ORIGIN = "https://shop.example"


class _Site:
    """Browsers that open one page after the other, each from an address of its own behind a proxy."""

    def __init__(self, port: int, key: str, until: float) -> None:
        self.answered = 0
        self._port, self._key, self._until = port, key, until
        self._browsers = [secrets.token_hex(16) for _ in range(BROWSERS)]
        self._views = 0

    async def browse(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            while time.monotonic() < self._until:
                writer.write(self._request())
                await server.answered(reader, "a report")
                self.answered += 1
        finally:
            writer.close()

    def _request(self) -> bytes:
        self._views += 1
        number = self._views % BROWSERS
        page = f"{ORIGIN}/page/{self._views}"
        form = {
            "s": self._key,
            "k": self._browsers[number],
            "i": self._views,
            "u": page,
            "t": "A page",
            "w": 3,
        }
        body = urlencode(form).encode()
        head = (
            f"POST /api/widget/visit HTTP/1.1\r\nHost: desk\r\nOrigin: {ORIGIN}\r\n"
            f"X-Forwarded-For: 10.1.{number // 250}.{number % 250}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


async def views_per_s(db: asyncpg.Connection, port: int, site: int, seconds: float) -> float:
    """Views answered and stored in each second. Raises BenchError when one was answered and is not there."""
    key = await db.fetchval("SELECT key FROM site WHERE id = $1", site)
    began = time.monotonic()
    crowd = _Site(port, key, began + seconds)
    await asyncio.gather(*(crowd.browse() for _ in range(AT_ONCE)))
    took = time.monotonic() - began
    stored = await db.fetchval("SELECT count(*) FROM page_view")
    if stored != crowd.answered:
        raise BenchError(f"{crowd.answered} views were answered, {stored} are stored")
    return crowd.answered / took
