"""A node that does nothing but send: run as a process of its own, so that it can be killed (`python -m tests.jobs.sender`).

Arguments: address of the database, address of the simulator.
"""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from deskbell.channels.whatsapp.channel import WhatsApp
from deskbell.channels.whatsapp.graph import Graph
from deskbell.desk.desk import Desk
from deskbell.jobs import dispatches
from deskbell.kit.clock import SystemClock
from deskbell.kit.files import FileStore
from deskbell.kit.postgres import create_pool
from deskbell.kit.seal import Seal
from deskbell.realtime.hub import Hub


async def main(dsn: str, api: str) -> None:
    # What would take half a minute, so that the next node waits no longer.
    dispatches.LEASE, dispatches.RENEW_S, dispatches.POLL_S = timedelta(seconds=1), 0.2, 0.1
    pool, clock = await create_pool(dsn, size=4), SystemClock()
    channels = {"whatsapp": WhatsApp(lambda: Graph(api, "v23.0"))}
    desk = Desk(dsn, pool, clock, Hub(), node="sender", lanes=1, seal=Seal(b"k" * 32))
    await desk.directory.refresh()
    files = FileStore.local(Path(sys.argv[3]))
    patience = dispatches.Patience(taken=0.05, unknown=0.05)
    print("ready", flush=True)
    await dispatches.Dispatches(pool, clock, desk, files, channels, patience).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
