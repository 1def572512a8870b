"""Whole nodes on real ports over a real database, and the people who come to their doors."""

import asyncio
import functools
import itertools
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import httpx

from deskbell import wiring
from deskbell.kit.clock import Clock, FixedClock
from deskbell.kit.tokens import Passwords
from deskbell.settings import Settings, load
from deskbell.store import departments, sites, staff
from tests.doors.sockets import Frame, Socket, greet, open_socket

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PASSWORD = "seven green bicycles"
_numbers = itertools.count(1)


@functools.cache
def _password_hash() -> str:
    passwords = Passwords()
    try:
        return passwords._hasher.hash(PASSWORD)
    finally:
        passwords.close()


class Place:
    """Where a node answers."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.sockets = f"ws://127.0.0.1:{port}"

    @property
    def own(self) -> dict[str, str]:
        """What a browser on a page of this node sends along."""
        return {"Origin": self.address, "X-Deskbell": "1"}

    def client(self, **headers: str) -> httpx.AsyncClient:
        # No TLS here, and reading the certificates takes 45 ms for each client.
        return httpx.AsyncClient(base_url=self.address, headers=self.own | headers, timeout=20, verify=False)


class Door(Place):
    """A node that runs in this process."""

    def __init__(self, node: wiring.Node, server: wiring.Server, port: int) -> None:
        super().__init__(port)
        self.node, self.server = node, server


@asynccontextmanager
async def node_at(settings: Settings, clock: Clock, port: int = 0) -> AsyncIterator[Door]:
    """A node that serves on this port, or on one the system chose."""
    async with AsyncExitStack() as stack:
        # Named as TCP, or asyncio leaves Nagle's delay on and every answer takes 40 ms.
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening = stack.enter_context(tcp)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        node = await stack.enter_async_context(wiring.running(settings, clock))
        server = wiring.server_of(node)
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        await server.startup([listening])
        serving = asyncio.create_task(_serve(server, listening))
        try:
            yield Door(node, server, listening.getsockname()[1])
        finally:
            server.should_exit = True
            await serving


async def _serve(server: wiring.Server, listening: socket.socket) -> None:
    """What uvicorn does until it should exit, but for the signals, which are the test run's own, and ten times as often."""
    await server.on_tick(0)
    while not server.should_exit:  # noqa: ASYNC110  as there
        await asyncio.sleep(0.01)
    await server.shutdown([listening])


class House:
    """One desk: its database, its nodes, and how people are made."""

    def __init__(self, pool: asyncpg.Pool, database: str, folder: Path, stack: AsyncExitStack) -> None:
        self.pool, self.database, self.folder = pool, database, folder
        self.clock = FixedClock(NOW)
        self.nodes: list[Door] = []
        self._stack = stack

    async def open(self, **settings: Any) -> Door:
        """One more node on the same database."""
        given: dict[str, Any] = {
            "data": self.folder,
            "database_url": self.database,
            "database_pool": 4,
            "secret": "s" * 32,
            "whatsapp_api": "http://127.0.0.1:9",
        }
        door = await self._stack.enter_async_context(node_at(load(**(given | settings)), self.clock))
        self.nodes.append(door)
        for other in self.nodes:
            await other.node.desk._renew_node()  # they know of each other from now on
        return door

    async def department(self, name: str) -> int:
        made = await departments.add(self.pool, name, "", True)
        assert made is not None
        await self.reread()
        return made

    async def hire(
        self, name: str, role: str = "agent", *, in_: tuple[int, ...] = (), **more: Any
    ) -> "Person":
        """A member of staff who is Available (but not online before a console is open)."""
        email = f"{name.lower()}@desk.test"
        added = await staff.add(
            self.pool,
            email=email,
            name=name,
            role=role,
            password_hash=_password_hash(),
            max_chats=None,
            now=NOW,
        )
        assert added is not None
        await staff.change(self.pool, added, {"available": True} | more)
        await staff.set_departments(self.pool, added, list(in_))
        await self.reread()
        return Person(self, added, name, email)

    async def reread(self) -> None:
        for door in self.nodes:
            await door.node.desk.directory.refresh()

    async def site(self, key: str = "shop") -> None:
        site = {"key": key, "name": key.title(), "active": True, "allowed_origins": [], "departments": []}
        await sites.add(self.pool, site | {"look": {}, "texts": {}, "form": {}})

    async def visitor(self, door: Place | None = None, site: str = "shop") -> "Visitor":
        """A new browser on a page of the site."""
        door = door or self.nodes[0]
        async with door.client() as http:
            answer = await http.post("/api/widget/session", json={"site": site})
        assert answer.status_code == 200, answer.text
        return Visitor(self, self._stack, answer.json()["token"])

    def hang_up_later(self, socket: Socket) -> Socket:
        """One that nobody closes is closed before the nodes stop, and not whenever the collector finds it."""
        self._stack.push_async_callback(socket.line.close)
        return socket

    def keep(self, client: httpx.AsyncClient) -> httpx.AsyncClient:
        self._stack.push_async_callback(client.aclose)
        return client


class Person:
    """A member of staff."""

    def __init__(self, house: House, id: int, name: str, email: str) -> None:
        self._house, self.id, self.name, self.email = house, id, name, email
        self.cookie = ""

    async def sign_in(self, door: Place | None = None) -> httpx.AsyncClient:
        """By HTTP, as the sign-in page does it; a client that is signed in (once more)."""
        door = door or self._house.nodes[0]
        client = self._house.keep(door.client())
        answer = await client.post("/api/session", json={"email": self.email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        self.cookie = f"deskbell_session={client.cookies['deskbell_session']}"
        return client

    async def http(self, door: Place | None = None) -> httpx.AsyncClient:
        """Signed in by the session there is (or a new one), on any node."""
        if not self.cookie:
            return await self.sign_in(door)
        door = door or self._house.nodes[0]
        return self._house.keep(door.client(Cookie=self.cookie))

    async def console(self, door: Place | None = None, **hello: Any) -> Socket:
        """A console that is connected and greeted."""
        door = door or self._house.nodes[0]
        if not self.cookie:
            await self.sign_in(door)
        socket = self._house.hang_up_later(await staff_socket(door, self.cookie))
        await greet(socket, **hello)
        return socket


class Visitor:
    """A browser with a visitor's token."""

    def __init__(self, house: House, stack: AsyncExitStack, token: str) -> None:
        self._house, self._stack, self.token = house, stack, token

    def http(self, door: Place | None = None) -> httpx.AsyncClient:
        door = door or self._house.nodes[0]
        return self._house.keep(door.client(Authorization=f"Bearer {self.token}"))

    async def widget(self, door: Place | None = None, **hello: Any) -> Socket:
        """A widget that is connected and greeted."""
        socket = self._house.hang_up_later(await visitor_socket(door or self._house.nodes[0]))
        await greet(socket, token=self.token, **hello)
        return socket

    async def start(self, socket: Socket, text: str = "Hello", **more: Any) -> Frame:
        """Begin a chat; the ack."""
        ack = await socket.ask("start", text=text, **more)
        assert ack["t"] == "ack", ack
        return ack


async def staff_socket(door: Place, cookie: str, origin: str | None = "") -> Socket:
    """`origin` "" is the node's own, None is none at all."""
    headers = {"Cookie": cookie} if cookie else {}
    if origin is not None:
        headers["Origin"] = origin or door.address
    return await open_socket(f"{door.sockets}/api/socket", headers)


async def visitor_socket(door: Place) -> Socket:
    return await open_socket(f"{door.sockets}/api/widget/socket")


class Chat(NamedTuple):
    """A live chat: `c` is its number, `ada` its owner's console, `marta` the customer's widget."""

    c: int
    ada: Socket
    marta: Socket
    agent: Person
    visitor: Visitor


async def live_chat(house: House, *, text: str = "Hello", **hired: Any) -> Chat:
    """Ada, who is the only one online, has just been given Marta's chat; both have heard of it."""
    agent = await house.hire("Ada", **hired)
    ada = await agent.console()
    visitor = await house.visitor()
    marta = await visitor.widget()
    c = (await visitor.start(marta, text))["c"]
    await ada.event("assigned")
    await marta.event("assigned")
    await ada.quiet()
    await marta.quiet()
    return Chat(c, ada, marta, agent, visitor)
