"""Brings mail from its mailbox into the house: stored first, put away in the mailbox after the commit (CHANNEL-4).

A crash at any step loses nothing and doubles nothing: what is stored is known by mailbox, UIDVALIDITY and UID.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from deskbell.channels.email.imap import Fetched, Folder, Mailbox, MailboxError
from deskbell.kit.clock import Clock
from deskbell.kit.files import FileStore
from deskbell.kit.logs import Log
from deskbell.kit.postgres import AWAY, Connection, Pool, connect
from deskbell.settings import Settings
from deskbell.store import inbound
from deskbell.store.inbound import READING

log = Log()

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 300.0
SOMEBODY_ELSE_S = 15.0
CLOSE_S = 3.0
TRIES = 5
OVERLAP = timedelta(days=2)
"""When the server has numbered its mails anew: what came since shortly before we last saw it may be new to us."""


class MailFetch:
    """`arrived` is called when something new is stored."""

    def __init__(
        self, settings: Settings, pool: Pool, files: FileStore, clock: Clock, arrived: Callable[[], None]
    ) -> None:
        self._dsn = settings.database_url
        self._pool = pool
        self._files = files
        self._clock = clock
        self._arrived = arrived
        self._mailbox = Mailbox(settings)
        self._broken: Counter[int] = Counter()

    async def run(self) -> None:
        """Until cancelled, on every node: one at a time reads."""
        wait = FIRST_WAIT_S
        while True:
            try:
                wait = FIRST_WAIT_S if await self._read_alone() else SOMEBODY_ELSE_S
            except MailboxError as error:
                log.warning("mailbox_away", error=str(error))
                await self._say(str(error))
                wait = LONGEST_WAIT_S if error.refused else min(wait * 2, LONGEST_WAIT_S)
            except AWAY as error:
                log.warning("mail_waits", error=type(error).__name__)
                wait = min(wait * 2, LONGEST_WAIT_S)
            await asyncio.sleep(wait)

    async def _read_alone(self) -> bool:
        """Read until something breaks; False when another node does. On a connection that holds the lock."""
        connection = await connect(self._dsn)
        try:
            if not await inbound.try_lock(connection, READING):
                return False
            try:
                folder = await self._mailbox.open()
                await self._catch_up(folder)
                while True:
                    await inbound.all_well(connection, self._mailbox.name, self._clock.now())
                    await self._mailbox.wait()
                    await self._fetch_new(connection)
            finally:
                await self._mailbox.close()
        finally:
            try:
                await connection.close(timeout=CLOSE_S)  # politely, so that the lock is free at once
            except AWAY:
                connection.terminate()

    async def _catch_up(self, folder: Folder) -> None:
        """Where the last reading ended. A mailbox never read begins with what nobody has looked at."""
        name = self._mailbox.name
        cursor = await inbound.cursor(self._pool, name)
        if cursor.uidvalidity == folder.uidvalidity:
            unseen = await self._mailbox.unseen(upto=cursor.last_uid)
            await self._mailbox.put_away(await inbound.kept(self._pool, name, cursor.uidvalidity, unseen))
            await self._fetch_new(self._pool)
            return
        since = cursor.ok_at and (cursor.ok_at - OVERLAP).date()
        for uid in await self._mailbox.unseen(upto=folder.last_uid, since=since):
            await self._take(folder.uidvalidity, uid)
        await inbound.read_to(self._pool, name, folder.uidvalidity, folder.last_uid, self._clock.now())
        await self._fetch_new(self._pool)

    async def _fetch_new(self, db: Pool | Connection) -> None:
        """`db` also tells whether we still hold the lock: a broken connection raises."""
        name = self._mailbox.name
        cursor = await inbound.cursor(db, name)
        for uid in await self._mailbox.new_uids(cursor.last_uid):
            await self._take(cursor.uidvalidity, uid, read=True)

    async def _take(self, uidvalidity: int, uid: int, *, read: bool = False) -> None:
        """Bytes, then the row in one commit with how far we are, then the mailbox. `read`: all before it are taken."""
        fetched = await self._fetched(uid)
        name, now = self._mailbox.name, self._clock.now()
        if fetched is not None:
            raw_id = hashlib.sha256(f"{name}\0{uidvalidity}\0{uid}".encode()).hexdigest()[:32]
            await self._files.put(raw_id, fetched.raw)
        async with self._pool.acquire() as connection, connection.transaction():
            if fetched is not None:
                await inbound.keep(connection, name, uidvalidity, uid, raw_id, fetched.size, now)
            if read:
                await inbound.read_to(connection, name, uidvalidity, uid, now)
        if fetched is not None:
            self._arrived()
            await self._mailbox.put_away([uid])

    async def _fetched(self, uid: int) -> Fetched | None:
        """A mail the server can never give us does not keep back those after it. Raises MailboxError."""
        try:
            return await self._mailbox.fetch(uid)
        except MailboxError as error:
            self._broken[uid] += 1
            if self._broken[uid] < TRIES:
                raise
            log.error("mail_cannot_be_fetched", uid=uid, error=str(error))
            text = f"Subject: A mail that the server does not give out\n\nMail {uid} of {self._mailbox.name}: {error}\n"
            return Fetched(uid, text.encode("utf-8", "replace"), 0)

    async def _say(self, error: str) -> None:
        try:
            await inbound.trouble(self._pool, self._mailbox.name, error, self._clock.now())
        except AWAY:
            log.warning("mailbox_state_not_noted")
