"""Taking in a file: counted while it is read, told by its bytes, kept under a random id (CHAT-5, VISITOR-7)."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from litestar import Request
from litestar.exceptions import ClientException

from deskbell.api.ports import Edge
from deskbell.api.problems import Problem
from deskbell.desk.filing import QUOTAS, Filing, NotTaken
from deskbell.kit import text
from deskbell.realtime import frames
from deskbell.store import files, preferences
from deskbell.store.files import StoredFile

MB = 1024 * 1024
GATHERED = MB
PATIENCE_S = 60.0
PATIENCE_PER_MB_S = 20.0  # 50 kB/s, a poor phone line
DAY = timedelta(hours=24)


async def take(
    request: Request[Any, Any, Any], edge: Edge, name: str, owner: str, owner_id: int
) -> frames.File:
    """Read the request's body into the file store. Raises Problem; nothing is left behind when it does."""
    edge.limits.before_upload((owner, owner_id), edge.clock.now().timestamp())
    limit = (await preferences.load(edge.pool)).upload_mb
    announced = _announced(request)
    if announced > limit * MB:
        raise _too_big(limit)
    await _check_quota(edge, owner, owner_id, announced)
    async with _folder(edge) as folder:
        path = folder / "file"
        size = await _receive(request, path, limit)
        await _check_quota(edge, owner, owner_id, size)
        filing = Filing(edge.pool, edge.files, edge.clock)
        try:
            file = await filing.keep(path, size, text.file_name(name), owner, owner_id)
        except NotTaken as refusal:
            raise Problem(415, "file_type", str(refusal)) from None
    return view(file)


def view(file: StoredFile) -> frames.File:
    shown = frames.File(id=file.id, name=file.name, size=file.size, type=file.type, preview=file.preview)
    if file.width is not None and file.height is not None:
        shown.width, shown.height = file.width, file.height
    return shown


@asynccontextmanager
async def _folder(edge: Edge) -> AsyncIterator[Path]:
    """A folder for one upload, gone afterwards, also when the client went away half way."""
    parent = edge.settings.data.absolute() / "uploads"
    await asyncio.to_thread(parent.mkdir, parents=True, exist_ok=True)
    folder = await asyncio.to_thread(tempfile.TemporaryDirectory, dir=parent)
    try:
        yield Path(folder.name)
    finally:
        await asyncio.shield(asyncio.to_thread(folder.cleanup))


def _announced(request: Request[Any, Any, Any]) -> int:
    """The Content-Length, or 0 if the client does not say."""
    length = request.headers.get("content-length", "0")
    if not length.isascii() or not length.isdecimal() or len(length) > 15:
        raise Problem(400, "bad_input", "Content-Length is no number.")
    return int(length)


async def _receive(request: Request[Any, Any, Any], path: Path, limit_mb: int) -> int:
    """Write the body to `path`, never more than the limit; its size."""
    try:
        async with asyncio.timeout(PATIENCE_S + limit_mb * PATIENCE_PER_MB_S):
            size = await _write(request, path, limit_mb)
    except TimeoutError:
        raise Problem(408, "slow", "The upload took too long.") from None
    except ClientException as error:
        raise Problem(400, "aborted", "The upload was cut off.") from error
    announced = _announced(request)
    if announced and size != announced:
        raise Problem(400, "aborted", "The upload was cut off.")
    if size == 0:
        raise Problem(400, "empty", "The file is empty.")
    return size


async def _write(request: Request[Any, Any, Any], path: Path, limit_mb: int) -> int:
    size, gathered = 0, bytearray()
    with await asyncio.to_thread(path.open, "wb") as file:
        async for piece in request.stream():
            size += len(piece)
            if size > limit_mb * MB:
                raise _too_big(limit_mb)
            gathered += piece
            if len(gathered) >= GATHERED:
                await asyncio.to_thread(file.write, bytes(gathered))
                gathered.clear()
        await asyncio.to_thread(file.write, bytes(gathered))
    return size


async def _check_quota(edge: Edge, owner: str, owner_id: int, size: int) -> None:
    quota = QUOTAS[owner]
    used = await files.usage(edge.pool, owner, owner_id, edge.clock.now() - DAY)
    if used.files >= quota.files:
        sentence = f"At most {quota.files} files can be sent in 24 hours."
        raise Problem(429, "rate", sentence, limit=quota.files, retry_after=3600)
    if used.bytes + size > quota.mb * MB:
        sentence = f"At most {quota.mb} MB can be sent in 24 hours."
        raise Problem(429, "rate", sentence, limit=quota.mb, retry_after=3600)


def _too_big(limit_mb: int) -> Problem:
    return Problem(413, "too_big", f"A file may have at most {limit_mb} MB.", limit=limit_mb * MB)
