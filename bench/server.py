"""The programs under measurement as real processes: the desk, the limit program, the load generator."""

import asyncio
import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil

from bench.load import Plan, Report

PORT = 8384
LIMIT_PORT = 8385
MAIL_PORT = 8386
PATIENCE_SECONDS = 60.0
LIMITS = {
    "VISITOR_FRAMES_PER_S": "100000",
    "VISITOR_FRAMES_BURST": "100000",
    "VISITOR_MESSAGES_PER_S": "100000",
    "VISITOR_MESSAGES_BURST": "100000",
    "STAFF_FRAMES_PER_S": "100000",
    "STAFF_FRAMES_BURST": "100000",
    "TRUSTED_PROXIES": "127.0.0.1/32",
}
"""Raised openly: one visitor here writes as much as a hundred do. The proxy is the bench itself."""


class BenchError(Exception):
    """A figure cannot be taken; the text says why."""


async def answered(reader: asyncio.StreamReader, what: str) -> None:
    """Read one answer on a connection that stays open. Raises BenchError when it is not 200."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(x[15:]) for x in head.lower().split(b"\r\n") if x.startswith(b"content-length:"))
    body = await reader.readexactly(length)
    if not head.startswith(b"HTTP/1.1 200"):
        raise BenchError(f"{what} was answered {head[9:12].decode()}: {body[:200].decode()}")


class Process:
    """A server process that answers HTTP on `port`."""

    def __init__(self, words: list[str], port: int, log: Path, environment: dict[str, str]) -> None:
        self.port = port
        self.origin = f"http://127.0.0.1:{port}"
        self._words = [sys.executable, *words]
        self._environment = {**os.environ, **environment}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, path: str = "/api/session", status: tuple[int, ...] = (200, 401)) -> float:
        """Start it; seconds until `path` was answered with such a status. Raises BenchError."""
        began = time.monotonic()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._words, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        while time.monotonic() - began < PATIENCE_SECONDS:
            if self._process.poll() is not None:
                break
            if _answer(self.port, path) in status:
                return time.monotonic() - began
            time.sleep(0.005)
        self.stop()
        raise BenchError(f"{' '.join(self._words[1:])} does not serve {path}: see {self._log}")

    def stop(self) -> None:
        """SIGTERM, and harder after 20 s."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def processes(self) -> list[psutil.Process]:
        """The server's process and its children, without PostgreSQL."""
        assert self._process is not None
        found = [psutil.Process(self._process.pid)]
        return found + [
            child for child in found[0].children(recursive=True) if "postgres" not in child.name()
        ]

    def resident(self) -> int:
        """Bytes of memory held (RSS), all processes."""
        return sum(process.memory_info().rss for process in self.processes())

    def cpu_seconds(self) -> float:
        return sum(sum(process.cpu_times()[:2]) for process in self.processes())


def desk(data: Path, database_url: str = "") -> Process:
    """The desk itself; an empty `database_url` is its own embedded PostgreSQL below `data`. Mail goes to MAIL_PORT."""
    environment = {
        **LIMITS,
        "DATA": str(data),
        "PORT": str(PORT),
        "BASE_URL": f"http://127.0.0.1:{PORT}",
        "LOG": "warning",
        "DATABASE_URL": database_url,
        "DRAIN_SECONDS": "2",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(MAIL_PORT),
        "SMTP_TLS": "none",
        "WHATSAPP_API": "https://graph.invalid",
    }
    return Process(["-m", "deskbell", "serve"], PORT, data / "bench-server.log", environment)


def limit(data: Path, database_url: str) -> Process:
    words = ["-m", "bench.limit", str(LIMIT_PORT), database_url]
    return Process(words, LIMIT_PORT, data / "bench-limit.log", {})


def run_load(plan: Plan) -> Report:
    """Carry out a plan in its own process. Raises BenchError."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=msgspec.json.encode(plan) + b"\n",
        capture_output=True,
        timeout=plan.seconds + plan.warm_up + PATIENCE_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise BenchError(f"the load generator failed: {done.stderr.decode()[-1500:]}")
    return msgspec.json.decode(done.stdout, type=Report)


@contextlib.contextmanager
def held(plan: Plan) -> Iterator[None]:
    """All sockets of an idle plan, open as long as the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(msgspec.json.encode(plan) + b"\n")
        process.stdin.flush()
        if process.stdout.readline() != b"connected\n":
            raise BenchError("the idle sockets were not all accepted")
        yield
    finally:
        process.stdin.close()
        process.wait(PATIENCE_SECONDS)


def _answer(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
