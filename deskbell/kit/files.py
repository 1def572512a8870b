"""Where the bytes of files lie: a local folder or an S3 bucket, by the same calls (OPS-1)."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.store import LocalStore, ObjectStore, S3Store

from deskbell.settings import Settings

PIECE = 256 * 1024
RETRIES_WITHIN = timedelta(seconds=20)


class FileStore:
    """Bytes by id; the id is random and the path never has anything to do with a file's name."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def from_settings(cls, settings: Settings) -> "FileStore":
        """The bucket of S3_URL, or a folder in the data folder."""
        if not settings.s3_url:
            return cls.local(settings.files_folder)
        return cls.s3(
            settings.s3_url,
            endpoint=settings.s3_endpoint,
            region=settings.s3_region,
            key=settings.s3_key,
            secret=settings.s3_secret,
        )

    @classmethod
    def local(cls, folder: Path) -> "FileStore":
        folder.mkdir(parents=True, exist_ok=True)
        return cls(LocalStore(folder, mkdir=True))

    @classmethod
    def s3(cls, url: str, *, endpoint: str, region: str, key: str, secret: str) -> "FileStore":
        """`url` as in s3://bucket/folder; an empty endpoint is Amazon's own."""
        return cls(
            S3Store.from_url(
                url,
                config={
                    "region": region,
                    **({"access_key_id": key, "secret_access_key": secret} if key else {}),
                    **({"endpoint": endpoint, "virtual_hosted_style_request": False} if endpoint else {}),
                },
                client_options={"allow_http": endpoint.startswith("http://")},
                retry_config={"max_retries": 3, "retry_timeout": RETRIES_WITHIN},
            )
        )

    async def put(self, file_id: str, source: Path | bytes) -> None:
        """Keep a copy of a local file, sent in pieces if it is large, or of some bytes."""
        await obstore.put_async(self._store, _key(file_id), source)

    async def read(self, file_id: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` to before `end`, piece by piece. Raises FileNotFoundError."""
        found = await obstore.get_async(self._store, _key(file_id), options={"range": (start, end)})
        async for piece in found.stream(min_chunk_size=PIECE):
            yield bytes(piece)

    async def size(self, file_id: str) -> int:
        """Raises FileNotFoundError."""
        return (await obstore.head_async(self._store, _key(file_id)))["size"]

    async def delete(self, file_ids: Sequence[str]) -> None:
        """Files that are not there are deleted already."""
        for file_id in file_ids:
            try:
                await obstore.delete_async(self._store, _key(file_id))
            except FileNotFoundError:
                continue


def preview_id(file_id: str) -> str:
    """Where the picture of a file lies that the server made."""
    return f"{file_id}.webp"


def _key(file_id: str) -> str:
    return f"{file_id[:2]}/{file_id}"
