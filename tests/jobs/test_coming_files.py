"""Files that come with messages: checked, kept, and said plainly when they are not (CHANNEL-2, W7, S20)."""

import base64
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from structlog.testing import capture_logs

from deskbell.channels.whatsapp.media import is_known
from tests import cast
from tests.cast import HOUR, MINUTE
from tests.jobs.inbox import Inbox, open_inbox, said
from tests.rules import rule
from whatsapp_sim.samples import FILES

META = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1"
PICTURE = FILES["image"].content
Answer = Callable[[httpx.Request], httpx.Response]


class Meta(httpx.AsyncBaseTransport):
    """Answers as Meta does, until a test says otherwise; `asked`: hosts and paths, and whether our token went there."""

    def __init__(self) -> None:
        self.content = PICTURE
        self.address = META
        self.answers: Iterator[Answer] = iter(())
        self.asked: list[tuple[str, bool]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.url.host + request.url.path, "authorization" in request.headers))
        answer = next(self.answers, None)
        if answer is not None:
            return answer(request)
        if request.url.host == "graph.facebook.com":
            return httpx.Response(200, json={"url": self.address, "id": "1"})
        return httpx.Response(200, content=self.content)


@pytest.fixture
def meta() -> Meta:
    return Meta()


@pytest.fixture
async def desk(database: str, pool: asyncpg.Pool, tmp_path: Path, meta: Meta) -> AsyncIterator[Inbox]:
    await cast.move_in(pool)
    async with open_inbox(database, tmp_path, answer=meta) as inbox:
        yield inbox


def picture(
    kind: str = "image", mime: str = "image/jpeg", content: bytes = PICTURE, **more: Any
) -> dict[str, Any]:
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    about = {"id": "771", "mime_type": mime, "sha256": digest, **more}
    return said(kind, id="wamid.file") | {kind: about}


async def fetched(desk: Inbox, message: dict[str, Any], after: int = 1) -> list[dict[str, Any]]:
    """What became of the file, after so many tries an hour apart."""
    await desk.get(message)
    for _ in range(after):
        await desk.files.work()
        desk.clock.advance(HOUR)
    return await desk.events()


def why(events: list[dict[str, Any]]) -> str:
    [event] = events
    assert event["name"] == "not_attached"
    return str(event["why"])


@rule("CHANNEL-2")
async def test_a_message_is_there_before_its_file_which_stands_beside_it_after(
    desk: Inbox, meta: Meta
) -> None:
    await desk.get(picture(caption="Look"))
    line = (await desk.house.thread(await desk.newest()))[-1].entry
    assert (line.text, line.data) == (
        "Look",
        {"coming": [{"kind": "image", "type": "image/jpeg", "name": ""}]},
    )
    assert meta.asked == []
    await desk.files.work()
    [event] = await desk.events()
    [file] = event["files"]
    assert (event["name"], event["seq"], event["kind"]) == ("attached", line.seq, "image")
    assert (file["name"], file["type"], file["size"], file["preview"]) == (
        "image.jpg",
        "image/jpeg",
        len(PICTURE),
        True,
    )
    assert meta.asked[0][0] == "graph.facebook.com/v23.0/771"
    stored = b"".join([piece async for piece in desk.store.read(file["id"], 0, len(PICTURE))])
    assert stored == PICTURE
    assert await desk.pool.fetchval("SELECT conversation_id FROM file") == await desk.newest()


@rule("CHANNEL-2")
@pytest.mark.parametrize(
    ("kind", "sample", "mime", "name"),
    [("voice", "voice", "audio/ogg", "voice.ogg"), ("sticker", "sticker", "image/webp", "sticker.webp")],
)
async def test_a_voice_is_a_voice_and_a_sticker_a_picture(
    desk: Inbox, meta: Meta, kind: str, sample: str, mime: str, name: str
) -> None:
    meta.content = FILES[sample].content
    wire = "audio" if kind == "voice" else kind
    [event] = await fetched(desk, picture(wire, mime, meta.content, voice=kind == "voice"))
    assert (event["kind"], event["files"][0]["name"], event["files"][0]["type"]) == (kind, name, mime)


@rule("CHANNEL-2")
async def test_what_a_file_is_told_by_its_bytes_and_a_program_is_not_kept(desk: Inbox, meta: Meta) -> None:
    meta.content = b"<html><script>alert(1)</script></html>"
    [event] = await fetched(desk, picture(content=meta.content))
    assert event["files"][0]["type"] == "application/octet-stream"
    meta.content = b"MZ" + b"\0" * 500
    await desk.get(picture(content=meta.content) | {"id": "wamid.program"})
    await desk.files.work()
    assert "Programs" in (await desk.events())[-1]["why"]


async def test_an_address_that_ran_out_is_asked_for_again_and_what_is_gone_is_said(
    desk: Inbox, meta: Meta
) -> None:
    gone: list[Answer] = [
        lambda _: httpx.Response(200, json={"url": META}),
        lambda _: httpx.Response(404),
    ]
    meta.answers = iter(gone)
    [event] = await fetched(desk, picture())
    assert event["name"] == "attached"
    meta.answers = iter(gone * 2)
    await desk.get(picture() | {"id": "wamid.gone"})
    await desk.files.work()
    assert "404" in (await desk.events())[-1]["why"]


async def test_a_damaged_file_is_tried_again_and_then_said_to_be_damaged(desk: Inbox, meta: Meta) -> None:
    meta.content = PICTURE[:-1]
    await fetched(desk, picture(), after=2)
    assert await desk.events() == []
    meta.content = PICTURE
    await desk.files.work()
    assert [event["name"] for event in await desk.events()] == ["attached"]
    meta.content = PICTURE[:-1]
    await desk.get(picture() | {"id": "wamid.damaged"})
    for _ in range(3):
        await desk.files.work()
        desk.clock.advance(HOUR)
    assert "damaged" in (await desk.events())[-1]["why"]


async def test_a_file_larger_than_the_desk_takes_is_not_read_to_its_end(desk: Inbox, meta: Meta) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(200):
            read += 1
            yield b"x" * 1024 * 1024

    meta.answers = iter(
        [lambda _: httpx.Response(200, json={"url": META}), lambda _: httpx.Response(200, content=endless())]
    )
    assert "larger than 25 MB" in why(await fetched(desk, picture()))
    assert read < 30


async def test_what_fails_for_a_while_is_tried_again_and_in_the_end_said(desk: Inbox, meta: Meta) -> None:
    with capture_logs():
        meta.answers = iter([broken] * 3)
        events = await fetched(desk, picture(), after=4)
        assert [event["name"] for event in events] == ["attached"]
        meta.answers = iter([broken] * 1000)
        await desk.get(picture() | {"id": "wamid.never"})
        for _ in range(12):
            await desk.files.work()
            desk.clock.advance(50 * HOUR)
    assert (await desk.events())[-1]["name"] == "not_attached"
    assert await desk.pool.fetchval("SELECT count(*) FROM coming_file") == 0


def broken(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("too late", request=request)


async def test_a_node_that_dies_over_a_file_leaves_it_to_the_next_one(desk: Inbox) -> None:
    await desk.get(picture())
    await desk.pool.execute(
        "UPDATE coming_file SET due_at = $1", desk.clock.now() + 10 * MINUTE
    )  # claimed, then killed
    await desk.files.work()
    assert await desk.events() == []
    desk.clock.advance(11 * MINUTE)
    await desk.files.work()
    await desk.pool.execute("UPDATE arrival SET state = 'new'")  # and once more, from the message on
    await desk.job.work()
    await desk.files.work()
    assert [event["name"] for event in await desk.events()] == ["attached"]


@rule("CHANNEL-2")
@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://evil.test/x",
        "https://fbsbx.com.evil.test/x",
        "https://evilfbsbx.com/x",
        "https://lookaside.fbsbx.com@evil.test/x",
        "https://user:pass@lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com:8443/x",
        "http://lookaside.fbsbx.com/x",
        "file:///etc/passwd",
        "//lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com:x/",
        "",
    ],
)
def test_our_token_goes_to_metas_hosts_only(address: str) -> None:
    assert not is_known(address, "https://graph.facebook.com")
    assert is_known(META, "https://graph.facebook.com")
    assert is_known("http://127.0.0.1:8090/x", "http://127.0.0.1:8090")


@rule("CHANNEL-2")
async def test_nobody_is_asked_at_another_address_and_no_redirect_is_followed(
    desk: Inbox, meta: Meta
) -> None:
    meta.address = "https://evil.test/x"
    assert "not its own" in why(await fetched(desk, picture()))
    meta.address = META
    meta.answers = iter(
        [
            lambda _: httpx.Response(200, json={"url": META}),
            lambda _: httpx.Response(302, headers={"Location": "http://169.254.169.254/"}),
        ]
    )
    await desk.get(picture() | {"id": "wamid.redirect"})
    await desk.files.work()
    hosts = {place.partition("/")[0] for place, _ in meta.asked}
    assert hosts == {"graph.facebook.com", "lookaside.fbsbx.com"}
