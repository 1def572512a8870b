"""Every frame of both sockets, made wrong in every way that its schema has: the socket goes on (hardening B1-B7)."""

import json
import typing
from typing import Any

import pytest

from deskbell.api import sockets
from deskbell.realtime import frames
from deskbell.realtime.actions import Action, StaffFrame
from tests.doors import garbage
from tests.doors.house import House, live_chat
from tests.doors.sockets import Socket

OF = {"ada": typing.get_args(StaffFrame), "marta": typing.get_args(frames.VisitorFrame)}
EACH = [pytest.param(who, kind, id=f"{who}-{kind.__struct_config__.tag}") for who in OF for kind in OF[who]]
PLENTY = {
    f"{who}_{what}": 1_000_000
    for who, what in (
        ("staff", "frames_per_s"),
        ("staff", "frames_burst"),
        ("visitor", "frames_per_s"),
        ("visitor", "frames_burst"),
        ("visitor", "messages_per_s"),
        ("visitor", "messages_burst"),
    )
}


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "BAD_FRAMES_A_MINUTE", 1_000_000)


async def still_talks(socket: Socket, c: int) -> list[dict[str, Any]]:
    """It answers as ever; all it has said until now."""
    assert (await socket.ask("send", c=c, text="Still here"))["t"] == "ack"
    return await socket.quiet()


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(("who", "kind"), EACH)
async def test_a_wrong_frame_is_answered_and_forgotten(house: House, who: str, kind: Any) -> None:
    await house.open(**PLENTY)
    chat = await live_chat(house)
    socket = getattr(chat, who)
    good = garbage.valid(kind)
    for frame in [*garbage.examples(garbage.broken(good), 60), *garbage.examples(good, 10)]:
        if isinstance(frame, dict) and "c" in frame and len(str(frame)) % 2:
            frame["c"] = chat.c
        said = garbage.text(frame)
        if len(said) < 60_000 and not (isinstance(frame, dict) and frame.get("t") == "close"):
            await socket.raw(said)
    heard = await still_talks(socket, chat.c)
    assert [f for f in heard if f.get("code") == "internal" or f["t"] == "bye"] == []


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("who", ["ada", "marta"])
async def test_what_is_hardly_json_is_a_bad_frame(house: House, who: str) -> None:
    await house.open(**PLENTY)
    chat = await live_chat(house)
    socket = getattr(chat, who)
    raw = []
    for body in garbage.RAW:
        try:
            raw.append(body[:60_000].decode())
        except UnicodeDecodeError:
            continue
    for text in raw:
        await socket.raw(text)
    heard = await still_talks(socket, chat.c)
    assert [f["code"] for f in heard if f["t"] == "error"] == ["bad_frame"] * len(raw)


async def test_nothing_a_visitor_says_is_markup_in_the_end(house: House) -> None:
    """As text it comes out as it went in; it is never given as html."""
    await house.open(**PLENTY)
    chat = await live_chat(house)
    for script in garbage.SCRIPTS:
        await chat.marta.ask("send", c=chat.c, text=script)
        entry = (await chat.ada.entry(script))["e"]
        assert "html" not in entry
    theo = await house.visitor()
    widget = await theo.widget()
    fields = {script[:40]: script for script in garbage.SCRIPTS}
    ack = await widget.ask("start", text="Hi", name=garbage.SCRIPTS[0], email="x@y.test", fields=fields)
    assert ack["t"] == "ack"
    await widget.event("assigned")
    http = await chat.agent.http()
    thread = (await http.get(f"/api/conversations/{ack['c']}")).json()
    assert thread["customer"]["name"] == garbage.SCRIPTS[0]


async def test_an_agent_s_html_comes_out_as_the_safe_subset(house: House) -> None:
    await house.open(**PLENTY)
    chat = await live_chat(house)
    http = await chat.agent.http()
    for n, script in enumerate(garbage.SCRIPTS):
        dirty = f"<p><b>Bold {n}</b> {script}</p>"
        await chat.ada.ask("send", c=chat.c, html=dirty)
        by_http = {"id": f"h{n}", "html": dirty}
        assert (await http.post(f"/api/conversations/{chat.c}/messages", json=by_http)).status_code == 200
    await chat.marta.ask("send", c=chat.c, text="The end")
    await chat.marta.entry("The end")
    shown = json.dumps([f["e"].get("html", "") for f in chat.marta.all if f["t"] == "entry"]).lower()
    assert shown.count("<strong>") + shown.count("<b>") == 2 * len(garbage.SCRIPTS)
    for evil in (
        "<script",
        "<img",
        "<svg",
        "<iframe",
        "<math",
        "<style",
        "href='javascript",
        'href=\\"javascript',
        "style=",
    ):
        assert evil not in shown


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("kind", typing.get_args(Action), ids=lambda kind: kind.__struct_config__.tag)
async def test_what_staff_do_is_no_word_of_a_customer_s_socket(house: House, kind: Any) -> None:
    await house.open(**PLENTY)
    chat = await live_chat(house)
    said = garbage.examples(garbage.valid(kind), 5)
    for frame in said:
        await chat.marta.raw(garbage.text(frame | {"c": chat.c}))
    heard = await still_talks(chat.marta, chat.c)
    assert [f["code"] for f in heard if f["t"] == "error"] == ["bad_frame"] * len(said)
    names = [f["e"].get("event", {}).get("name") for f in await chat.ada.quiet("entry")]
    assert names == [None]  # only that she still talks
