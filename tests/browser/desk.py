"""A real server for the browser journeys, its staff, and the pages of other sites that embed the widget."""

import asyncio
import contextlib
import itertools
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from deskbell.kit.clock import Clock, SystemClock
from deskbell.kit.tokens import Passwords
from deskbell.settings import load
from deskbell.store import departments, sites, staff
from tests.doors.house import Door, node_at
from tests.doors.sockets import Frame, Socket, greet, open_socket

PASSWORD = "seven green bicycles"
SUPPORT, SALES = "Support", "Sales"
PEOPLE = {"Ada": "agent", "Bruno": "agent", "Olga": "agent", "Sven": "supervisor", "Alma": "admin"}
SHOP = {"name": "off", "email": "off", "department": "off", "fields": []}
STARTS_WITHIN_S = 30.0
_numbers = itertools.count(1)


class Desk:
    """A desk that serves on a database of its own; Ada and Bruno are in Support, Olga is in Sales.

    The server runs in the test's own process, which saves seconds of starting; `apart` gives it one of its own
    (`deskbell serve`), so that it can be killed.
    """

    def __init__(self, pool: asyncpg.Pool, database: str, folder: Path, *, apart: bool = False) -> None:
        self.pool, self.folder, self.apart = pool, folder, apart
        self.port = free_port()
        self.address = f"http://localhost:{self.port}"
        self.settings: dict[str, Any] = {
            "database_url": database,
            "data": folder / "data",
            "port": self.port,
            "secret": "s" * 32,
            "log": "warning",
            "drain_seconds": 1,
        }
        self.clock: Clock = SystemClock()
        self.process: asyncio.subprocess.Process | None = None
        self.door: Door | None = None
        self._here: AsyncExitStack | None = None
        self._lines: list[Socket] = []
        self._clients: list[httpx.AsyncClient] = []

    async def start(self) -> None:
        """Serve on the same port as before."""
        if self.apart:
            await self._start_apart()
            return
        self._here = AsyncExitStack()
        node = node_at(load(**self.settings), self.clock, self.port)
        self.door = await self._here.enter_async_context(node)

    async def _start_apart(self) -> None:
        """Wait until the first page comes. Raises AssertionError with the server's own words."""
        log = self.folder / f"server-{next(_numbers)}.log"
        environment = os.environ | {name.upper(): str(value) for name, value in self.settings.items()}
        with log.open("wb") as out:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "deskbell", "serve", env=environment, stdout=out, stderr=out
            )
        async with (
            httpx.AsyncClient(base_url=self.address, verify=False) as client,
            asyncio.timeout(STARTS_WITHIN_S),
        ):
            while True:
                assert self.process.returncode is None, log.read_text()
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get("/health")).status_code == 200:
                        return
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Here: as a signal would stop it. Apart: SIGKILL, which is what a torn-out plug looks like."""
        if self._here:
            await self._here.aclose()
            self._here = None
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def close(self) -> None:
        for line in self._lines:
            await line.line.close()
        for client in self._clients:
            await client.aclose()
        await self.stop()

    async def furnish(self) -> None:
        """Departments, staff (all switched Available) and the site `shop`, which asks nothing."""
        rooms = {name: await departments.add(self.pool, name, "", True) for name in (SUPPORT, SALES)}
        passwords = Passwords()
        hashed = await passwords.hash(PASSWORD)
        passwords.close()
        for name, role in PEOPLE.items():
            person = await staff.add(
                self.pool,
                email=email_of(name),
                name=name,
                role=role,
                password_hash=hashed,
                max_chats=None,
                now=datetime.now(UTC),
            )
            assert person is not None
            await staff.change(self.pool, person, {"available": True})
            room = rooms[SALES if name == "Olga" else SUPPORT]
            await staff.set_departments(self.pool, person, [room] if role == "agent" and room else [])
        await self.site("shop")

    async def site(self, key: str, *, form: dict[str, Any] | None = None, **more: Any) -> None:
        """One more site, which may be embedded anywhere."""
        site = {"key": key, "name": key.title(), "active": True, "allowed_origins": ["*"], "departments": []}
        await sites.add(self.pool, site | {"look": {}, "texts": {}, "form": form or SHOP} | more)

    async def signed_in(self, name: str) -> httpx.AsyncClient:
        """A member of staff by HTTP."""
        client = httpx.AsyncClient(
            base_url=self.address,
            headers={"Origin": self.address, "X-Deskbell": "1"},
            timeout=20,
            verify=False,
        )
        self._clients.append(client)
        answer = await client.post("/api/session", json={"email": email_of(name), "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return client

    async def console(self, name: str) -> Socket:
        """A member of staff whose console is open, so that chats come to them."""
        client = await self.signed_in(name)
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        line = await open_socket(
            f"ws://localhost:{self.port}/api/socket", {"Cookie": cookies, "Origin": self.address}
        )
        self._lines.append(line)
        await greet(line)
        return line

    def keep(self, line: Socket) -> None:
        """Closed with the desk."""
        self._lines.append(line)

    async def texts(self) -> list[str]:
        """Every message there is, in order."""
        rows = await self.pool.fetch(
            "SELECT text FROM entry WHERE kind = 'message' ORDER BY conversation_id, seq"
        )
        return [row["text"] for row in rows]


async def given(console: Socket) -> Frame:
    """The chat that routing gives this agent next, opened: number `c`, `entries` so far, card `s`."""
    c = (await console.event("assigned"))["c"]
    await console.say("watch", c=c, since=0)
    return await console.hear("resumed", c=c)


def email_of(name: str) -> str:
    return f"{name.lower()}@desk.test"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Elsewhere:
    """Pages of other people's sites, on an origin of their own."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.pages: dict[str, tuple[str, str]] = {}

    def page(self, path: str, html: str, policy: str = "", *, host: str = "localhost") -> str:
        """The address of a page; `policy` is its Content-Security-Policy. Another `host` is another site."""
        self.pages[path] = (html, policy)
        return f"http://{host}:{self.port}{path}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        html, policy = self.pages.get(request.split()[1].decode().partition("?")[0], ("", ""))
        lines = [
            "HTTP/1.1 200 OK",
            "Content-Type: text/html; charset=utf-8",
            f"Content-Length: {len(html.encode())}",
        ]
        lines += [f"Content-Security-Policy: {policy}"] if policy else []
        writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode() + html.encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def elsewhere() -> AsyncIterator[Elsewhere]:
    """A web server of somebody else."""
    place = Elsewhere(free_port())
    server = await asyncio.start_server(place.answer, "127.0.0.1", place.port)
    try:
        yield place
    finally:
        server.close()
        await server.wait_closed()
