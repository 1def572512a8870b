"""Shows customers of services that their message was read, and that somebody types. Nothing depends on it."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping

from deskbell.channels.base import Channel, SendError
from deskbell.desk.desk import Desk
from deskbell.desk.shown import ToShow
from deskbell.kit.logs import Log
from deskbell.kit.postgres import Pool
from deskbell.store import reach

log = Log()

GATHER_S = 0.3
AT_ONCE = 10
KEPT = 10_000


class Seen:
    """`run` until cancelled, on every node: each shows what its own consoles do."""

    def __init__(self, pool: Pool, desk: Desk, channels: Mapping[str, Channel]) -> None:
        self._pool = pool
        self._desk = desk
        self._channels = channels
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._told: OrderedDict[int, str] = OrderedDict()

    async def run(self) -> None:
        while True:
            await self._desk.shown.wake.wait()
            await self.run_once()
            await asyncio.sleep(GATHER_S)

    async def run_once(self) -> None:
        await asyncio.gather(*(self._show(one) for one in self._desk.shown.take()))

    async def _show(self, one: ToShow) -> None:
        async with self._turn:
            newest = await reach.newest_message(self._pool, one.conversation_id, one.seq or 2**31 - 1)
            if newest is None or (
                not one.typing and self._told.get(one.conversation_id) == newest.external_id
            ):
                return
            account = self._desk.directory.accounts.get(newest.account_id)
            row = self._desk.directory.accounts.row(newest.account_id)
            channel = self._channels.get(row.channel) if row is not None else None
            if account is None or channel is None:
                return
            self._remember(one.conversation_id, newest.external_id)
            try:
                await channel.seen(account, newest.external_id, typing=one.typing)
            except SendError as error:
                log.info("seen_not_shown", account=account.id, code=error.code)

    def _remember(self, conversation_id: int, external_id: str) -> None:
        self._told[conversation_id] = external_id
        self._told.move_to_end(conversation_id)
        if len(self._told) > KEPT:
            self._told.popitem(last=False)
