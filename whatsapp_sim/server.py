"""A simulator on a port."""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import uvicorn

from whatsapp_sim import defaults
from whatsapp_sim.app import Application
from whatsapp_sim.clock import Clock
from whatsapp_sim.faults import Faults
from whatsapp_sim.simulator import Simulator

STOP_S = 2


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's delay on and answers take 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(1024)
    except OSError:
        listening.close()
        raise
    return listening


def address(listening: socket.socket) -> str:
    """Where a browser on this machine finds it."""
    host, port = listening.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = defaults.HOST
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def config_of(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="critical",
        server_header=False,
        timeout_graceful_shutdown=STOP_S,
    )


class Server(uvicorn.Server):
    """uvicorn, which lets go of what hangs when it is asked to stop."""

    def __init__(self, simulator: Simulator) -> None:
        super().__init__(config_of(Application(simulator)))
        self._simulator = simulator

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._simulator.let_go()
        await super().shutdown(sockets)


class _Guest(uvicorn.Server):
    """Inside another program: signals are not its business, and it starts and stops without looking at a watch."""

    def __init__(self, app: Any) -> None:
        super().__init__(config_of(app))
        self.asked_to_stop = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        await self.asked_to_stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=STOP_S)


@contextlib.asynccontextmanager
async def hosted(app: Any, listening: socket.socket) -> AsyncIterator[None]:
    """Serve an ASGI application as long as the block. Who comes early waits: the socket listens already."""
    server = _Guest(app)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield
    finally:
        server.asked_to_stop.set()
        await task
        listening.close()


@contextlib.asynccontextmanager
async def serving(
    *,
    host: str = defaults.HOST,
    port: int = 0,
    webhook: str = "",
    seed: int = 0,
    clock: Clock | None = None,
    faults: Faults | None = None,
) -> AsyncIterator[Simulator]:
    """A simulator at work on a free port of this machine; `simulator.base` is its address."""
    listening = listen(host, port)
    simulator = Simulator(seed=seed, clock=clock, faults=faults, base=address(listening))
    simulator.set_webhook(webhook)
    await simulator.start()
    async with hosted(Application(simulator), listening):
        try:
            yield simulator
        finally:
            await simulator.stop()
