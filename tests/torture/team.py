"""Clients of the staff's door: agents who answer, hand on, rest and vanish; a supervisor who watches and assigns."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from tests.torture.acts import Me, Row, choose
from tests.torture.client import TROUBLE, WINDOW, Broken, Client
from tests.torture.journal import Journal
from tests.torture.outbox import Wanted

WATCHED = 90
NEGLECTED = 0.3
ANSWERED = 0.4


class Agent(Client):
    """One console: watches what is theirs and offered to them, answers some of it, neglects some for good."""

    socket_path = "/api/socket"
    side = "staff"
    lists: tuple[Mapping[str, str], ...] = tuple({"tab": t} for t in ("live", "pending", "tagged", "tickets"))
    acts_every = (0.4, 1.6)

    def __init__(
        self,
        journal: Journal,
        nodes: list[str],
        origin: str,
        http: httpx.AsyncClient,
        cookie: str,
        person: Me,
    ) -> None:
        super().__init__(journal, nodes, origin, http, person.id)
        self.cookie = cookie
        self.person = person
        self.rows: dict[int, Row] = {}
        self.neglected: set[int] = set()
        self._to_answer: asyncio.Queue[int] = asyncio.Queue(200)

    def headers(self) -> dict[str, str]:
        return {"Cookie": self.cookie, "Origin": self.origin, "X-Deskbell": "1"}

    def hello(self) -> dict[str, Any]:
        """What is ours, the open ones at the end: only so much fits."""
        ours = [c for c in self.notes.have if (row := self.rows.get(c)) is not None and self.watches(row)]
        ours.sort(key=lambda c: self.rows[c]["state"] != "closed")
        return {"t": "hello", "v": 1, "have": {str(c): self.notes.have[c] for c in ours[-WATCHED:]}}

    def before(self, entry: Mapping[str, Any]) -> int:
        return int(entry["seq"]) - 1

    def watches(self, row: Row) -> bool:
        """Whether its thread should be open here."""
        return self.person.is_concerned(row)

    @property
    def watching(self) -> list[int]:
        """What is shown completely and by its card still ours."""
        return sorted(c for c in self.notes.shown if c in self.rows and self.watches(self.rows[c]))

    @property
    def last_view(self) -> list[int]:
        return self.watching

    async def ready(self, frame: dict[str, Any]) -> None:
        """Learn of what was given to us while we were away."""
        address = self.chance.choice(self.nodes) + "/api/conversations"
        for asked in self.lists:
            try:
                reply = await self.http.get(address, params={**asked, "limit": 100}, headers=self.headers())
                reply.raise_for_status()
            except TROUBLE as error:
                raise Broken(f"could not fetch the list: {type(error).__name__}") from None
            for row in reply.json()["rows"]:
                await self.card(row)

    def overhear(self, raw: str) -> None:
        """The team's secrets are no secrets to us."""

    async def noted(self, c: int, entry: dict[str, Any]) -> None:
        """What an entry changes stands on its card."""

    async def card(self, row: dict[str, Any]) -> None:
        c, known = row["id"], self.rows.get(row["id"])
        if known is not None and row["last_seq"] < known["last_seq"]:
            return
        self.rows[c] = row
        if not self.watches(row):
            self.notes.forget(c)
            return
        if row.get("owner") == self.me and (known is None or known.get("owner") != self.me):
            (self.neglected.add if self.chance.random() < NEGLECTED else self.neglected.discard)(c)
        if c not in self.notes.asked:
            await self._make_room()
            self.notes.asked.add(c)
            await self.say({"t": "watch", "c": c, "since": self.notes.have.setdefault(c, 0)})

    def forget(self, c: int) -> None:
        super().forget(c)
        self.rows.pop(c, None)

    async def _make_room(self) -> None:
        """A console follows only so many: one that is closed makes room."""
        if len(self.notes.asked) < WATCHED:
            return
        for c in sorted(self.notes.asked):
            if self.rows.get(c, {}).get("state") == "closed":
                self.notes.forget(c)
                await self.say({"t": "unwatch", "c": c})
                return

    def answered(self, wanted: Wanted | None, answer: dict[str, Any]) -> None:
        """Nothing to note: what an action does comes with its entry."""

    def entries_path(self, c: int) -> str:
        return f"/api/conversations/{c}/entries"

    def http_body(self, wanted: Wanted) -> dict[str, Any]:
        """For messages and closing the conversation stands in the path; the others are the socket's frames."""
        frame = wanted.frame()
        if wanted.do not in ("send", "close"):
            return {"t": wanted.do, **frame}
        del frame["c"]
        return frame

    def message_path(self, wanted: Wanted) -> str:
        door = {"send": "messages", "close": "close"}.get(wanted.do)
        return "/api/actions" if door is None else f"/api/conversations/{wanted.c}/{door}"

    async def _live(self, c: int, entry: dict[str, Any]) -> None:
        await super()._live(c, entry)
        mine = self.rows.get(c, {}).get("owner") == self.me and c not in self.neglected
        asked = entry["kind"] == "message" and entry["by"] == "customer"
        if mine and asked and self.chance.random() < ANSWERED and not self._to_answer.full():
            self._to_answer.put_nowait(c)

    async def live(self) -> None:
        """Answer, act and wander off, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._answer())
            group.create_task(self._act())
            group.create_task(self._wander())

    async def _answer(self) -> None:
        while True:
            c = await self._to_answer.get()
            await self.talking.wait()
            if len(self.outbox) < WINDOW:
                await self._out(self.wish("send", c), 0.1)
                await asyncio.sleep(self.chance.uniform(0.0, 0.2))

    async def _act(self) -> None:
        while True:
            await asyncio.sleep(self.chance.uniform(*self.acts_every))
            await self.talking.wait()
            if len(self.outbox) >= WINDOW:
                continue
            chosen = choose(self.person, list(self.rows.values()), self.chance)
            if chosen is not None:
                c, (do, more) = chosen
                await self._out(self.wish(do, c, more), 0.3)

    async def _out(self, wanted: Wanted, by_http: float) -> None:
        if len(self.outbox) == 1 and self.chance.random() < by_http:
            await self.deliver_by_http(wanted)
        else:
            await self.deliver(wanted)

    async def _wander(self) -> None:
        """Lose the line for a while, or switch to Unavailable and back."""
        while True:
            await asyncio.sleep(self.chance.uniform(12, 40))
            away = self.chance.uniform(3, 15)
            if self.chance.random() < 0.5:
                await self.vanish()
                await asyncio.sleep(away)
                self.present.set()
            else:
                await self.switch(available=False)
                await asyncio.sleep(away)
                await self.switch(available=True)

    async def switch(self, *, available: bool) -> None:
        """The switch of the profile menu; asked until it is done."""
        await self.ask("PUT", "/api/me/availability", {"available": available})

    async def ask(self, method: str, path: str, body: dict[str, Any]) -> None:
        """Something that may be done twice, until some node has done it."""
        while True:
            try:
                address = self.chance.choice(self.nodes) + path
                reply = await self.http.request(method, address, json=body, headers=self.headers())
                if reply.status_code == 200:
                    return
            except TROUBLE:
                pass
            await asyncio.sleep(0.3)

    async def come_back(self) -> None:
        """At work again, for good."""
        self.present.set()
        await self.switch(available=True)


class Supervisor(Agent):
    """Follows everybody's chats, watches some threads, assigns and comments; Unavailable, so given none by routing."""

    lists = (*Agent.lists, *({"tab": tab, "scope": "all"} for tab in ("live", "pending", "tickets")))
    acts_every = (0.5, 1.5)

    def watches(self, row: Row) -> bool:
        return self.person.is_concerned(row) or row["id"] % 5 == 0

    async def ready(self, frame: dict[str, Any]) -> None:
        await self.say({"t": "follow", "all": True})
        await super().ready(frame)

    async def _wander(self) -> None:
        """Change how chats are distributed, while they are being distributed."""
        while True:
            await asyncio.sleep(self.chance.uniform(10, 25))
            await self.prefer(distribution=self.chance.choice(("averaged", "offer", "round_robin")))

    async def prefer(self, **values: Any) -> None:
        await self.ask("PATCH", "/api/preferences", values)

    async def come_back(self) -> None:
        self.present.set()
        await self.prefer(distribution="averaged")
