"""The attachments of a mail, kept like any other files; what is not kept is said and stays in the original (CHAT-5)."""

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path

from deskbell.channels.email.html import named_pictures
from deskbell.channels.email.parse import File, Parsed
from deskbell.desk.filing import QUOTAS, Filing, NotTaken
from deskbell.kit.clock import Clock
from deskbell.kit.files import FileStore
from deskbell.kit.postgres import Pool
from deskbell.settings import Settings
from deskbell.store import files, preferences

MB = 1024 * 1024
SMALL = 8_000
"""A picture shown inside the mail that has fewer bytes is a logo or a mark, no screenshot."""
DAY = timedelta(hours=24)


class MailFiles:
    def __init__(self, pool: Pool, store: FileStore, clock: Clock, settings: Settings) -> None:
        self._pool = pool
        self._clock = clock
        self._filing = Filing(pool, store, clock)
        self._folder = settings.data.absolute() / "uploads"

    async def keep(self, mail: Parsed, customer_id: int) -> tuple[tuple[str, ...], list[str]]:
        """Ids of those that were kept, and sentences for staff about the others."""
        wanted = [file for file in mail.files if not _is_decoration(file, mail)]
        if not wanted:
            return (), []
        limit = (await preferences.load(self._pool)).upload_mb
        used = await files.usage(self._pool, "customer", customer_id, self._clock.now() - DAY)
        quota = QUOTAS["customer"]
        room, places = quota.mb * MB - used.bytes, quota.files - used.files
        kept: list[str] = []
        notes = []
        for file in wanted:
            size = len(file.content)
            if size > limit * MB:
                notes.append(f"{file.name} is larger than {limit} MB: it is only in the original.")
            elif size > room or places <= len(kept):
                notes.append(
                    f"{file.name} is too much for one day of one customer: it is only in the original."
                )
            elif (file_id := await self._keep(file, customer_id)) is None:
                notes.append(f"{file.name} is a program: it is only in the original.")
            else:
                kept.append(file_id)
                room -= size
        return tuple(kept), notes

    async def _keep(self, file: File, customer_id: int) -> str | None:
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        folder = await asyncio.to_thread(tempfile.TemporaryDirectory, dir=self._folder)
        try:
            path = Path(folder.name) / "file"
            await asyncio.to_thread(path.write_bytes, file.content)
            stored = await self._filing.keep(path, len(file.content), file.name, "customer", customer_id)
        except NotTaken:
            return None
        finally:
            await asyncio.shield(asyncio.to_thread(folder.cleanup))
        return stored.id


def _is_decoration(file: File, mail: Parsed) -> bool:
    named = file.cid != "" and file.type.startswith("image/") and file.cid in named_pictures(mail.html)
    return named and len(file.content) < SMALL
