"""E-mail as a way in: the mailbox is read, and what came is worked on (CHANNEL-1, CHANNEL-4)."""

import asyncio
from email.utils import parseaddr

from deskbell.channels.email.addressing import mail_key
from deskbell.channels.email.kinds import Ours
from deskbell.desk.desk import Desk
from deskbell.kit.clock import Clock
from deskbell.kit.files import FileStore
from deskbell.kit.logs import Log
from deskbell.kit.postgres import AWAY, Pool
from deskbell.settings import Settings

from .mail_fetch import MailFetch
from .mail_in import MailIn

log = Log()

FORGET_S = 3600


class EmailIn:
    def __init__(self, settings: Settings, pool: Pool, files: FileStore, clock: Clock, desk: Desk) -> None:
        ours = Ours(own_addresses(settings), mail_key(settings.secret_key()))
        self.desk_side = MailIn(settings, pool, files, clock, desk, ours)
        self.mailbox_side = MailFetch(settings, pool, files, clock, self.desk_side.wake)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.mailbox_side.run())
            group.create_task(self.desk_side.run())
            group.create_task(self._forget())

    async def _forget(self) -> None:
        while True:
            try:
                await self.desk_side.forget()
            except AWAY as error:
                log.warning("mail_waits", error=type(error).__name__)
            await asyncio.sleep(FORGET_S)


def own_addresses(settings: Settings) -> frozenset[str]:
    """What we send from: mail from there is our own, in a circle."""
    named = (parseaddr(settings.mail_from)[1], settings.mail_base, settings.imap_user)
    return frozenset(address.lower() for address in named if "@" in address)
