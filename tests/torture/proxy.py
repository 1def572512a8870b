"""A TCP proxy that can misbehave: between clients and a node, or between a node and PostgreSQL.

Faults act on every link that is open, or on a share of them:

    cut     both ends are closed in an orderly way (FIN)
    reset   both ends are reset (RST), what was on its way is thrown away
    stall   a black hole: nothing more is carried and nobody is told, until `heal` or a cut
    refuse  new links are reset at once, until `heal`
"""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Callable
from pathlib import Path

CHUNK = 64 * 1024
RESET = struct.pack("ii", 1, 0)


class Link:
    """One carried connection, both ways."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.ends = (near, far)
        self.flowing = asyncio.Event()
        self.flowing.set()

    def cut(self) -> None:
        self.flowing.set()
        for end in self.ends:
            end.close()

    def reset(self) -> None:
        self.flowing.set()
        for end in self.ends:
            _reset(end)

    def stall(self) -> None:
        self.flowing.clear()


Tap = Callable[[Link, bytes, bool], bool]
"""Sees what a link is about to carry, and whether outward; False: it has dealt with it, carry nothing more."""


class FaultProxy:
    """Listens on 127.0.0.1 and carries to `target`: a (host, port), or the path of a Unix socket."""

    def __init__(self, port: int, target: tuple[str, int] | Path) -> None:
        self.port = port
        self.target = target
        self.links: set[Link] = set()
        self.refusing = False
        self.tap: Tap | None = None
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for link in list(self.links):
            link.reset()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def some(self, share: float, chance: random.Random) -> list[Link]:
        """A random share of the open links, one at least if there is any."""
        links = list(self.links)
        return chance.sample(links, min(len(links), max(1, round(share * len(links)))))

    def heal(self) -> None:
        """Carry again what was stalled, and take new links."""
        self.refusing = False
        for link in self.links:
            link.flowing.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            _reset(writer)
            return
        try:
            far_reader, far_writer = await self._open()
        except OSError:
            _reset(writer)
            return
        link = Link(writer, far_writer)
        self.links.add(link)
        task = asyncio.ensure_future(self._both_ways(link, reader, far_reader))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.target, Path):
            return await asyncio.open_unix_connection(str(self.target))
        return await asyncio.open_connection(*self.target)

    async def _both_ways(
        self, link: Link, near_reader: asyncio.StreamReader, far_reader: asyncio.StreamReader
    ) -> None:
        near, far = link.ends
        try:
            await asyncio.gather(
                self._carry(link, near_reader, far, outward=True),
                self._carry(link, far_reader, near, outward=False),
            )
        finally:
            self.links.discard(link)
            link.cut()

    async def _carry(
        self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, outward: bool
    ) -> None:
        try:
            while data := await reader.read(CHUNK):
                await link.flowing.wait()
                if self.tap is not None and not self.tap(link, data, outward):
                    return
                writer.write(data)
                await writer.drain()
            await link.flowing.wait()
            if writer.can_write_eof():
                writer.write_eof()
        except OSError:
            link.cut()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the other side sees RST, where the kind of socket knows it."""
    raw = writer.get_extra_info("socket")
    if raw is not None and raw.family != socket.AF_UNIX:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
