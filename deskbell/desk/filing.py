"""Keeping a file that came from somebody: told by its bytes, kept under a random id (CHAT-5, VISITOR-7)."""

import asyncio
from pathlib import Path
from typing import NamedTuple

from deskbell.kit import ids, sniff
from deskbell.kit.clock import Clock
from deskbell.kit.files import FileStore, preview_id
from deskbell.kit.pictures import Picture, Pictures
from deskbell.kit.postgres import Pool
from deskbell.store import files
from deskbell.store.files import StoredFile


class Quota(NamedTuple):
    files: int
    mb: int


QUOTAS = {"customer": Quota(100, 500), "agent": Quota(2000, 10_000)}
"""What one person may bring within 24 hours."""

_pictures = Pictures()


class NotTaken(Exception):
    """A file of a kind that is not kept; the text is a sentence for who sent it."""


class Filing:
    def __init__(self, pool: Pool, store: FileStore, clock: Clock) -> None:
        self._pool = pool
        self._store = store
        self._clock = clock

    async def keep(self, path: Path, size: int, name: str, owner: str, owner_id: int) -> StoredFile:
        """Of a local file, loose until a message takes it; a preview is drawn beside `path`. Raises NotTaken.

        The row first: if the machine dies before the bytes lie there, the sweep of loose files tidies up.
        """
        kind = sniff.kind(await asyncio.to_thread(_head, path), name)
        if not kind.allowed:
            raise NotTaken("Programs cannot be sent. Put it into a ZIP file if you must.")
        preview = path.with_name("preview.webp")
        picture = await _pictures.preview(path, preview) if kind.type in sniff.PICTURES else None
        file = StoredFile(
            id=ids.public_id(),
            owner=owner,
            owner_id=owner_id,
            conversation_id=None,
            name=name,
            size=size,
            type=_shown_type(kind.type, picture),
            width=picture.width if picture else None,
            height=picture.height if picture else None,
            preview=picture is not None and picture.made,
            created_at=self._clock.now(),
        )
        await files.add(self._pool, file)
        try:
            await self._store.put(file.id, path)
            if file.preview:
                await self._store.put(preview_id(file.id), preview)
        except BaseException:
            await asyncio.shield(self._undo(file.id))
            raise
        return file

    async def _undo(self, file_id: str) -> None:
        await self._store.delete([file_id, preview_id(file_id)])
        await files.forget(self._pool, file_id)


def _shown_type(told: str, picture: Picture | None) -> str:
    """What begins like a picture but cannot be drawn is something else."""
    return sniff.OPAQUE if told in sniff.PICTURES and picture is None else told


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(sniff.HEAD)
