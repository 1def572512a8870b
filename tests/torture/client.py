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
from tests.torture.outbox import Outbox, Wanted

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

    def __init__(self, journal: Journal, nodes: list[str], origin: str, http: httpx.AsyncClient) -> None:
        self.journal = journal
        self.nodes = nodes
        self.origin = origin
        self.http = http
        self.chance = random.Random(journal.who)
        self.outbox = Outbox(journal)
        self.have: dict[int, int] = {}
        self.shown: set[int] = set()
        self.talking = asyncio.Event()
        self.connections = 0
        self.resumes = 0
        self._ahead: dict[int, dict[int, int]] = {}
        self._socket: ClientConnection | None = None
        self._heard = 0.0
        self._again_at: float | None = None
        self._numbers = 0
        self._http_turn = asyncio.Lock()

    @property
    def via(self) -> str:
        return f"{self.journal.who}.{self.connections}"

    @property
    def connected(self) -> bool:
        return self._socket is not None

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

    def wish(self, do: str, c: int | None) -> Wanted:
        """Put a new command into the outbox; `deliver` sends it."""
        self._numbers += 1
        op = f"{self.journal.who}-{self._numbers}"
        wanted = Wanted(op, do, c, "" if do == "close" else f"{op} says {self.chance.randrange(10**9)}")
        self.outbox.put(wanted)
        return wanted

    async def deliver(self, wanted: Wanted) -> None:
        """Send it now over the socket, if there is one and nothing waits for another try; else later."""
        if self._socket is not None and self._again_at is None:
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

    async def run(self) -> None:
        """Connect, talk, break, connect again; until cancelled."""
        failures = 0
        while True:
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

    async def _connect(self, node: str) -> None:
        self.connections += 1
        self._ahead.clear()
        self.shown.clear()
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
            await socket.send(json.dumps(self.hello()))
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
                    await self._take(socket, json.loads(line))

    async def _take(self, socket: ClientConnection, frame: dict[str, Any]) -> None:
        kind = frame["t"]
        if kind == "entry":
            await self._live(frame["c"], frame["e"])
        elif kind == "ack":
            self.answered(self.outbox.acknowledged(frame, self.via), frame)
        elif kind == "nack":
            self._nack(frame)
        elif kind == "resumed":
            self._resumed(frame)
        elif kind == "gap":
            self.journal.write("gap", c=frame["c"], have=frame["have"], head=frame["head"], via=self.via)
            await self.fetch(frame["c"])
        elif kind == "ready":
            await self._ready(socket, frame)
        elif kind == "ping":
            await socket.send('{"t":"pong"}')
        elif kind == "error":
            self.journal.write("error", code=frame["code"], text=frame["text"], via=self.via)
        elif kind == "bye":
            self.journal.write("bye", code=frame["code"], via=self.via)

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
        self._again_at = None
        if self._http_turn.locked():
            return
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
        self._note(c, entry, "live")
        seq, before = entry["seq"], self.before(entry)
        if c not in self.have:
            await self.discovered(c)
        have = self.have.get(c, 0)
        if seq <= have:
            return
        if before <= have:
            self._advance(c, seq)
        else:
            self._ahead.setdefault(c, {})[seq] = before
            if c in self.shown:
                self.journal.write("hole", c=c, have=have, next=seq, via=self.via)
                await self.fetch(c)

    async def discovered(self, c: int) -> None:
        """A conversation unknown so far."""
        self.have[c] = 0

    def _resumed(self, frame: dict[str, Any]) -> None:
        c = frame["c"]
        self.resumes += 1
        for entry in frame["entries"]:
            self._note(c, entry, "resumed")
        self.shown.add(c)
        self._advance(c, max((entry["seq"] for entry in frame["entries"]), default=0))

    async def fetch(self, c: int) -> None:
        """All entries after what we have, by HTTP, page by page."""
        while True:
            address = self.chance.choice(self.nodes) + self.entries_path(c)
            params = {"after": self.have.get(c, 0), "limit": 200, **self.entries_query(c)}
            try:
                reply = await self.http.get(address, params=params, headers=self._reading())
                reply.raise_for_status()
            except TROUBLE as error:
                raise Broken(f"could not fetch {c}: {type(error).__name__}") from None
            page = reply.json()
            for entry in page["entries"]:
                self._note(c, entry, "fetched")
            self._advance(c, max((entry["seq"] for entry in page["entries"]), default=0))
            if not page["more"]:
                self.shown.add(c)
                return

    def _reading(self) -> dict[str, str]:
        return self.headers()

    def _advance(self, c: int, seq: int) -> None:
        """We have all up to `seq`; and then what was pushed ahead of a hole that is now filled."""
        have = max(self.have.get(c, 0), seq)
        ahead = self._ahead.get(c, {})
        for number in sorted(ahead):
            if ahead[number] <= have:
                have = max(have, number)
        self.have[c] = have

    def _note(self, c: int, entry: dict[str, Any], how: str) -> None:
        self.journal.write(
            "entry",
            c=c,
            seq=entry["seq"],
            prev=entry.get("prev"),
            kind=entry["kind"],
            by=entry["by"],
            id=entry.get("id"),
            text=entry.get("text", ""),
            how=how,
            via=self.via if how != "fetched" else "http",
        )


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
