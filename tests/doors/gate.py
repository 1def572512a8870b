"""A gate before conversations: commands that come at the same time all stand before it, in an order the test chooses."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tests.doors.house import House

PATIENCE_S = 30.0

# Who waits for a row (not who waits for an advisory lock).
_STANDING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event IN ('transactionid', 'tuple')"""


class Gate:
    def __init__(self, house: House) -> None:
        self._house = house

    async def standing(self, count: int) -> None:
        """So many commands stand before it: in the database, or behind such a one in the same lane of their node.

        Commands that a lane takes together count once, so let one of each node stand there before the rest come.
        """
        async with asyncio.timeout(PATIENCE_S):
            while await self._standing() < count:  # noqa: ASYNC110 - the database tells nobody who waits for a lock
                await asyncio.sleep(0.01)

    async def _standing(self) -> int:
        lanes = (lane for door in self._house.nodes for lane in door.node.desk.batcher._lanes)
        in_lanes = sum(
            len(lane._queue) for lane in lanes if lane._working
        )  # else it has not begun to walk there
        in_database: int = await self._house.pool.fetchval(_STANDING)
        return in_lanes + in_database


@asynccontextmanager
async def shut(house: House, *conversations: int) -> AsyncIterator[Gate]:
    """Shut as long as the block runs: the test itself holds the rows."""
    async with house.pool.acquire() as connection, connection.transaction():
        rows = "SELECT id FROM conversation WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE"
        await connection.fetch(rows, list(conversations))
        yield Gate(house)


async def in_turn(house: House, c: int, acts: Sequence[Callable[[], Awaitable[Any]]]) -> list[Any]:
    """All act before anybody knows how it ends, and are served in this order; their results."""
    async with shut(house, c) as gate:
        tasks = []
        for count, act in enumerate(acts, start=1):
            tasks.append(asyncio.ensure_future(act()))
            await gate.standing(count)
    results = await asyncio.gather(*tasks)
    for door in house.nodes:  # also of what the clock or routing asked for
        await door.node.desk.batcher.drain()
    return results
