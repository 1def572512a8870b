"""A desk that gets mail: what tests of incoming mail do all the time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from deskbell.channels.email.addressing import reply_address
from deskbell.jobs.email_in import EmailIn
from deskbell.kit.clock import FixedClock
from deskbell.kit.files import FileStore
from deskbell.settings import load
from deskbell.store import inbound, mails
from tests.cast import MARTA, NOW
from tests.desk.house import House, open_house

BASE = "support@desk.test"
MARTAS = "marta@home.test"
MALLORYS = "mallory@evil.test"
_numbers = iter(range(1, 1_000_000))


def mail(
    text: str = "It does not shine.",
    *,
    by: str = MARTAS,
    to: str = BASE,
    subject: str = "A lamp",
    **headers: str,
) -> bytes:
    """A mail as ordinary programs write it; `headers` with _ for -."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = by, to, subject
    message["Message-ID"] = headers.pop("Message_ID", f"<m{next(_numbers)}@home.test>")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return bytes(message)


class MailHouse:
    def __init__(self, house: House, way: EmailIn, files: FileStore, clock: FixedClock) -> None:
        self.house, self.way, self.files, self.clock = house, way, files, clock
        self.pool = house.pool
        self.key = way.desk_side._ours.key
        self._uid = 0

    async def arrive(self, *mails_: bytes, size: int | None = None) -> list[str]:
        """Stored as if fetched, and worked on; what became of each."""
        return await self.work(*[await self.store(raw, size=size) for raw in mails_])

    async def store(self, raw: bytes, *, size: int | None = None) -> int:
        self._uid += 1
        raw_id = f"{self._uid:032x}"
        await self.files.put(raw_id, raw)
        await inbound.keep(self.pool, "box", 1, self._uid, raw_id, size or len(raw), self.clock.now())
        return self._uid

    async def work(self, *uids: int) -> list[str]:
        await self.way.desk_side.work()
        rows = await self.pool.fetch("SELECT uid, outcome FROM inbound_mail ORDER BY uid")
        found = {row[0]: row[1] for row in rows}
        return [found[uid] for uid in uids]

    async def ticket(self, email: str = MARTAS) -> int:
        """Marta's web ticket that Ada answered by mail; its number."""
        await self.pool.execute("UPDATE customer SET email = $1 WHERE id = $2", email, MARTA.id)
        number = await self.house.ticket()
        await mails.sent(self.pool, f"<out{number}@desk.test>", number, 2, email, self.clock.now())
        return number

    def address(self, number: int) -> str:
        return reply_address(BASE, number, self.key)

    async def newest(self) -> int:
        number: int = await self.pool.fetchval("SELECT max(id) FROM conversation")
        return number

    async def events(self, number: int) -> list[str]:
        return [line.entry.text for line in await self.house.thread(number) if line.entry.kind == "event"]

    async def carried(self, number: int) -> dict[str, Any]:
        """What the last message of a thread has besides its text."""
        lines = [line.entry for line in await self.house.thread(number) if line.entry.kind == "message"]
        return lines[-1].data or {}


@asynccontextmanager
async def mail_house(database: str, folder: Path, **settings: Any) -> AsyncIterator[MailHouse]:
    """On a database with the cast in it."""
    clock = FixedClock(NOW)
    async with open_house(database, clock=clock) as house:
        values = {"imap_host": "nowhere.test", "mail_from": f"Desk <{BASE}>", **settings}
        own = load(data=folder, database_url=database, **values)
        files = FileStore.local(folder / "files")
        yield MailHouse(house, EmailIn(own, house.pool, files, clock, house.desk), files, clock)
