"""Tidying up: loose uploads, sessions that are over, leases nobody renews, old notifications. Safe to run on every node."""

import asyncio
import shutil
import time
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from deskbell.kit.clock import Clock
from deskbell.kit.files import FileStore, preview_id
from deskbell.store import customer_presence, files, nodes, notifications, presence, sessions, visits
from deskbell.store.types import Pool

LOOSE = timedelta(hours=24)
AT_ONCE = 500
TEMPORARY_S = 24 * 3600


class Swept(NamedTuple):
    """How much was removed; `sessions` are the ids whose time was over."""

    files: int
    sessions: list[int]


async def sweep(pool: Pool, store: FileStore, clock: Clock, data: Path) -> Swept:
    """Once an hour is enough. The bytes go first: if this stops half way, the rest goes next time."""
    now = clock.now()
    count = 0
    while True:
        async with pool.acquire() as connection, connection.transaction():
            ids = await files.remove_loose(connection, now - LOOSE, AT_ONCE)
            await store.delete([name for file_id in ids for name in (file_id, preview_id(file_id))])
        count += len(ids)
        if len(ids) < AT_ONCE:
            break
    await asyncio.to_thread(_remove_half_uploads, data / "uploads")
    await presence.forget_old(pool, now)
    await customer_presence.forget_old(pool, now)
    await nodes.forget_old(pool)
    await notifications.forget_old(pool, now)
    await visits.forget_old(pool, now)
    return Swept(count, await sessions.sweep(pool, now))


def _remove_half_uploads(folder: Path) -> None:
    """What a killed server left of uploads it was reading; by the disk's own time."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if time.time() - path.stat().st_mtime > TEMPORARY_S:
            shutil.rmtree(path, ignore_errors=True)
