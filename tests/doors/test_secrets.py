"""What is the team's stays the team's: by every kind of event, on the socket as by HTTP (P25, TEAM)."""

import json
from typing import Any

from deskbell.domain.events import PUBLIC
from tests.doors.house import Chat, Door, House, live_chat
from tests.doors.sockets import Socket
from tests.rules import rule

FOR_VISITORS = {
    "ready",
    "entry",
    "resumed",
    "ack",
    "nack",
    "marks",
    "typing",
    "queue",
    "pong",
    "error",
    "bye",
}
FOR_THE_TEAM = (
    "why",
    "labels",
    "owner",
    "averaged",
    "fewest",
    "urgent",
    "Support",
    "session",
    "presence",
    "by_id_",
)


async def everything_happens(house: House) -> tuple[Chat, Socket]:
    """Every event there is so far happens to Marta's conversation; a supervisor follows it all."""
    support = await house.department("Support")
    chat = await live_chat(house)
    sven = await (await house.hire("Sven", "supervisor")).console()
    await sven.say("follow", all=True)
    await sven.quiet()
    http, path = await chat.agent.http(), f"/api/conversations/{chat.c}"
    await http.put(f"{path}/labels", json={"id": "l", "add": ["urgent"]})
    await http.put(f"{path}/department", json={"id": "d", "department": support})
    await chat.ada.ask("send", c=chat.c, html="<p><b>Rich</b></p>")
    await chat.marta.say("read", c=chat.c, seq=5)
    await chat.ada.say("read", c=chat.c, seq=5)
    await chat.ada.say("typing", c=chat.c, on=True)
    await chat.ada.ask("close", c=chat.c)
    await http.put("/api/me/availability", json={"available": False})
    await house.pool.execute("UPDATE staff SET available = false")
    await chat.marta.ask("send", c=chat.c, text="Once more")
    await chat.marta.event("ticket")
    await http.post(f"{path}/accept", json={"id": "a"})
    sven_http = await (await house.hire("Other", "supervisor")).http()
    await sven_http.post(f"{path}/accept", json={"id": "b"})
    await chat.marta.event("accepted")
    await sven.event("accepted")
    await chat.marta.quiet()
    return chat, sven


def entries(socket: Socket) -> list[dict[str, Any]]:
    return [frame["e"] for frame in socket.all if frame["t"] == "entry"]


@rule("PEOPLE-1", "LIFE-19")
async def test_a_visitor_hears_what_a_visitor_may_read_and_not_a_word_more(door: Door, house: House) -> None:
    chat, sven = await everything_happens(house)
    happened = {e["event"]["name"] for e in entries(sven) if "event" in e}
    assert {"labels", "department", "closed", "revived", "ticket", "accepted"} <= happened
    assert {frame["t"] for frame in chat.marta.all} <= FOR_VISITORS
    by_socket = entries(chat.marta)
    answer = await chat.visitor.http().get(f"/api/widget/entries?c={chat.c}&limit=200")
    by_http = {entry["seq"]: entry for entry in answer.json()["entries"]}
    assert [entry["seq"] for entry in by_socket] == sorted(by_http)
    for entry in by_socket:
        if "event" in entry:
            name = entry["event"]["name"]
            assert entry["event"].keys() <= {"name", *PUBLIC[name]}
            assert "text" not in entry
        assert by_http[entry["seq"]] | {"read_at": 0} == entry | {"read_at": 0}
    everything = json.dumps([frame for frame in chat.marta.all if frame["t"] != "error"])
    assert [word for word in FOR_THE_TEAM if f'"{word}' in everything] == []
    assert all("s" not in frame for frame in chat.marta.all)


async def test_a_visitor_who_comes_back_is_told_no_more_than_who_stayed(door: Door, house: House) -> None:
    chat, _ = await everything_happens(house)
    back = await chat.visitor.widget(have={str(chat.c): 0})
    resumed = (await back.hear("resumed"))["entries"]
    stayed = entries(chat.marta)
    assert [e | {"read_at": 0} for e in resumed] == [e | {"read_at": 0} for e in stayed]
    previous = 0
    for entry in resumed:
        assert entry.get("prev", 0) == previous
        previous = entry["seq"]


async def test_staff_hear_of_a_follower_s_chats_only_while_they_follow(door: Door, house: House) -> None:
    chat = await live_chat(house)
    sven = await (await house.hire("Sven", "supervisor")).console()
    await chat.marta.ask("send", c=chat.c, text="Before")
    await chat.ada.entry("Before")
    assert await sven.quiet("entry", "row") == []
    await sven.say("follow", all=True)
    await sven.quiet()
    await chat.marta.ask("send", c=chat.c, text="While")
    await sven.entry("While")
    await sven.say("follow", all=False)
    await sven.quiet()
    await chat.marta.ask("send", c=chat.c, text="After")
    await chat.ada.entry("After")
    assert await sven.quiet("entry", "row") == []
    await chat.ada.say("follow", all=True)
    assert (await chat.ada.hear("error"))["code"] == "forbidden"
