"""The limit program: the honest least that could do the job, as a yardstick for what the desk's rules cost.

Decode a frame, one multi-row insert per batch, commit, acknowledge, push to the agent and the visitor. It has the
desk's server settings, database settings, table `entry` with both unique indexes, frames (an entry without the
list card) and habit of joining what waits for one socket into one message. It has no sign-in, rules, locks,
repeats, list cards, other nodes, heartbeats or limits, and keeps the last number of a conversation in memory.

`python -m bench.limit PORT DSN`: a visitor's token is its conversation's number, an agent's cookie `agent=N`
gets the conversations whose number leaves the rest N when divided by AGENTS.
"""

import asyncio
import gc
import sys
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import msgspec
import uvicorn

from deskbell.realtime import frames

BATCH = 200
AGENTS = 20
LANES = 2

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

_INSERT = """
    INSERT INTO entry (conversation_id, seq, kind, public, prev_public, author, author_id, client_id, text, at)
    SELECT c, seq, 'message', true, seq - 1, 'customer', c, id, text, now()
    FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[]) AS m (c, seq, id, text)
"""


class Socket:
    """What waits for one socket leaves as one message."""

    def __init__(self, send: Send) -> None:
        self.waiting: list[bytes] = []
        self._send = send

    async def flush(self) -> None:
        text = b"\n".join(self.waiting).decode()
        self.waiting.clear()
        await self._send({"type": "websocket.send", "text": text})


class Lane:
    """One writing connection; a conversation stays in its lane."""

    def __init__(self, dsn: str, agents: dict[int, Socket]) -> None:
        self._dsn = dsn
        self._agents = agents
        self._queue: deque[tuple[Socket, frames.Send]] = deque()
        self._wake = asyncio.Event()
        self._last: defaultdict[int, int] = defaultdict(int)

    def put(self, socket: Socket, send: frames.Send) -> None:
        self._queue.append((socket, send))
        self._wake.set()

    async def run(self) -> None:
        connection = await asyncpg.connect(self._dsn)
        insert = await connection.prepare(_INSERT)
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
                await self._write(insert, batch)

    async def _write(self, insert: Any, batch: list[tuple[Socket, frames.Send]]) -> None:
        numbered = []
        for socket, send in batch:
            self._last[send.c] += 1
            numbered.append((socket, send, self._last[send.c]))
        await insert.fetch(
            [send.c for _, send, _ in numbered],
            [seq for _, _, seq in numbered],
            [send.id for _, send, _ in numbered],
            [send.text for _, send, _ in numbered],
        )
        at = time.time_ns() // 1_000_000
        touched: set[Socket] = set()
        for socket, send, seq in numbered:
            entry = frames.Entry(
                seq, "message", "customer", at, prev=seq - 1, by_id=send.c, text=send.text, id=send.id
            )
            pushed = frames.encode(frames.EntryFrame(send.c, entry))
            socket.waiting += (frames.encode(frames.Ack(send.id, send.c, seq, at)), pushed)
            touched.add(socket)
            agent = self._agents.get(send.c % AGENTS)
            if agent is not None:
                agent.waiting.append(pushed)
                touched.add(agent)
        for socket in touched:
            await socket.flush()


class Limit:
    """The ASGI application."""

    def __init__(self, dsn: str) -> None:
        self._agents: dict[int, Socket] = {}
        self._lanes = [Lane(dsn, self._agents) for _ in range(LANES)]
        self._tasks: list[asyncio.Task[None]] = []

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await send({"type": "http.response.start", "status": 200})
            await send({"type": "http.response.body", "body": b"ok"})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self._tasks = [asyncio.create_task(lane.run()) for lane in self._lanes]
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in self._tasks:
            task.cancel()
        await send({"type": "lifespan.shutdown.complete"})

    async def _socket(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        socket = Socket(send)
        for name, value in scope["headers"]:
            if name == b"cookie" and value.startswith(b"agent="):
                self._agents[int(value[6:])] = socket
        decode = msgspec.json.Decoder(frames.Hello | frames.Send | frames.Ping | frames.Pong).decode
        while (message := await receive())["type"] == "websocket.receive":
            for line in message["text"].split("\n"):
                frame = decode(line)
                if isinstance(frame, frames.Send):
                    self._lanes[frame.c % LANES].put(socket, frame)
                elif isinstance(frame, frames.Hello):
                    ready = frames.Ready(frames.PROTOCOL, "limit", "limit", 0, 25_000)
                    await send({"type": "websocket.send", "text": frames.encode(ready).decode()})


def main(port: int, dsn: str) -> None:
    uvicorn.run(
        Limit(dsn),
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
