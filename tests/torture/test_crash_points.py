"""What becomes of one message when a node, or its link to PostgreSQL, ends exactly at the commit (F1, F2, F3, F8)."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bench.people import Guest, Member, add_guests, add_site, add_staff
from tests.rules import rule
from tests.torture.stage import ORIGIN, Node, new_secret
from tests.torture.trap import CommitTrap, Moment

Frame = dict[str, Any]
PATIENCE_S = 30.0
TEXT = "Where is my parcel?"


class Line:
    """A socket that is greeted; `until` reads frames up to the first of a kind."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._waiting: list[Frame] = []

    async def say(self, **frame: Any) -> None:
        await self._socket.send(json.dumps(frame))

    async def until(self, *kinds: str, **fields: Any) -> Frame:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                frame = await self._next()
                if frame["t"] in kinds and fields.items() <= frame.items():
                    return frame

    async def entry(self, fits: Callable[[Frame], bool]) -> Frame:
        """The next entry that fits."""
        while not fits(entry := (await self.until("entry"))["e"]):
            pass
        found: Frame = entry
        return found

    async def _next(self) -> Frame:
        while not self._waiting:
            self._waiting += [json.loads(part) for part in str(await self._socket.recv()).split("\n")]
        return self._waiting.pop(0)


@contextlib.asynccontextmanager
async def line(node: Node, who: Guest | Member) -> AsyncIterator[Line]:
    visitor = isinstance(who, Guest)
    path = "/api/widget/socket" if visitor else "/api/socket"
    headers = {} if visitor else {"Cookie": who.cookie}  # type: ignore[union-attr]
    address = node.address.replace("http", "ws", 1) + path
    async with connect(address, origin=ORIGIN, additional_headers=headers, close_timeout=1) as socket:  # type: ignore[arg-type]
        opened = Line(socket)
        await opened.say(t="hello", v=1, **({"token": who.token} if visitor else {}))
        await opened.until("ready")
        yield opened


def free_ports() -> tuple[int, int, int]:
    """Three that nobody uses."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(3)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        first, second, third = (one.getsockname()[1] for one in sockets)
    return first, second, third


@pytest.fixture
async def nodes(database: str, tmp_path: Path) -> AsyncIterator[tuple[Node, Node]]:
    """Two real server processes on one database."""
    secret = new_secret()
    first, second = (Node(name, tmp_path, free_ports(), database) for name in ("first", "second"))
    try:
        await asyncio.gather(first.open(secret), second.open(secret))
        yield first, second
    finally:
        await first.close()
        await second.close()


@pytest.fixture
async def mary(pool: asyncpg.Pool) -> Guest:
    async with pool.acquire() as db:
        return (await add_guests(db, await add_site(db), 1))[0]


@pytest.fixture
async def anna(pool: asyncpg.Pool) -> Member:
    async with pool.acquire() as db:
        return (await add_staff(db, "anna", "agent", 1))[0]


async def chat_of(node: Node, mary: Guest) -> int:
    async with line(node, mary) as visitor:
        await visitor.say(t="start", id="start", text="Hello")
        return int((await visitor.until("ack"))["c"])


async def stored(pool: asyncpg.Pool, c: int) -> int:
    sql = "SELECT count(*) FROM entry WHERE conversation_id = $1 AND text = $2"
    return int(await pool.fetchval(sql, c, TEXT))


async def sent(node: Node, mary: Guest, c: int) -> Frame:
    async with line(node, mary) as visitor:
        await visitor.say(t="send", id="asked", c=c, text=TEXT)
        return await visitor.until("ack", "nack")


@rule("OPS-1")
@pytest.mark.parametrize(("moment", "dup"), [(Moment.BEFORE_COMMIT, None), (Moment.AFTER_COMMIT, True)])
async def test_a_node_killed_around_the_commit_leaves_one_message(
    nodes: tuple[Node, Node], pool: asyncpg.Pool, mary: Guest, anna: Member, moment: Moment, dup: bool | None
) -> None:
    """And the other node's people are told of it all the same."""
    first, second = nodes
    async with line(second, anna) as agent:
        c = await chat_of(first, mary)
        await agent.entry(lambda entry: entry.get("event", {}).get("name") == "assigned")
        trap = CommitTrap(first.back, TEXT, moment, lambda _: first.kill())
        with pytest.raises(ConnectionClosed):
            await sent(first, mary, c)
        answer = await sent(second, mary, c)
        assert (trap.sprung, answer["t"], answer.get("dup")) == (True, "ack", dup)
        assert await stored(pool, c) == 1
        shown = await agent.entry(lambda entry: entry.get("text") == TEXT)
        assert shown["seq"] == answer["seq"]


@rule("OPS-1")
@pytest.mark.parametrize(("moment", "dup"), [(Moment.BEFORE_COMMIT, None), (Moment.AFTER_COMMIT, True)])
async def test_a_commit_whose_outcome_is_unknown_is_never_acknowledged_and_never_doubled(
    nodes: tuple[Node, Node], pool: asyncpg.Pool, mary: Guest, moment: Moment, dup: bool | None
) -> None:
    first, _ = nodes
    c = await chat_of(first, mary)
    CommitTrap(first.back, TEXT, moment, lambda link: link.reset())
    async with line(first, mary) as visitor:
        await visitor.say(t="send", id="asked", c=c, text=TEXT)
        told = await visitor.until("ack", "nack")
        assert (told["t"], told["code"]) == ("nack", "retry")
        await visitor.say(t="send", id="asked", c=c, text=TEXT)
        answer = await visitor.until("ack", "nack")
    assert (answer["t"], answer.get("dup")) == ("ack", dup)
    assert await stored(pool, c) == 1


async def test_a_node_asked_to_stop_says_so_before_it_goes(nodes: tuple[Node, Node], mary: Guest) -> None:
    first, _ = nodes
    async with line(first, mary) as visitor:
        assert await first.terminate() == 0
        assert (await visitor.until("bye"))["code"] == 4013
