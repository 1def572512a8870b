"""Keeps what we know of our accounts at services fresh: once a day, and when the service says that something changed."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from deskbell.channels.base import Account, AccountNews, Channel, SendError
from deskbell.desk import upkeep
from deskbell.desk.desk import Desk
from deskbell.kit.clock import Clock
from deskbell.kit.logs import Log
from deskbell.kit.postgres import Pool
from deskbell.store import templates

log = Log()

FRESH_FOR = timedelta(days=1)
AGAIN = timedelta(minutes=30)
"""After it failed."""
LOOK_S = 60
GATHER_S = 2.0
"""So long news are gathered into one question."""


class Upkeep:
    """`run` on every node: two that ask at the same time do no harm. `take` is for what services tell."""

    def __init__(self, pool: Pool, clock: Clock, desk: Desk, channels: Mapping[str, Channel]) -> None:
        self._pool = pool
        self._clock = clock
        self._desk = desk
        self._channels = channels
        self._not_before: dict[int, datetime] = {}
        self._wake = asyncio.Event()

    async def run(self) -> None:
        while True:
            await self.run_once()
            self._wake.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_S)
            await asyncio.sleep(GATHER_S)

    async def run_once(self) -> None:
        """Ask about every account of which we know nothing, or nothing new."""
        now = self._clock.now()
        for name, channel in self._channels.items():
            for account_id in await templates.stale(self._pool, name, now - FRESH_FOR):
                account = self._desk.directory.accounts.get(account_id)
                if account is not None and self._not_before.get(account_id, now) <= now:
                    self._not_before[account_id] = now + AGAIN
                    await self._refresh(channel, account)

    async def take(self, account_id: int, news: AccountNews) -> None:
        """Something about an account: we ask what is true now rather than believe the order in which news come. That it
        is to be asked is stored; many news at once are one question."""
        log.info("account_news", account=account_id, what=news.what)
        await templates.outdated(self._pool, account_id)
        self._not_before.pop(account_id, None)
        self._wake.set()

    async def _refresh(self, channel: Channel, account: Account) -> None:
        try:
            await upkeep.check(self._pool, self._clock, channel, account)
            await upkeep.fetch_templates(self._pool, self._clock, channel, account)
        except SendError as error:
            log.warning("account_not_checked", account=account.id, code=error.code)
        else:
            self._not_before.pop(account.id, None)
        await self._desk.changed("channels")
