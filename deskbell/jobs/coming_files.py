"""Fetches the files that came with messages: the message is there first, the file stands beside it after (CHANNEL-2)."""

import asyncio
import hashlib
import mimetypes
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from deskbell.channels.base import Channel, Media, SendError
from deskbell.desk.desk import Desk
from deskbell.desk.filing import QUOTAS, Filing, NotTaken
from deskbell.domain.deliveries import Amend
from deskbell.domain.errors import Refused
from deskbell.domain.people import SYSTEM
from deskbell.kit import text
from deskbell.kit.clock import Clock
from deskbell.kit.files import FileStore
from deskbell.kit.logs import Log
from deskbell.kit.postgres import AWAY, Pool
from deskbell.store import coming, files
from deskbell.store.coming import Claimed, Coming

log = Log()

AT_ONCE = 8
POLL_S = 2.0
WITHIN_S = 300.0
CLAIM = timedelta(seconds=2 * WITHIN_S)
GATHERED = 1024 * 1024
MB = 1024 * 1024
DAY = timedelta(hours=24)
PAUSES = tuple(
    timedelta(seconds=s) for s in (5, 30, 120, 600, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 48 * 3600)
)
"""A service keeps such a file for some days."""
ENDINGS = {"audio/ogg": ".ogg"}
"""Where the usual one is not what people know."""
DAMAGED_MOST = 3
"""A file that came damaged so often will not come whole."""


class _Never(Exception):
    """It is not kept; the text is a sentence for staff."""


class _Damaged(Exception):
    pass


class ComingFiles:
    """A way in (channels/base.py). Every node fetches; each file is fetched by one."""

    def __init__(
        self,
        pool: Pool,
        clock: Clock,
        desk: Desk,
        channels: Mapping[str, Channel],
        store: FileStore,
        folder: Path,
    ) -> None:
        """`folder`: where files lie while they come."""
        self._pool = pool
        self._clock = clock
        self._desk = desk
        self._channels = channels
        self._filing = Filing(pool, store, clock)
        self._folder = folder
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """A message came that has a file."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled. A slow file keeps no other back."""
        going: set[asyncio.Task[None]] = set()

        def over(task: asyncio.Task[None]) -> None:
            going.discard(task)
            self._wake.set()

        try:
            while True:
                self._wake.clear()
                try:
                    claimed = await self._claim(AT_ONCE - len(going)) if len(going) < AT_ONCE else []
                except AWAY as error:
                    log.warning("coming_files_wait", error=type(error).__name__)
                    claimed = []
                for one in claimed:
                    task = asyncio.create_task(self._one(one))
                    going.add(task)
                    task.add_done_callback(over)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), POLL_S)
        finally:
            for task in going:
                task.cancel()

    async def work(self) -> None:
        """Fetch all that is due, and return when it is done."""
        while claimed := await self._claim(AT_ONCE):
            await asyncio.gather(*(self._one(one) for one in claimed))

    async def _claim(self, count: int) -> list[Claimed]:
        now = self._clock.now()
        return await coming.claim(self._pool, now, now + CLAIM, count)

    async def _one(self, claimed: Claimed) -> None:
        """Whatever fails here is tried again when the claim is over."""
        try:
            await self._settle(claimed)
        except AWAY as error:
            log.warning("coming_files_wait", error=type(error).__name__)
        except Refused as refused:
            log.warning("coming_files_wait", error=refused.code)
        except Exception:
            log.exception("coming_file_failed", conversation=claimed.file.conversation_id)

    async def _settle(self, claimed: Claimed) -> None:
        file = claimed.file
        try:
            async with asyncio.timeout(WITHIN_S):
                file_id = await self._fetch(claimed)
        except (_Never, NotTaken) as never:
            await self._amend(file, "not_attached", (("why", str(never)),))
        except SendError as error:
            if error.retry is not None or error.account:
                await self._later(claimed, str(error))
            else:
                await self._amend(file, "not_attached", (("why", str(error)),))
        except _Damaged:
            if claimed.tries + 1 >= DAMAGED_MOST:
                await self._amend(file, "not_attached", (("why", "It came damaged."),))
            else:
                await self._later(claimed, "It came damaged.")
        except TimeoutError:
            await self._later(claimed, "It did not come in time.")
        else:
            await self._amend(file, "attached", (), (file_id,))

    async def _later(self, claimed: Claimed, why: str) -> None:
        if claimed.tries < len(PAUSES):
            await coming.later(self._pool, claimed.file, self._clock.now() + PAUSES[claimed.tries], why)
        else:
            await self._amend(claimed.file, "not_attached", (("why", why),))

    async def _amend(
        self, file: Coming, what: str, values: tuple[tuple[str, str], ...], files_: tuple[str, ...] = ()
    ) -> None:
        """Beside its message, once; a file that was fetched twice is swept away."""
        client_id = f"file-{file.seq}-{file.part}"
        values = (("kind", file.kind), ("file", file.name or file.kind), *values)
        command = Amend(file.conversation_id, SYSTEM, client_id, file.seq, what, values, files_)
        await self._desk.perform(command)
        await coming.done(self._pool, file)

    async def _fetch(self, claimed: Claimed) -> str:
        """The id of the file, loose in the file store. Raises SendError, NotTaken, _Never, _Damaged."""
        file = claimed.file
        account = self._desk.directory.accounts.get(file.account_id)
        row = self._desk.directory.accounts.row(file.account_id)
        channel = self._channels.get(row.channel) if row is not None else None
        if account is None or channel is None:
            raise SendError("The channel is not set up here.", retry=0)
        limit = self._desk.directory.preferences.upload_mb
        used = await files.usage(self._pool, "customer", claimed.customer_id, self._clock.now() - DAY)
        quota = QUOTAS["customer"]
        if used.files >= quota.files or used.bytes >= quota.mb * MB:
            raise _Never(f"One customer may send {quota.files} files and {quota.mb} MB a day.")
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        folder = await asyncio.to_thread(tempfile.TemporaryDirectory, dir=self._folder)
        try:
            path = Path(folder.name) / "file"
            media = Media(file.media_id, file.kind, file.type, file.name, file.sha256)
            size = await _written(channel.fetch(account, media), path, limit, file.sha256)
            stored = await self._filing.keep(path, size, _name(file), "customer", claimed.customer_id)
        finally:
            await asyncio.shield(asyncio.to_thread(folder.cleanup))
        return stored.id


async def _written(content: AsyncIterator[bytes], path: Path, limit_mb: int, sha256: str) -> int:
    """Write it to `path`, never more than the limit; its size."""
    size, gathered, seen = 0, bytearray(), hashlib.sha256()
    with await asyncio.to_thread(path.open, "wb") as out:
        async for piece in content:
            size += len(piece)
            if size > limit_mb * MB:
                raise _Never(f"It is larger than {limit_mb} MB.")
            seen.update(piece)
            gathered += piece
            if len(gathered) >= GATHERED:
                await asyncio.to_thread(out.write, bytes(gathered))
                gathered.clear()
        await asyncio.to_thread(out.write, bytes(gathered))
    if size == 0 or (sha256 and seen.hexdigest() != sha256):
        raise _Damaged
    return size


def _name(file: Coming) -> str:
    """Pictures and voices come without a name."""
    if file.name:
        return text.file_name(file.name)
    return f"{file.kind}{ENDINGS.get(file.type) or mimetypes.guess_extension(file.type) or ''}"
