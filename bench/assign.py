"""From a free slot to the next chat: an agent ends a chat, the oldest one that waits must come."""

import asyncio
import json
import time
from collections import deque
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from bench.people import Guest, Member
from bench.server import BenchError

ROOM = 5
PATIENCE_SECONDS = 15


async def start_chats(origin: str, guests: list[Guest], *, at_once: int = 8) -> list[int]:
    """Each guest starts a chat by HTTP, as the widget may; the conversations in the order of the guests."""
    turn = asyncio.Semaphore(at_once)

    async def start(http: httpx.AsyncClient, n: int, guest: Guest) -> int:
        headers = {"Authorization": f"Bearer {guest.token}", "Origin": origin}
        body = {"id": f"start-{n}", "text": "Hello, can you help me?"}
        async with turn:
            reply = await http.post(f"{origin}/api/widget/start", json=body, headers=headers)
        if reply.status_code not in (200, 201):
            raise BenchError(f"a chat did not start: {reply.status_code} {reply.text[:200]}")
        return int(reply.json()["c"])

    async with httpx.AsyncClient(timeout=20) as http:
        return list(await asyncio.gather(*(start(http, n, guest) for n, guest in enumerate(guests))))


async def assign_times(origin: str, agent: Member, guests: list[Guest], rounds: int) -> list[float]:
    """Seconds from sending `close` until another chat is given to the agent; needs rounds + ROOM guests."""
    async with connect(
        origin.replace("http", "ws", 1) + "/api/socket",
        origin=origin,  # type: ignore[arg-type]
        additional_headers={"Cookie": agent.cookie},
        compression=None,
        max_size=None,
    ) as socket:
        console = Console(socket)
        await console.hello()
        await start_chats(origin, guests[: rounds + ROOM])
        mine = [await console.assigned() for _ in range(ROOM)]
        times = []
        for n in range(rounds):
            began = time.perf_counter()
            await socket.send(json.dumps({"t": "close", "id": f"close-{n}", "c": mine.pop(0)}))
            mine.append(await console.assigned())
            times.append(time.perf_counter() - began)
        return times


class Console:
    """An agent's socket, read frame by frame."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._waiting: deque[dict[str, Any]] = deque()

    async def hello(self) -> None:
        await self._socket.send('{"t":"hello","v":1}')
        while (await self._next())["t"] != "ready":
            pass

    async def assigned(self) -> int:
        """The next conversation that is given to us."""
        while True:
            frame = await self._next()
            if frame["t"] == "entry" and frame["e"].get("event", {}).get("name") == "assigned":
                return int(frame["c"])

    async def _next(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self._waiting:
                self._waiting.extend(json.loads(line) for line in str(await self._socket.recv()).split("\n"))
        return self._waiting.popleft()
