"""Files: taken in with limits, told by their bytes, served so that nothing in them can run (CHAT-5, VISITOR-7)."""

import asyncio
import io
import struct
import zlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from PIL import Image

from deskbell.jobs.sweep import sweep
from deskbell.store import preferences
from tests.api.desk import EdgeDesk, code
from tests.rules import rule


def photo(width: int = 1600, height: int = 1200, form: str = "JPEG") -> bytes:
    """A picture that says where it was taken."""
    target = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "SECRET-PLACE"
    Image.effect_noise((width, height), 20).convert("RGB").save(target, form, exif=exif)
    return target.getvalue()


def bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG of a few hundred bytes that claims 2.5 billion pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\x00" * 1000))
        + chunk(b"IEND", b"")
    )


async def upload(
    client: httpx.AsyncClient, content: bytes, name: str = "photo.jpg", kind: str = "image/jpeg"
) -> httpx.Response:
    path = "/api/widget/files" if "authorization" in client.headers else "/api/files"
    return await client.post(path, params={"name": name}, content=content, headers={"Content-Type": kind})


def uploads_at_work(desk: EdgeDesk) -> list[Path]:
    return list((desk.edge.settings.data / "uploads").iterdir())


async def nothing_is_left(desk: EdgeDesk) -> bool:
    folder = desk.edge.settings.data
    files = [path for part in ("uploads", "files") for path in (folder / part).rglob("*") if path.is_file()]
    return not files and await desk.pool.fetchval("SELECT count(*) FROM file") == 0


async def test_an_outsider_uploads_and_sees_nothing(desk: EdgeDesk) -> None:
    await desk.site()
    ada, known = await desk.person("Ada"), await desk.visitor()
    ids = [(await upload(client, photo())).json()["id"] for client in (ada, known)]
    assert (await upload(desk.client(), b"x")).status_code == 401
    bob, other = await desk.person("Bob"), await desk.visitor()
    for file_id in ids:
        for client, path in ((desk.client(), "/api/files/"), (desk.client(), "/api/widget/files/")):
            assert (await client.get(path + file_id)).status_code == 401
        assert code(await bob.get(f"/api/files/{file_id}")) == (404, "not_found")
        assert code(await bob.get(f"/api/files/{file_id}/preview")) == (404, "not_found")
        assert code(await other.get(f"/api/widget/files/{file_id}")) == (404, "not_found")
        assert code(await other.post(f"/api/widget/files/{file_id}/link")) == (404, "not_found")
    assert (await ada.get(f"/api/files/{ids[0]}")).status_code == 200
    assert (await known.get(f"/api/widget/files/{ids[1]}")).status_code == 200


@rule("CHAT-5")
async def test_a_picture_is_told_by_its_bytes_and_drawn_anew(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    content = photo()
    file = (await upload(ada, content, "notes.txt", "text/plain")).json()
    assert (file["type"], file["width"], file["height"], file["preview"]) == ("image/jpeg", 1600, 1200, True)
    assert file["size"] == len(content)
    shown = await ada.get(f"/api/files/{file['id']}/preview")
    drawn = Image.open(io.BytesIO(shown.content))
    assert (shown.headers["content-type"], drawn.format, drawn.size) == ("image/webp", "WEBP", (1024, 768))
    assert b"SECRET-PLACE" in content
    assert b"SECRET-PLACE" not in shown.content
    assert not drawn.getexif()


@rule("CHAT-5")
async def test_an_original_is_only_downloaded_and_cannot_run(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    content = photo()
    file = (await upload(ada, content, "bild \u202egpj.\u00fc.jpg")).json()
    answer = await ada.get(f"/api/files/{file['id']}")
    assert answer.content == content
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"bild gpj._.jpg\"; filename*=UTF-8''bild%20gpj.%C3%BC.jpg"
    )
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert int(answer.headers["content-length"]) == len(content)


HARMFUL = {
    "a.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "a.png": b"<html><script>alert(1)</script></html>",
    "b.txt": b"hello <script>alert(1)</script>",
    "c.gif": b"GIF89a/*" + b"\x00" * 100 + b"*/=1;alert(1)",
    "d.jpg": b"\xff\xd8\xff\xe0" + b"<html><script>alert(1)</script>" * 20,
    "e.xml": b"<?xml version='1.0'?><x xmlns='http://www.w3.org/1999/xhtml'><script>1</script></x>",
    "f.mht": b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<b>",
    "g.txt": b"\xff\xfe<\x00s\x00c\x00r\x00i\x00p\x00t\x00>\x00",
}


@pytest.mark.parametrize("name", HARMFUL)
async def test_what_could_run_in_a_browser_stays_opaque(desk: EdgeDesk, name: str) -> None:
    ada = await desk.person("Ada")
    file = (await upload(ada, HARMFUL[name], name, "text/html")).json()
    assert (file["type"], file.get("preview", False)) == ("application/octet-stream", False)
    answer = await ada.get(f"/api/files/{file['id']}")
    assert answer.headers["content-type"].partition(";")[0] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert (await ada.get(f"/api/files/{file['id']}/preview")).status_code == 404


async def test_a_pdf_with_script_is_downloaded(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    file = (await upload(ada, b"%PDF-1.7\n1 0 obj<</S/JavaScript/JS(app.alert(1))>>", "a.pdf")).json()
    assert file["type"] == "application/pdf"
    answer = await ada.get(f"/api/files/{file['id']}")
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.jpg", b"MZ\x90\x00"), ("a.jpg", b"\x7fELF\x02"), ("run.sh", b"echo"), ("x.png.exe", b"hello")],
)
async def test_programs_are_refused(desk: EdgeDesk, name: str, content: bytes) -> None:
    ada = await desk.person("Ada")
    assert code(await upload(ada, content, name)) == (415, "file_type")
    assert await nothing_is_left(desk)


async def test_a_pixel_bomb_is_measured_but_not_decoded(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    file = (await upload(ada, bomb(), "bomb.png")).json()
    assert (file["width"], file["height"], file.get("preview", False)) == (50_000, 50_000, False)


async def test_a_turned_photo_is_shown_upright(desk: EdgeDesk) -> None:
    target, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20), "red").save(target, "JPEG", exif=exif)
    ada = await desk.person("Ada")
    file = (await upload(ada, target.getvalue())).json()
    assert (file["width"], file["height"]) == (20, 40)
    shown = await ada.get(f"/api/files/{file['id']}/preview")
    assert Image.open(io.BytesIO(shown.content)).size == (20, 40)


@rule("CHAT-5")
async def test_a_file_over_the_limit_is_refused_before_and_while_reading(desk: EdgeDesk) -> None:
    await preferences.save(desk.pool, {"upload_mb": 1}, None)
    ada = await desk.person("Ada")
    announced = await upload(ada, b"x" * (1024 * 1024 + 1), "a.txt")
    assert code(announced) == (413, "too_big")
    assert announced.json()["error"]["text"] == "A file may have at most 1 MB."

    async def some() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 65536

    unannounced = await ada.post("/api/files?name=a.txt", content=some())
    assert code(unannounced) == (413, "too_big")
    assert await nothing_is_left(desk)


async def test_an_upload_that_is_cut_off_leaves_nothing(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    messages: list[dict[str, object]] = [{"type": "http.request", "body": b"half", "more_body": True}]

    async def receive() -> dict[str, object]:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(_: object) -> None:
        pass

    headers = [
        (b"host", b"desk.test"),
        (b"origin", b"http://desk.test"),
        (b"x-deskbell", b"1"),
        (b"content-length", b"8"),
        (b"cookie", f"deskbell_session={ada.cookies['deskbell_session']}".encode()),
    ]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/files",
        "raw_path": b"/api/files",
        "query_string": b"name=a.txt",
        "headers": headers,
        "scheme": "http",
        "http_version": "1.1",
        "client": ("127.0.0.1", 1),
        "server": ("desk.test", 80),
        "root_path": "",
        "asgi": {"version": "3.0"},
    }
    await desk.app(scope, receive, send)
    assert await nothing_is_left(desk)


async def test_an_empty_file_is_no_file(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    assert code(await upload(ada, b"")) == (400, "empty")


async def test_a_visitor_has_a_daily_limit(desk: EdgeDesk) -> None:
    await desk.site()
    visitor = await desk.visitor()
    file = (await upload(visitor, b"hello", "a.txt")).json()
    await desk.pool.execute("UPDATE file SET size = 500 * 1024 * 1024 - 2 WHERE id = $1", file["id"])
    refused = await upload(visitor, b"hello", "a.txt")
    assert code(refused) == (429, "rate")
    assert "500 MB" in refused.json()["error"]["text"]
    desk.clock.advance(timedelta(hours=24))
    assert (await upload(visitor, b"hello", "a.txt")).status_code == 201


async def test_a_visitors_link_works_for_five_minutes_and_for_that_file_only(desk: EdgeDesk) -> None:
    await desk.site()
    visitor = await desk.visitor()
    mine, other = [(await upload(visitor, photo(80, 60))).json()["id"] for _ in range(2)]
    url = (await visitor.post(f"/api/widget/files/{mine}/link")).json()["url"]
    async with desk.client({}) as img:
        assert (await img.get(url)).status_code == 200
        assert (await img.get(url.replace("?", "/preview?"))).headers["content-type"] == "image/webp"
        assert (await img.get(url.replace(mine, other))).status_code == 404
        assert (await img.get(url[:-1] + ("A" if url[-1] != "A" else "B"))).status_code == 404
        desk.clock.advance(timedelta(minutes=5))
        assert (await img.get(url)).status_code == 404


async def test_sound_is_played_in_parts(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    content = b"ID3\x03" + bytes(range(256)) * 40
    file = (await upload(ada, content, "a.mp3")).json()
    assert file["type"] == "audio/mpeg"
    part = await ada.get(f"/api/files/{file['id']}", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(content)}"
    assert part.headers["content-disposition"].startswith("inline;")
    beyond = await ada.get(f"/api/files/{file['id']}", headers={"Range": "bytes=99999999-"})
    assert beyond.status_code == 416


async def test_loose_files_go_after_a_day_and_carried_ones_stay(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    await desk.hire("Bob")
    loose, fresh = (await upload(ada, photo(80, 60))).json()["id"], None
    desk.clock.advance(timedelta(hours=23))
    fresh = (await upload(ada, b"hello", "a.txt")).json()["id"]
    desk.clock.advance(timedelta(hours=1, seconds=1))
    swept = await sweep(desk.pool, desk.edge.files, desk.clock, desk.edge.settings.data)
    assert swept.files == 1
    assert await desk.pool.fetchval("SELECT id FROM file") == fresh
    left = [path for path in (desk.edge.settings.data / "files").rglob("*") if path.is_file()]
    assert [path.name for path in left] == [fresh]
    assert loose != fresh


async def test_guessed_ids_find_nothing(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    for path in ("0" * 32, "../../secret.key", "0" * 31 + "g", "%2e%2e%2fsecret.key", "0" * 33):
        assert (await ada.get(f"/api/files/{path}")).status_code in (400, 404)


async def test_many_pictures_at_once_are_drawn_two_at_a_time(desk: EdgeDesk) -> None:
    ada = await desk.person("Ada")
    answers = await asyncio.gather(*(upload(ada, photo(300, 200)) for _ in range(5)))
    assert [answer.json()["preview"] for answer in answers] == [True] * 5
    assert uploads_at_work(desk) == []
