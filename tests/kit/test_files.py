"""Bytes lie in a folder or in a bucket, by the same calls (OPS-1)."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from deskbell.kit.files import FileStore
from deskbell.kit.ids import public_id
from deskbell.settings import load
from tests.rules import rule


class Bucket(BaseHTTPRequestHandler):
    """As much of S3 as the file store uses: one object per address, read in ranges."""

    protocol_version = "HTTP/1.1"
    objects: ClassVar[dict[str, bytes]] = {}

    def do_PUT(self) -> None:
        self.objects[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, b"")

    def do_GET(self) -> None:
        content = self.objects.get(self.path)
        if content is None:
            self._answer(404, b"")
            return
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        end = min(int(last) + 1 if last else len(content), len(content))
        span = f"bytes {first}-{end - 1}/{len(content)}"
        self._answer(206 if "Range" in self.headers else 200, content[int(first) : end], span)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Several are deleted at once; those that are not there count as deleted."""
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        keys = re.findall("<Key>(.*?)</Key>", asked)
        for key in keys:
            self.objects.pop(f"{self.path.partition('?')[0]}/{key}", None)
        deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        space = "http://s3.amazonaws.com/doc/2006-03-01/"
        self._answer(200, f'<DeleteResult xmlns="{space}">{deleted}</DeleteResult>'.encode())

    def _answer(self, status: int, content: bytes, span: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Mon, 02 Mar 2026 09:00:00 GMT")
        if span:
            self.send_header("Content-Range", span)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def s3() -> Iterator[str]:
    Bucket.objects = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path, s3: str) -> FileStore:
    bucket: dict[str, Any] = {"s3_url": "s3://desk/files", "s3_endpoint": s3, "s3_key": "k", "s3_secret": "s"}
    if request.param == "folder":
        bucket = {}
    return FileStore.from_settings(load(data=tmp_path, **bucket))


@rule("OPS-1")
async def test_what_was_put_is_read_in_whole_or_in_part_until_it_is_deleted(
    store: FileStore, tmp_path: Path
) -> None:
    source, file_id = tmp_path / "source", public_id()
    source.write_bytes(bytes(range(256)) * 4096)
    await store.put(file_id, source)
    assert await store.size(file_id) == 256 * 4096
    whole = b"".join([piece async for piece in store.read(file_id, 0, 256 * 4096)])
    assert whole == bytes(range(256)) * 4096
    assert b"".join([piece async for piece in store.read(file_id, 300, 310)]) == bytes(range(44, 54))
    await store.delete([file_id, file_id])
    with pytest.raises(FileNotFoundError):
        await store.size(file_id)


async def test_a_bucket_keeps_files_below_its_folder(s3: str) -> None:
    store = FileStore.s3("s3://desk/files", endpoint=s3, region="us-east-1", key="k", secret="s")
    await store.put("abcdef", b"hello")
    assert Bucket.objects == {"/desk/files/ab/abcdef": b"hello"}
