"""A node with all its parts and real doors, whose workers work when a test says so; only writing goes on by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx

from deskbell import wiring
from deskbell.channels.whatsapp.channel import WhatsApp
from deskbell.channels.whatsapp.graph import Graph
from deskbell.jobs.arrivals import Arrivals
from deskbell.jobs.coming_files import ComingFiles
from deskbell.jobs.dispatches import Patience
from deskbell.kit.clock import FixedClock
from deskbell.kit.postgres import create_pool
from deskbell.settings import Settings

AT_ONCE = Patience(taken=0, unknown=0)


class Node:
    def __init__(self, node: wiring.Node, channel: WhatsApp, door: httpx.AsyncClient) -> None:
        self.desk, self.outbox, self.seen = node.desk, node.dispatches, node.seen
        self.channel, self.door = channel, door
        self.ledger = next(way for way in node.ways_in if isinstance(way, Arrivals))
        self.files = next(way for way in node.ways_in if isinstance(way, ComingFiles))


@asynccontextmanager
async def open_node(
    settings: Settings, clock: FixedClock, calls: httpx.AsyncBaseTransport
) -> AsyncIterator[Node]:
    """As the wiring builds it. `calls`: the way its calls to WhatsApp go."""
    pool = await create_pool(settings.database_url, size=settings.database_pool)
    node = wiring.Node(settings, pool, clock)
    channel = WhatsApp(lambda: Graph(settings.whatsapp_api, settings.whatsapp_version, calls))
    node.channels["whatsapp"] = channel
    node.dispatches._patience = AT_ONCE
    await node.desk.directory.refresh()
    work = asyncio.gather(*(run() for run in (*node.desk.batcher.workers(), node.desk.ledger.run)))
    way = httpx.ASGITransport(app=node.app)  # type: ignore[arg-type]
    try:
        async with httpx.AsyncClient(transport=way, base_url="http://desk.test", verify=False) as door:
            yield Node(node, channel, door)
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        await channel.close()
        node.edge.passwords.close()
        node.desk.router.close()
        pool.terminate()
        await asyncio.sleep(0)  # the sockets close in the next turn of the loop
