"""The two kinds of clients: visitors who start, write, end and start again; agents who answer what is theirs."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from tests.torture.client import TROUBLE, WINDOW, Broken, Client
from tests.torture.journal import Journal
from tests.torture.outbox import Wanted


class Visitor(Client):
    """One browser with one token. `restarts`: ends its chat now and then and starts another one."""

    socket_path = "/api/widget/socket"

    def __init__(
        self,
        journal: Journal,
        nodes: list[str],
        origin: str,
        http: httpx.AsyncClient,
        token: str,
        restarts: bool,
    ) -> None:
        super().__init__(journal, nodes, origin, http)
        self.token = token
        self.restarts = restarts
        self.current: int | None = None

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Origin": self.origin}

    def hello(self) -> dict[str, Any]:
        have = {str(c): seq for c, seq in list(self.have.items())[-100:]}
        return {"t": "hello", "v": 1, "token": self.token, "have": have}

    def before(self, entry: Mapping[str, Any]) -> int:
        return int(entry.get("prev", entry["seq"] - 1))

    async def ready(self, frame: dict[str, Any]) -> None:
        c = frame.get("c")
        if c is not None and c not in self.have:
            self.current = c
            self.have[c] = 0
            await self.fetch(c)

    def entries_path(self, c: int) -> str:
        return "/api/widget/entries"

    def entries_query(self, c: int) -> dict[str, int]:
        return {"c": c}

    def http_body(self, wanted: Wanted) -> dict[str, Any]:
        return wanted.frame()

    def message_path(self, wanted: Wanted) -> str:
        return {"send": "/api/widget/messages", "start": "/api/widget/start", "close": "/api/widget/close"}[
            wanted.do
        ]

    def answered(self, wanted: Wanted | None, answer: dict[str, Any]) -> None:
        if wanted is not None and wanted.do == "start":
            self.current = answer["c"]
            self.have.setdefault(answer["c"], 0)
            self.shown.add(answer["c"])
        elif wanted is not None and wanted.do == "close":
            self.current = None

    async def live(self) -> None:
        """Write for ever, in bursts, by socket or HTTP; first start a chat."""
        chat_until = 0.0
        clock = asyncio.get_running_loop().time
        while True:
            await self.talking.wait()
            if self.outbox:
                await asyncio.sleep(0.05)
            elif self.current is None:
                await self._one("start", None)
                chat_until = clock() + self.chance.uniform(10, 30)
            elif self.restarts and clock() > chat_until:
                await self._one("close", self.current)
            else:
                await self._burst(self.current)

    async def _one(self, do: str, c: int | None) -> None:
        wanted = self.wish(do, c)
        if self.chance.random() < 0.3:
            await self.deliver_by_http(wanted)
        else:
            await self.deliver(wanted)

    async def _burst(self, c: int) -> None:
        if self.chance.random() < 0.15:
            await self.deliver_by_http(self.wish("send", c))
        for _ in range(self.chance.choice((1, 1, 2, 3, 6))):
            await self.deliver(self.wish("send", c))
        await asyncio.sleep(self.chance.uniform(0.1, 1.2))


class Agent(Client):
    """One console: watches the chats it is given and answers some of what customers write."""

    socket_path = "/api/socket"

    def __init__(
        self, journal: Journal, nodes: list[str], origin: str, http: httpx.AsyncClient, cookie: str
    ) -> None:
        super().__init__(journal, nodes, origin, http)
        self.cookie = cookie
        self._to_answer: asyncio.Queue[int] = asyncio.Queue(200)

    def headers(self) -> dict[str, str]:
        return {"Cookie": self.cookie, "Origin": self.origin, "X-Deskbell": "1"}

    def hello(self) -> dict[str, Any]:
        return {"t": "hello", "v": 1, "have": {str(c): seq for c, seq in list(self.have.items())[-100:]}}

    def before(self, entry: Mapping[str, Any]) -> int:
        return int(entry["seq"]) - 1

    async def ready(self, frame: dict[str, Any]) -> None:
        """Learn of chats given to us while we were away."""
        address = self.chance.choice(self.nodes) + "/api/conversations"
        try:
            reply = await self.http.get(address, params={"tab": "live", "limit": 100}, headers=self.headers())
            reply.raise_for_status()
        except TROUBLE as error:
            raise Broken(f"could not fetch the list: {type(error).__name__}") from None
        for row in reply.json()["rows"]:
            if row["id"] not in self.have:
                await self.discovered(row["id"])

    async def discovered(self, c: int) -> None:
        self.have[c] = 0
        await self.say({"t": "watch", "c": c, "since": 0})

    def answered(self, wanted: Wanted | None, answer: dict[str, Any]) -> None:
        """Nothing to note: an agent's place in a chat does not change by writing."""

    def entries_path(self, c: int) -> str:
        return f"/api/conversations/{c}/entries"

    def http_body(self, wanted: Wanted) -> dict[str, Any]:
        """The conversation stands in the path."""
        return {"id": wanted.op, "text": wanted.text}

    def message_path(self, wanted: Wanted) -> str:
        return f"/api/conversations/{wanted.c}/messages"

    async def _live(self, c: int, entry: dict[str, Any]) -> None:
        await super()._live(c, entry)
        mine = entry["kind"] == "message" and entry["by"] == "customer"
        if mine and self.chance.random() < 0.4 and not self._to_answer.full():
            self._to_answer.put_nowait(c)

    async def live(self) -> None:
        """Answer for ever, now by socket, now by HTTP."""
        while True:
            c = await self._to_answer.get()
            await self.talking.wait()
            if len(self.outbox) >= WINDOW:
                continue
            wanted = self.wish("send", c)
            if len(self.outbox) == 1 and self.chance.random() < 0.1:
                await self.deliver_by_http(wanted)
            else:
                await self.deliver(wanted)
            await asyncio.sleep(self.chance.uniform(0.0, 0.2))
