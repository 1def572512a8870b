"""Builds everything once and puts it together: pool, desk, hub, application, worker. There are no other globals."""

import asyncio
import gc
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from deskbell.api.app import Application
from deskbell.api.limits import Limits
from deskbell.api.ports import Edge
from deskbell.api.widget_chat import VisitorViews
from deskbell.channels.base import Channel, WayIn
from deskbell.channels.whatsapp.channel import WhatsApp
from deskbell.desk.desk import Desk
from deskbell.domain.channels import BUILT_IN
from deskbell.jobs.arrivals import Arrivals
from deskbell.jobs.arrived import Hears
from deskbell.jobs.coming_files import ComingFiles
from deskbell.jobs.digest import Digests
from deskbell.jobs.dispatches import Dispatches
from deskbell.jobs.letters import Letters
from deskbell.jobs.seen import Seen
from deskbell.jobs.sweep import sweep
from deskbell.jobs.upkeep import Upkeep
from deskbell.kit.clock import Clock, SystemClock
from deskbell.kit.files import FileStore
from deskbell.kit.ids import public_id
from deskbell.kit.limits import Buckets
from deskbell.kit.logs import Log
from deskbell.kit.mail import post_of
from deskbell.kit.postgres import AWAY, Pool, create_pool
from deskbell.kit.seal import Seal
from deskbell.kit.tokens import Passwords
from deskbell.realtime.frames import MAX_MESSAGE_BYTES
from deskbell.realtime.hub import Hub
from deskbell.settings import Settings
from deskbell.store import nodes

if TYPE_CHECKING:
    from deskbell.channels.whatsapp.graph import Graph

log = Log()

BACKLOG = 4096
SWEEP_S = 600
DIGEST_S = 60
LETTERS_S = 1
UPKEEP_S = 60
POOL_S = 10
"""How long a stop waits for connections in use: one that is just being made is lost track of when it is not waited for."""


class Node:
    """One running node: what its parts share."""

    def __init__(self, settings: Settings, pool: Pool, clock: Clock, *, demo: bool = False) -> None:
        self.settings = settings
        self.pool = pool
        self.hub = Hub()
        self.channels = channels(settings)
        seal = Seal(settings.secret_key())
        self.desk = Desk(
            settings.database_url,
            pool,
            clock,
            self.hub,
            node=public_id()[:12],
            lanes=settings.writer_lanes,
            channels={**BUILT_IN, **{name: one.rules for name, one in self.channels.items()}},
            seal=seal,
        )
        self.edge = Edge(
            pool=pool,
            settings=settings,
            clock=clock,
            signals=self.desk,
            views=VisitorViews(self.desk),
            files=FileStore.from_settings(settings),
            secret=settings.secret_key(),
            passwords=Passwords(),
            limits=Limits(),
            channels=self.channels,
            seal=seal,
            demo=demo,
        )
        self.digests = Digests(pool, post_of(settings), clock, settings.address)
        self.letters = Letters(pool, post_of(settings), clock, self.desk, self.edge.files, settings)
        self.dispatches = Dispatches(pool, clock, self.desk, self.edge.files, self.channels)
        self.seen = Seen(pool, self.desk, self.channels)
        self.upkeep = Upkeep(pool, clock, self.desk, self.channels)
        self.ways_in = ways_in(settings, pool, clock, self)
        messages = Buckets(settings.visitor_messages_per_s, settings.visitor_messages_burst, size=100_000)
        self.app = Application(self.edge, self.desk, messages)


def channels(settings: Settings) -> dict[str, Channel]:
    """Messaging services, by name. The one place that names them (CHANNEL-1)."""

    def graph() -> "Graph":
        from deskbell.channels.whatsapp.graph import Graph  # an HTTP client, loaded where there is an account

        return Graph(settings.whatsapp_api, settings.whatsapp_version)

    return {one.name: one for one in (WhatsApp(graph),)}


def ways_in(settings: Settings, pool: Pool, clock: Clock, node: Node) -> list[WayIn]:
    """Besides the widget, which comes over HTTP. The one place that names them (CHANNEL-1)."""
    ways: list[WayIn] = []
    if settings.imap_host:
        from deskbell.jobs.email_in import EmailIn  # what reads mailboxes is loaded where there is one

        ways.append(EmailIn(settings, pool, node.edge.files, clock, node.desk))
    folder = settings.data.absolute() / "uploads"
    files = ComingFiles(pool, clock, node.desk, node.channels, node.edge.files, folder)
    hears = Hears(node.dispatches.heard, node.upkeep.take)
    return [*ways, files, Arrivals(pool, clock, node.desk, node.channels, hears, files.wake)]


@asynccontextmanager
async def running(settings: Settings, clock: Clock, *, demo: bool = False) -> AsyncIterator[Node]:
    """A node whose desk is at work; the database at `settings.database_url` is migrated."""
    pool = await create_pool(settings.database_url, size=settings.database_pool)
    node = Node(settings, pool, clock, demo=demo)
    await node.desk.arrive()
    works = (
        node.desk.run(),
        _sweep(node, clock),
        _again_and_again("digests", node.digests.send, DIGEST_S),
        _again_and_again("letters", node.letters.send, LETTERS_S),
        _again_and_again("dispatches", node.dispatches.run, 1),
        _again_and_again("seen", node.seen.run, 1),
        _again_and_again("upkeep", node.upkeep.run, UPKEEP_S),
        *(_again_and_again("way_in", way.run, 1) for way in node.ways_in),
    )
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield node
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(one.close() for one in node.channels.values()), return_exceptions=True)
        with suppress(Exception):
            await nodes.leave(pool, node.desk.node)
        with suppress(TimeoutError):
            await asyncio.wait_for(pool.close(), POOL_S)
        node.edge.passwords.close()


async def _sweep(node: Node, clock: Clock) -> None:
    """Tidy up now and then; on several nodes at once it does no harm."""
    while True:
        try:
            swept = await sweep(node.pool, node.edge.files, clock, node.settings.data)
            if swept.sessions:
                await node.desk.session_ended(swept.sessions)
        except Exception:
            log.exception("sweep_failed")
        await asyncio.sleep(SWEEP_S)


async def _again_and_again(name: str, work: Callable[[], Awaitable[object]], seconds: float) -> None:
    """Mail; one node at a time does it."""
    while True:
        try:
            await work()
        except Exception as error:
            log.warning(f"{name}_failed", error=type(error).__name__, exc_info=not isinstance(error, AWAY))
        await asyncio.sleep(seconds)


class Server(uvicorn.Server):
    """uvicorn, which first lets the sockets go (a `bye` each, resumable) when it is asked to stop."""

    def __init__(self, config: uvicorn.Config, node: Node) -> None:
        super().__init__(config)
        self._node = node

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """As uvicorn does, but the signal is answered with that: raised again, it would cut the tidying up."""
        super().handle_exit(sig, frame)
        self._captured_signals.clear()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        await self._node.app.sockets.drain(spread_ms=2000)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._node.desk.batcher.drain(), 5)
        await super().shutdown(sockets)


def server_of(node: Node) -> Server:
    """The HTTP and WebSocket server of a node."""
    settings = node.settings
    return Server(
        uvicorn.Config(
            node.app,
            host=settings.host,
            port=settings.port,
            loop="uvloop",
            http="httptools",
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            ws_max_size=MAX_MESSAGE_BYTES,
            ws_ping_interval=None,
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="warning",
            server_header=False,
            date_header=True,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=settings.drain_seconds,
            timeout_keep_alive=30,
        ),
        node,
    )


async def serve(settings: Settings, *, demo: bool) -> None:
    """Serve until SIGINT or SIGTERM, then drain and return. Raises SettingsError."""
    if not demo:
        settings.refuse_simulators()
    async with running(settings, SystemClock(), demo=demo) as node:
        _calm_collector()
        # Both would hear SIGTERM, and the one of the start would cut the server's draining short.
        asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
        await server_of(node).serve()


def _calm_collector() -> None:
    """What is there after the start stays: the collector need not look at it again, nor look often (measured: 1.2 x)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
