"""The bounds of a socket: how much, how fast, how bad, how slow, how silent (docs/protocol.md, Limits)."""

import asyncio
import json
import socket
import time

import pytest
from websockets.asyncio.client import connect

from deskbell.api.sockets import Allowance
from deskbell.realtime import connection
from tests.doors.house import Door, House, live_chat
from tests.doors.sockets import Socket, greet


@pytest.mark.parametrize("who", ["ada", "marta"])
async def test_too_many_frames_close_the_socket_and_no_other(house: House, who: str) -> None:
    await house.open(
        staff_frames_burst=20, staff_frames_per_s=1, visitor_frames_burst=20, visitor_frames_per_s=1
    )
    chat = await live_chat(house)
    fast, other = (chat.ada, chat.marta) if who == "ada" else (chat.marta, chat.ada)
    await fast.raw("\n".join(['{"t":"ping"}'] * 21))
    bye = await fast.bye()
    assert (bye["code"], bye["after"]) == (4008, 10_000)
    assert "1 frames a second" in bye["text"]
    assert await other.quiet("bye") == []


async def test_a_visitor_who_writes_too_fast_is_told_when_to_send_again(house: House) -> None:
    await house.open(
        visitor_messages_burst=1,
        visitor_messages_per_s=5,
        visitor_frames_per_s=9_999,
        visitor_frames_burst=9_999,
    )
    chat = await live_chat(house)
    one = '{"t":"send","id":"m%s","c":%s,"text":"Hi"}'
    await chat.marta.raw("\n".join(one % (n, chat.c) for n in range(5)))
    nack = await chat.marta.hear("nack", id="m4")
    assert (nack["code"], 1 <= nack["retry"] <= 201) == ("rate", True)
    answer = nack
    async with asyncio.timeout(30):
        while answer["t"] == "nack":
            answer = await chat.marta.ask("send", id="m4", c=chat.c, text="Hi")
    assert answer.get("dup") is None


async def test_both_doors_of_a_visitor_share_one_allowance(house: House) -> None:
    await house.open(visitor_messages_burst=2, visitor_messages_per_s=1)
    chat = await live_chat(house)
    http = chat.visitor.http()
    body = {"c": chat.c, "text": "Hi"}
    statuses = [
        (await http.post("/api/widget/messages", json={"id": f"h{n}"} | body)).status_code for n in range(4)
    ]
    assert statuses[0] == 200
    assert statuses[-1] == 429
    assert (await chat.marta.ask("send", id="s", **body))["code"] == "rate"


BAD = [
    "{",
    "[]",
    "nonsense",
    '{"t":"send"}',
    '{"t":"nope"}',
    '{"t":"ping","x":1}',
    "",
    "null",
    '{"v":1}',
    "1",
]


async def test_ten_bad_frames_in_a_minute_are_enough(door: Door, house: House) -> None:
    chat = await live_chat(house)
    for rude in (chat.ada, chat.marta):
        for bad in BAD:
            await rude.raw(bad)
        assert (await rude.bye())["code"] == 4014
        assert [frame["code"] for frame in rude.heard if frame["t"] == "error"] == ["bad_frame"] * 10


async def test_nine_bad_frames_are_answered_and_forgiven(door: Door, house: House) -> None:
    chat = await live_chat(house)
    await chat.marta.raw("\n".join(BAD[:9]))
    assert (await chat.marta.ask("send", c=chat.c, text="Sorry"))["t"] == "ack"


def test_bad_frames_long_ago_do_not_count() -> None:
    allowance = Allowance(rate=10, burst=50)
    assert [allowance.bad_enough(n * 7.0) for n in range(30)] == [False] * 30  # nine in 60 s
    assert [allowance.bad_enough(300.0 + n) for n in range(10)][-1] is True


async def test_binary_frames_are_not_spoken_here(door: Door, house: House) -> None:
    chat = await live_chat(house)
    for rude in (chat.ada, chat.marta):
        await rude.raw(b'{"t":"ping"}')
        assert (await rude.bye())["code"] == 4014


async def test_a_message_of_more_than_64_kib_ends_the_socket(door: Door, house: House) -> None:
    chat = await live_chat(house)
    for rude in (chat.ada, chat.marta):
        await rude.raw(json.dumps({"t": "send", "id": "x", "c": chat.c, "text": "x" * 65_536}))
        assert await rude.closed() == 1009
    again = await chat.visitor.widget()
    assert (await again.ask("send", c=chat.c, text="ä" * 10_000))["t"] == "ack"


async def test_a_text_over_the_limit_is_refused_with_the_limit(door: Door, house: House) -> None:
    chat = await live_chat(house)
    for socket_ in (chat.ada, chat.marta):
        await socket_.say("send", id="long", c=chat.c, text="x" * 10_001)
        error = await socket_.hear("error")
        assert (error["code"], "10000" in error["text"]) == ("bad_frame", True)


async def test_a_text_that_is_not_utf_8_ends_the_socket(door: Door, house: House) -> None:
    chat = await live_chat(house)
    await chat.marta.line.send(b'{"t":"ping","\xff":1}', text=True)
    assert await chat.marta.closed() == 1007


@pytest.mark.parametrize("who", ["ada", "marta"])
async def test_a_socket_that_was_silent_for_45_seconds_is_let_go(door: Door, house: House, who: str) -> None:
    chat = await live_chat(house)
    silent: Socket = getattr(chat, who)
    heard = max(c.heard_at for c in door.node.hub.connections)
    door.node.hub.close_silent(heard + 44)
    assert await silent.quiet("bye") == []
    door.node.hub.close_silent(time.monotonic() + 46)
    assert (await silent.bye())["code"] == 4016


async def small_reader(url: str) -> Socket:
    """A client with a tiny window that can stop reading."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.setblocking(False)
    host, port = url.removeprefix("ws://").partition("/")[0].split(":")
    await asyncio.get_running_loop().sock_connect(line, (host, int(port)))
    return Socket(
        await connect(url, sock=line, compression=None, max_queue=1, ping_interval=None, proxy=None)
    )


async def test_a_reader_that_stops_is_closed_and_harms_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "GOODBYE_S", 0.2)
    door = await house.open(staff_frames_per_s=100_000, staff_frames_burst=100_000)
    chat = await live_chat(house)
    slow = await small_reader(f"{door.sockets}/api/widget/socket")
    await greet(slow, token=chat.visitor.token)
    stuck = max(door.node.hub.public[chat.c], key=lambda c: c.heard_at)
    slow.line.transport.pause_reading()
    text = "x" * 9_000
    sent = 0
    async with asyncio.timeout(60):
        while stuck in door.node.hub.connections:
            sent += 1
            ack = await chat.ada.ask("send", c=chat.c, text=f"{text}{sent}")
            assert ack["t"] == "ack"
            await chat.marta.entry(f"{text}{sent}")
    slow.line.transport.abort()
    assert stuck.is_closing
    back = await chat.visitor.widget(have={str(chat.c): ack["seq"] - 1})
    assert [entry["seq"] for entry in (await back.hear("resumed"))["entries"]] == [ack["seq"]]
