"""News between nodes: NOTIFY on one channel. A wake-up, not a queue: whoever misses one reads the database.

What a batch has committed travels in its own transaction (store/changes.py sends the payloads of `pack`).
This module listens, and sends the notes that may be lost.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from deskbell.kit.logs import Log
from deskbell.kit.postgres import AWAY, Pool, connect

from .publication import Note, Notice, decode_notice, pack_notes

log = Log()

CHANNEL = "deskbell"
NOTES_KEPT = 1_000

Receive = Callable[[Notice], None]


class PostgresBus:
    """`send` notes to the other nodes; `receive` is called with every notice of theirs.

    `on_gap` is called whenever listening begins (again): news may have been missed before.
    """

    def __init__(
        self, dsn: str, pool: Pool, node: str, receive: Receive, on_gap: Callable[[], Awaitable[None]]
    ) -> None:
        self.alone = False  # no other node is known: notes need not be sent
        self._dsn = dsn
        self._pool = pool
        self._node = node
        self._receive = receive
        self._on_gap = on_gap
        self._notes: list[Note] = []
        self._wake = asyncio.Event()

    def send(self, what: str, *values: int | str | bool | None) -> None:
        """Tell the other nodes. Lost when there are too many, or the database is away."""
        if not self.alone and len(self._notes) < NOTES_KEPT:
            self._notes.append(Note(what, list(values)))
            self._wake.set()

    async def announce(self) -> None:
        """Say that this node is here. Sent at once, whether other nodes are known or not."""
        (payload,) = pack_notes(self._node, [Note("here", [])])
        await self._pool.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)

    async def run_sender(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            notes, self._notes = self._notes, []
            payloads = pack_notes(self._node, notes)
            try:
                await self._pool.execute(
                    f"SELECT pg_notify('{CHANNEL}', p) FROM unnest($1::text[]) AS p", payloads
                )
            except AWAY:
                log.warning("bus_notes_lost", count=len(notes))
            await asyncio.sleep(0.02)

    async def run_listener(self) -> None:
        while True:
            try:
                connection = await connect(self._dsn)
            except AWAY:
                await asyncio.sleep(0.5)
                continue
            try:
                await self._listen(connection)
            except AWAY:
                log.warning("bus_lost")
            finally:
                connection.terminate()

    async def _listen(self, connection: asyncpg.Connection) -> None:
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        await connection.add_listener(CHANNEL, self._hear)
        await self._on_gap()
        while not lost.is_set():
            try:
                await asyncio.wait_for(lost.wait(), 15)
            except TimeoutError:
                await connection.execute("SELECT 1")  # a dead link shows itself only when used

    def _hear(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        try:
            notice = decode_notice(str(payload))
            if notice.node != self._node:
                self._receive(notice)
        except Exception:
            log.exception("bus_notice_unreadable")
