"""Clients of the visitors' door: they start, write, end and start again; some fall silent for a while."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from bench.people import Guest
from tests.torture.client import SECRET, Client
from tests.torture.journal import Journal
from tests.torture.outbox import Wanted

SILENT_SECONDS = (20.0, 75.0)
NEW_AFTER_CLOSE = 0.4
NEW_AFTER_TICKET = 0.4


class Visitor(Client):
    """One browser with one token. `restarts`: ends its chat now and then and starts another one. `shy`: falls silent."""

    socket_path = "/api/widget/socket"
    side = "visitor"

    def __init__(
        self,
        journal: Journal,
        nodes: list[str],
        origin: str,
        http: httpx.AsyncClient,
        guest: Guest,
        *,
        restarts: bool = False,
        shy: bool = False,
    ) -> None:
        super().__init__(journal, nodes, origin, http, guest.customer_id)
        self.token = guest.token
        self.restarts = restarts
        self.shy = shy
        self.current: int | None = None
        self._told: dict[int, int] = {}
        self._starts_anew = False

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Origin": self.origin}

    def hello(self) -> dict[str, Any]:
        have = {str(c): seq for c, seq in list(self.notes.have.items())[-100:]}
        return {"t": "hello", "v": 1, "token": self.token, "have": have}

    def before(self, entry: Mapping[str, Any]) -> int:
        return int(entry.get("prev", entry["seq"] - 1))

    @property
    def watching(self) -> list[int]:
        return sorted(self.notes.shown)

    @property
    def last_view(self) -> list[int]:
        return sorted(self.notes.have)

    def overhear(self, raw: str) -> None:
        if SECRET.strip() in raw:
            self.journal.write("whiff", raw=raw[:400], via=self.via)

    async def card(self, row: dict[str, Any]) -> None:
        """Never comes to a visitor: `overhear` sees what does."""
        self.journal.write("whiff", raw=f"a card: {row}", via=self.via)

    async def noted(self, c: int, entry: dict[str, Any]) -> None:
        """What became of our conversation may make us begin another one, or go on in an earlier one."""
        event = entry.get("event")
        if event is None or entry["seq"] <= self._told.get(c, 0):
            return
        self._told[c] = entry["seq"]
        if c != self.current:
            return
        if event["name"] == "merged":
            self.current = event["number"]
            self.notes.have.setdefault(self.current, 0)
            self.notes.asked.add(self.current)
            await self.say({"t": "watch", "c": self.current, "since": self.notes.have[self.current]})
        elif event["name"] in ("closed", "ticket"):
            odds = NEW_AFTER_CLOSE if event["name"] == "closed" else NEW_AFTER_TICKET
            self._starts_anew = self.chance.random() < odds
        elif event["name"] == "revived":
            self._starts_anew = False

    async def ready(self, frame: dict[str, Any]) -> None:
        c = frame.get("c")
        if c is not None and c not in self.notes.have:
            self.current = c
            self.notes.have[c] = 0
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
            self.notes.have.setdefault(answer["c"], 0)
            self.notes.shown.add(answer["c"])
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
            elif self.current is None or self._starts_anew:
                self._starts_anew = False
                await self._one("start", None)
                chat_until = clock() + self.chance.uniform(10, 30)
            elif self.restarts and clock() > chat_until:
                chat_until = clock() + 10  # or somebody else has closed it
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
        silent = self.shy and self.chance.random() < 0.3
        await asyncio.sleep(self.chance.uniform(*SILENT_SECONDS) if silent else self.chance.uniform(0.1, 1.2))
