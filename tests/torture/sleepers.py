"""Chats that fall due in the middle of the storm, though their times are longer than it: they began earlier, the
database is told. Their customers stay silent, and nobody but the clock touches them (LIFE-5, LIFE-7, LIFE-8).
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import asyncpg

from tests.torture.life import Times
from tests.torture.people import Visitor
from tests.torture.team import Agent

INACTIVE_DUE_SECONDS = (20, 50, 80, 110, 140, 170)
PENDING_DUE_SECONDS = (40, 90, 150)
FLAGGED_DUE_SECONDS = (30, 60)
COUNT = len(INACTIVE_DUE_SECONDS) + len(PENDING_DUE_SECONDS) + len(FLAGGED_DUE_SECONDS)
PATIENCE_SECONDS = 60

_TIMES = (
    "created_at", "state_at", "queued_at", "assigned_at", "opened_at", "flagged_at", "last_customer_at", "last_agent_at",
)  # fmt: skip
_CHAT_EARLIER = (
    f"UPDATE conversation SET {', '.join(f'{name} = {name} - $2::interval' for name in _TIMES)} WHERE id = $1"
)
_ENTRIES_EARLIER = "UPDATE entry SET at = at - $2::interval WHERE conversation_id = $1"


class Sleeper(Visitor):
    """Says one thing and waits."""

    async def live(self) -> None:
        await asyncio.Event().wait()


class Keeper(Agent):
    """Has the sleepers' chats, and watches them."""

    async def live(self) -> None:
        await asyncio.Event().wait()

    async def come_back(self) -> None:
        """Stays Unavailable: nothing is passed on to somebody who does nothing."""


async def put_to_sleep(db: asyncpg.Connection, keeper: Keeper, sleepers: list[Sleeper], times: Times) -> None:
    """Chats of all `sleepers` with the `keeper`, who is the only agent there: answered, some pending, some flagged."""
    for sleeper in sleepers:
        await sleeper.talking.wait()
        await sleeper.deliver(sleeper.wish("start", None))
    await _until(lambda: sum(row.get("owner") == keeper.me for row in keeper.rows.values()) == len(sleepers))
    chats = sorted(keeper.rows)
    for c in chats:
        await keeper.deliver(keeper.wish("send", c))
    await _until(lambda: not keeper.outbox)
    active = chats[: len(INACTIVE_DUE_SECONDS)]
    pending = chats[len(active) : len(active) + len(PENDING_DUE_SECONDS)]
    flagged = chats[len(active) + len(pending) :]
    for c in pending:
        await keeper.deliver(keeper.wish("pending", c, {"on": True}))
    for c in (*pending[:1], *flagged):
        await keeper.deliver(keeper.wish("flag", c, {"on": True}))
    await _until(lambda: not keeper.outbox)
    await keeper.switch(available=False)
    due = zip(chats, (*INACTIVE_DUE_SECONDS, *PENDING_DUE_SECONDS, *FLAGGED_DUE_SECONDS), strict=True)
    for c, seconds in due:
        length = times.pending if c in pending else times.inactivity
        earlier = timedelta(milliseconds=length) - timedelta(seconds=seconds)
        async with db.transaction():
            await db.execute(_CHAT_EARLIER, c, earlier)
            await db.execute(_ENTRIES_EARLIER, c, earlier)


async def _until(happened: Callable[[], bool]) -> None:
    """Raises TimeoutError."""
    for _ in range(PATIENCE_SECONDS * 10):
        if happened():
            return
        await asyncio.sleep(0.1)
    raise TimeoutError


def leave_alone(agents: list[Agent], sleepers: list[Sleeper]) -> None:
    """Nobody acts on the sleepers' chats."""
    customers = frozenset(sleeper.me for sleeper in sleepers)
    for agent in agents:
        agent.person = replace(agent.person, leaves=customers)
