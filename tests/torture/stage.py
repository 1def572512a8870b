"""What is tortured: one real PostgreSQL, two real server processes on it, and proxies in between.

clients -> proxy -> node A -> proxy -> PostgreSQL
clients -> proxy -> node B -> proxy ->     "
"""

import asyncio
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil

from deskbell.embedded import EmbeddedPostgres
from tests.torture.proxy import FaultProxy

ORIGIN = "http://desk.example"
START_SECONDS = 60.0
RESTART_SECONDS = 0.4
POSTGRES_SOCKET = ".s.PGSQL.5432"
LIMITS = {
    "VISITOR_FRAMES_PER_S": "200",
    "VISITOR_MESSAGES_PER_S": "100",
    "STAFF_FRAMES_PER_S": "500",
}
"""Open: the run floods from one address on purpose."""


class Database:
    """The embedded PostgreSQL, kept alive by its own watcher, and the ways to hurt it."""

    def __init__(self, folder: Path) -> None:
        self._postgres = EmbeddedPostgres(folder / "postgres")
        self.dsn = ""

    async def start(self) -> None:
        self.dsn = await self._postgres.start()

    async def stop(self) -> None:
        self.resume()
        await self._postgres.stop()

    def kill_postmaster(self) -> None:
        """Only the postmaster: its children notice and end on their own."""
        self._signal(signal.SIGKILL, everybody=False)

    def kill_all(self) -> None:
        """Postmaster and children at once, as when the machine's memory runs out."""
        self._signal(signal.SIGKILL, everybody=True)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP, everybody=True)

    def resume(self) -> None:
        self._signal(signal.SIGCONT, everybody=True)

    def _signal(self, sign: signal.Signals, *, everybody: bool) -> None:
        """To the postmaster first, so that it does not take its dying children for crashed ones."""
        pid = self._postgres.pid
        if pid is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            postmaster = psutil.Process(pid)
            # A backend is a session of its own: the process group of the postmaster holds nobody else.
            children = postmaster.children(recursive=True) if everybody else []
            for process in (postmaster, *children):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(sign)


class Node:
    """One server process, with a proxy before it and one behind it; started again when it ends.

    `ports` are those of server, front proxy and back proxy; `dsn` is a database behind a Unix socket.
    """

    def __init__(self, name: str, folder: Path, ports: tuple[int, int, int], dsn: str) -> None:
        self.name = name
        self.port, front, back = ports
        self.front = FaultProxy(front, ("127.0.0.1", self.port))
        address, _, place = dsn.partition("?host=")
        self.back = FaultProxy(back, Path(place) / POSTGRES_SOCKET)
        self.address = f"http://127.0.0.1:{front}"
        self.starts = 0
        self._folder = folder / name
        self._folder.mkdir(parents=True, exist_ok=True)
        self._dsn = address.replace("@/", f"@127.0.0.1:{back}/") + "?sslmode=disable"
        self._keeper: asyncio.Task[None] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._log = (self._folder / "server.log").open("ab")

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def open(self, secret: str) -> None:
        """Start proxies and server; returns when it serves."""
        self._environment = {
            **os.environ,
            **LIMITS,
            "PORT": str(self.port),
            "DATA": str(self._folder),
            "DATABASE_URL": self._dsn,
            "BASE_URL": ORIGIN,
            "SECRET": secret,
            "LOG": "warning",
            "LOG_FORMAT": "json",
            "DRAIN_SECONDS": "3",
        }
        await self.front.start()
        await self.back.start()
        self._keeper = asyncio.create_task(self._keep())
        await self.serving()

    async def _keep(self) -> None:
        """As a service manager would: whatever ended is started again, soon and for ever."""
        while True:
            if not self.running:
                self._start()
            await asyncio.sleep(RESTART_SECONDS)

    def _start(self) -> None:
        self.starts += 1
        self._process = subprocess.Popen(
            [sys.executable, "-m", "deskbell", "serve"],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )

    async def serving(self) -> None:
        """Until it answers."""
        deadline = time.monotonic() + START_SECONDS
        async with httpx.AsyncClient() as http:
            while time.monotonic() < deadline:
                with contextlib.suppress(httpx.HTTPError):
                    address = f"http://127.0.0.1:{self.port}/api/session"
                    if (await http.get(address, timeout=1)).status_code == 401:
                        return
                await asyncio.sleep(0.2)
        raise RuntimeError(f"node {self.name} did not start: see {self._folder / 'server.log'}")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    async def terminate(self) -> int:
        """SIGTERM; returns the exit code, -9 if it had to be killed for taking too long."""
        assert self._process is not None
        self._process.terminate()
        try:
            return await asyncio.wait_for(asyncio.to_thread(self._process.wait), 20)
        except TimeoutError:
            self.kill()
            return -9

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
        if self.running:
            await self.terminate()
        await self.front.stop()
        await self.back.stop()
        self._log.close()


def new_secret() -> str:
    """The key for signatures that both nodes share."""
    return secrets.token_urlsafe(32)
