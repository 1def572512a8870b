"""A simulator on a port."""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn

from whatsapp_sim import defaults
from whatsapp_sim.app import Application
from whatsapp_sim.clock import Clock
from whatsapp_sim.faults import Faults
from whatsapp_sim.simulator import Simulator

STOP_S = 2


class Server(uvicorn.Server):
    """uvicorn, which lets go of what hangs when it is asked to stop."""

    def __init__(self, simulator: Simulator) -> None:
        config = uvicorn.Config(
            Application(simulator),
            http="httptools",
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="critical",
            server_header=False,
            timeout_graceful_shutdown=STOP_S,
        )
        super().__init__(config)
        self._simulator = simulator

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._simulator.let_go()
        await super().shutdown(sockets)


class _Guest(Server):
    """Inside another program, whose signals are not its business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(1024)
    except OSError:
        listening.close()
        raise
    return listening


def address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = defaults.HOST
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


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
    if webhook:
        simulator.set_webhook(webhook)
    server = _Guest(simulator)
    await simulator.start()
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield simulator  # the socket listens already: who comes early waits
    finally:
        server.should_exit = True
        await task
        await simulator.stop()
        listening.close()
