"""A client of the protocol under fire: sends with ids, resends until answered, resumes, and journals all of it.

It follows docs/protocol.md as a careful client would: everything unanswered is sent again in order after a
reconnect, an entry it has is dropped by number, a hole is asked for, nothing new is sent while something waits
for its second try.
"""

import asyncio
import contextlib
import json
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Mapping
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.torture.journal import Journal
from tests.torture.notebook import Notebook
from tests.torture.outbox import WORDED, Outbox, Wanted

SECRET = "psst "
"""Begins every text that only the team may see; a visitor who is sent this word anywhere has found a leak."""
WINDOW = 8
SILENCE_SECONDS = 6.0
PING_SECONDS = 2.0
ANSWER_SECONDS = 5.0
BACK_OFF_SECONDS = (0.05, 0.2, 0.5, 1.0)
TROUBLE = (OSError, TimeoutError, WebSocketException, httpx.HTTPError)


class Broken(Exception):
    """The connection is given up: silent for too long, or the server said bye."""


class Client(ABC):
    """One sender and observer. `nodes` are base addresses; each connection picks one at random."""

    socket_path: str
    side: str

    def __init__(
        self, journal: Journal, nodes: list[str], origin: str, http: httpx.AsyncClient, me: int
    ) -> None:
        self.journal = journal
        self.me = me
        self.nodes = nodes
        self.origin = origin
        self.http = http
        self.chance = random.Random(journal.who)
        self.outbox = Outbox(journal)
        self.notes = Notebook()
        self.talking = asyncio.Event()
        self.present = asyncio.Event()
        self.present.set()
        self.connections = 0
        self.resumes = 0
        self._socket: ClientConnection | None = None
        self._heard = 0.0
        self._again_at: float | None = None
        self._numbers = 0
        self._http_turn = asyncio.Lock()
        journal.write("me", side=self.side, id=me, wall=time.time() * 1000)

    @property
    def via(self) -> str:
        return f"{self.journal.who}.{self.connections}"

    @property
    def connected(self) -> bool:
        return self._socket is not None

    @property
    @abstractmethod
    def watching(self) -> list[int]:
        """The threads that are followed without a hole just now."""

    @property
    @abstractmethod
    def last_view(self) -> list[int]:
        """The threads that must be complete after a last resume."""

    @property
    def caught_up(self) -> bool:
        """Every conversation that was asked for has been shown."""
        return self.connected and self.notes.is_complete

    @abstractmethod
    def headers(self) -> dict[str, str]:
        """Headers of HTTP calls and of the socket's handshake."""

    @abstractmethod
    def hello(self) -> dict[str, Any]: ...

    @abstractmethod
    def before(self, entry: Mapping[str, Any]) -> int:
        """The number of the entry that comes before this one, for this client."""

    @abstractmethod
    async def ready(self, frame: dict[str, Any]) -> None:
        """The socket is open: ask for what `hello` could not."""

    @abstractmethod
    def entries_path(self, c: int) -> str: ...

    def entries_query(self, c: int) -> dict[str, int]:
        """What names the conversation beside the path."""
        return {}

    @abstractmethod
    def http_body(self, wanted: Wanted) -> dict[str, Any]: ...

    @abstractmethod
    def message_path(self, wanted: Wanted) -> str: ...

    def wish(self, do: str, c: int | None, more: Mapping[str, Any] | None = None) -> Wanted:
        """Put a new command into the outbox; `deliver` sends it."""
        self._numbers += 1
        op = f"{self.journal.who}-{self._numbers}"
        text = f"{SECRET if do == 'comment' else ''}{op} says {self.chance.randrange(10**9)}"
        wanted = Wanted(op, do, c, text if do in WORDED else "", more or {})
        self.outbox.put(wanted)
        return wanted

    async def deliver(self, wanted: Wanted) -> None:
        """Send it now over the socket, if there is one and nothing waits for another try or by HTTP; else later."""
        if self._socket is not None and self._again_at is None and not self._http_turn.locked():
            with contextlib.suppress(*TROUBLE):
                await self._send(wanted)

    async def deliver_by_http(self, wanted: Wanted) -> None:
        """Send it by HTTP to any node until there is an answer; meanwhile the socket sends nothing."""
        async with self._http_turn:
            while wanted in list(self.outbox):
                self.outbox.sent(wanted, "http")
                try:
                    await self._post(wanted)
                except (*TROUBLE, Broken):
                    await asyncio.sleep(self.chance.uniform(0.1, 0.6))
        if self.outbox:
            self._again_at = time.monotonic()

    async def run(self) -> None:
        """Connect, talk, break, connect again; until cancelled."""
        failures = 0
        while True:
            await self.present.wait()
            node = self.chance.choice(self.nodes)
            try:
                await self._connect(node)
                failures = 0
            except (*TROUBLE, Broken) as error:
                self.journal.write("broken", node=node, why=f"{type(error).__name__}: {error}"[:200])
                failures += 1
            self._socket = None
            self.talking.clear()
            await asyncio.sleep(self.chance.random() * BACK_OFF_SECONDS[min(failures, 3)])

    async def say(self, frame: dict[str, Any]) -> None:
        """A frame that needs no answer of its own; lost with the socket."""
        if self._socket is not None:
            with contextlib.suppress(*TROUBLE):
                await self._socket.send(json.dumps(frame))

    async def drop(self) -> None:
        """Close the socket in good order; `run` comes back."""
        if self._socket is not None:
            await self._socket.close()

    async def vanish(self) -> None:
        """Gone, until `present` is set."""
        self.present.clear()
        await self.drop()

    @abstractmethod
    def overhear(self, raw: str) -> None:
        """Everything that comes passes here first, as it came."""

    @abstractmethod
    async def card(self, row: dict[str, Any]) -> None:
        """A list card came along; visitors get none."""

    @abstractmethod
    async def noted(self, c: int, entry: dict[str, Any]) -> None:
        """An entry of the thread came, maybe once more."""

    @abstractmethod
    async def live(self) -> None:
        """Do what such a client does, for ever."""

    async def _connect(self, node: str) -> None:
        self.connections += 1
        hello = self.hello()
        self.notes.reconnect({int(c) for c in hello["have"]})
        address = node.replace("http", "ws", 1) + self.socket_path
        headers = {name: value for name, value in self.headers().items() if name != "Origin"}
        async with connect(
            address,
            origin=self.origin,  # type: ignore[arg-type]
            additional_headers=headers,
            compression=None,
            open_timeout=ANSWER_SECONDS,
            close_timeout=1,
            ping_interval=None,
        ) as socket:
            self._heard = time.monotonic()
            await socket.send(json.dumps(hello))
            self.journal.write("open", via=self.via, node=node)
            await _until_one_ends(self._listen(socket), self._keep(socket))

    async def _keep(self, socket: ClientConnection) -> None:
        """Ping, notice silence, and send again what was told to come again or got no answer."""
        unanswered_since = time.monotonic()
        while True:
            await asyncio.sleep(0.1)
            now = time.monotonic()
            if now - self._heard > SILENCE_SECONDS:
                raise Broken("silence")
            if now - self._heard > PING_SECONDS:
                await socket.send('{"t":"ping"}')
            if not self.outbox:
                unanswered_since = now
            waited = now - unanswered_since > ANSWER_SECONDS
            if self._socket is not None and (waited or (self._again_at or now + 1) <= now):
                unanswered_since = now
                await self._send_all()

    async def _listen(self, socket: ClientConnection) -> None:
        async for message in socket:
            self._heard = time.monotonic()
            for line in message.split("\n" if isinstance(message, str) else b"\n"):  # type: ignore[arg-type]
                if line:
                    self.overhear(line)  # type: ignore[arg-type]
                    await self._take(socket, json.loads(line))

    async def _take(self, socket: ClientConnection, frame: dict[str, Any]) -> None:
        if "s" in frame:
            await self.card(frame["s"])
        match frame["t"]:
            case "entry":
                await self._live(frame["c"], frame["e"])
            case "ack":
                self.answered(self.outbox.acknowledged(frame, self.via), frame)
            case "nack":
                self._nack(frame)
            case "resumed":
                await self._resumed(frame)
            case "ready":
                await self._ready(socket, frame)
            case "ping":
                await socket.send('{"t":"pong"}')
            case "gap" | "error" | "bye":
                await self._trouble(frame)

    async def _trouble(self, frame: dict[str, Any]) -> None:
        self.journal.write(frame["t"], **{k: v for k, v in frame.items() if k != "t"}, via=self.via)
        if frame["t"] == "gap":
            await self.fetch(frame["c"])
        elif frame["t"] == "error" and "c" in frame:
            self._denied(frame)

    def _denied(self, frame: dict[str, Any]) -> None:
        """A thread we asked for is not ours any more; or it could not be read just now."""
        if frame["code"] != "not_found":
            raise Broken(f"{frame['code']} for {frame['c']}")
        self.forget(frame["c"])

    def forget(self, c: int) -> None:
        """It is not ours to see any more."""
        self.notes.forget(c)

    async def _ready(self, socket: ClientConnection, frame: dict[str, Any]) -> None:
        self._socket = socket
        await self.ready(frame)
        await self._send_all()
        self.talking.set()

    @abstractmethod
    def answered(self, wanted: Wanted | None, answer: dict[str, Any]) -> None:
        """A command was acknowledged; `wanted` is None when that is a repeat."""

    def _nack(self, frame: dict[str, Any]) -> None:
        retry = frame.get("retry")
        self.outbox.refused(frame["id"], frame["code"], retry is not None, self.via)
        if retry is not None:
            self._again_at = time.monotonic() + min(retry, 2_000) / 1000

    async def _send_all(self) -> None:
        if self._http_turn.locked():
            return
        self._again_at = None
        for wanted in self.outbox:
            await self._send(wanted)

    async def _send(self, wanted: Wanted) -> None:
        if self._socket is None:
            return
        self.outbox.sent(wanted, self.via)
        await self._socket.send(json.dumps({"t": wanted.do, **wanted.frame()}))

    async def _post(self, wanted: Wanted) -> None:
        body = self.http_body(wanted)
        address = self.chance.choice(self.nodes) + self.message_path(wanted)
        reply = await self.http.post(address, json=body, headers=self.headers())
        self.overhear(reply.text)
        if reply.status_code in (200, 201):
            self.answered(self.outbox.acknowledged(reply.json(), "http"), reply.json())
            return
        if "json" not in reply.headers.get("content-type", ""):
            raise Broken(f"{reply.status_code} is no answer of the desk")
        later = reply.status_code in (429, 503)
        self.outbox.refused(wanted.op, reply.json()["error"]["code"], later, "http")
        if later:
            await asyncio.sleep(self.chance.uniform(0.1, 0.6))

    async def _live(self, c: int, entry: dict[str, Any]) -> None:
        await self._note(c, entry, "live")
        notes, seq, before = self.notes, entry["seq"], self.before(entry)
        have = notes.have.setdefault(c, 0)
        if seq <= have:
            return
        if before <= have:
            notes.advance(c, seq)
        else:
            notes.keep_ahead(c, seq, before)
            if c in notes.shown:
                self.journal.write("hole", c=c, have=have, next=seq, via=self.via)
                await self.fetch(c)

    async def _resumed(self, frame: dict[str, Any]) -> None:
        c = frame["c"]
        self.resumes += 1
        for entry in frame["entries"]:
            await self._note(c, entry, "resumed")
        self.notes.shown.add(c)
        self.notes.advance(c, max((entry["seq"] for entry in frame["entries"]), default=0))

    async def fetch(self, c: int) -> None:
        """All entries after what we have, by HTTP, page by page."""
        while True:
            address = self.chance.choice(self.nodes) + self.entries_path(c)
            params = {"after": self.notes.have.get(c, 0), "limit": 200, **self.entries_query(c)}
            try:
                reply = await self.http.get(address, params=params, headers=self.headers())
                self.overhear(reply.text)
                if reply.status_code == 404:
                    self.forget(c)
                    return
                reply.raise_for_status()
            except TROUBLE as error:
                raise Broken(f"could not fetch {c}: {type(error).__name__}") from None
            page = reply.json()
            for entry in page["entries"]:
                await self._note(c, entry, "fetched")
            self.notes.advance(c, max((entry["seq"] for entry in page["entries"]), default=0))
            if not page["more"]:
                self.notes.shown.add(c)
                return

    async def _note(self, c: int, entry: dict[str, Any], how: str) -> None:
        self.journal.write(
            "entry",
            c=c,
            seq=entry["seq"],
            prev=entry.get("prev"),
            kind=entry["kind"],
            by=entry["by"],
            id=entry.get("id"),
            text=entry.get("text", ""),
            event=entry.get("event"),
            how=how,
            via=self.via if how != "fetched" else "http",
        )
        await self.noted(c, entry)


async def _until_one_ends(*parts: Coroutine[Any, Any, None]) -> None:
    """Run them together; the first to end, well or not, ends all. Raises what it raised."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
