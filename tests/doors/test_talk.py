"""Talking: sends and their answers, marks, typing, heartbeat."""

import asyncio
from datetime import timedelta

import pytest

from tests.doors.house import Door, House, live_chat
from tests.rules import rule


async def test_a_message_is_answered_and_arrives_under_one_number(door: Door, house: House) -> None:
    chat = await live_chat(house)
    ack = await chat.marta.ask("send", c=chat.c, text="Where is my parcel?")
    for socket in (chat.ada, chat.marta):
        frame = await socket.entry("Where is my parcel?")
        assert (frame["c"], frame["e"]["seq"], frame["e"]["at"]) == (chat.c, ack["seq"], ack["at"])
    back = await chat.ada.ask("send", c=chat.c, text="On its way.")
    assert back["seq"] == ack["seq"] + 1
    assert (await chat.marta.entry("On its way."))["e"]["name"] == "Ada"


@rule("CHAT-13")
async def test_sending_twice_is_once_whichever_door_it_takes(door: Door, house: House) -> None:
    chat = await live_chat(house)
    first = await chat.marta.ask("send", id="same", c=chat.c, text="Once")
    again = await chat.marta.ask("send", id="same", c=chat.c, text="Once")
    by_http = await chat.visitor.http().post(
        "/api/widget/messages", json={"id": "same", "c": chat.c, "text": "Once"}
    )
    assert again == first | {"dup": True}
    assert {"t": "ack"} | by_http.json() == again
    assert await house.pool.fetchval("SELECT count(*) FROM entry WHERE text = 'Once'") == 1


async def test_the_same_id_at_the_same_moment_by_both_doors_is_one_message(door: Door, house: House) -> None:
    chat = await live_chat(house)
    http = await chat.agent.http()
    body = {"id": "race", "text": "Only me"}
    answers = await asyncio.gather(
        *(http.post(f"/api/conversations/{chat.c}/messages", json=body) for _ in range(5)),
        *(chat.ada.say("send", c=chat.c, **body) for _ in range(5)),
    )
    seqs = {answer.json()["seq"] for answer in answers if answer is not None}
    seqs |= {(await chat.ada.hear("ack", id="race"))["seq"] for _ in range(5)}
    await chat.marta.entry("Only me")
    assert len(seqs) == 1
    assert await chat.marta.quiet("entry") == []


async def test_the_same_id_of_somebody_else_is_another_message(door: Door, house: House) -> None:
    chat = await live_chat(house)
    mine = await chat.marta.ask("send", id="same", c=chat.c, text="Mine")
    yours = await chat.ada.ask("send", id="same", c=chat.c, text="Yours")
    assert (yours["seq"], yours.get("dup")) == (mine["seq"] + 1, None)


async def test_a_start_repeated_is_one_chat(door: Door, house: House) -> None:
    marta = await house.visitor()
    first, second = await marta.widget(), await marta.widget()
    begun = await first.ask("start", id="begin", text="Hello")
    again = await second.ask("start", id="begin", text="Hello")
    by_http = await marta.http().post("/api/widget/start", json={"id": "begin", "text": "Hello"})
    assert (again["c"], again["seq"], again["dup"]) == (begun["c"], begun["seq"], True)
    assert {"t": "ack"} | by_http.json() == again


async def test_a_second_tab_and_a_start_by_http_join_the_open_chat(door: Door, house: House) -> None:
    marta = await house.visitor()
    tab = await marta.widget()
    begun = await marta.start(tab, "From one tab")
    http = await marta.http().post("/api/widget/start", json={"id": "other", "text": "From the other"})
    assert http.json()["c"] == begun["c"]
    assert (await tab.entry("From the other"))["c"] == begun["c"]


@rule("PEOPLE-1")
async def test_what_is_not_yours_is_not_found_and_the_outsider_hears_nothing(
    door: Door, house: House
) -> None:
    chat = await live_chat(house)
    olga, theo = await house.hire("Olga"), await house.visitor()
    for outsider in (await olga.console(), await theo.widget()):
        for c in (chat.c, chat.c + 1000):
            for t in ("send", "close"):
                fields = {"text": "Hi"} if t == "send" else {}
                nack = await outsider.ask(t, c=c, **fields)
                assert (nack["t"], nack["code"], nack.get("retry")) == ("nack", "not_found", None)
            await outsider.say("watch", c=c, since=0)
            assert (await outsider.hear("error"))["code"] == "not_found"
        await outsider.say("read", c=chat.c, seq=1)
        assert (await outsider.hear("error", c=chat.c))["code"] == "not_found"
        await chat.marta.ask("send", c=chat.c, text="A secret")
        await chat.ada.entry("A secret")
        assert await outsider.quiet("entry", "marks", "typing", "resumed", "row") == []


@rule("CHAT-13")
async def test_a_reply_without_the_right_to_write_is_refused_in_plain_words(door: Door, house: House) -> None:
    chat = await live_chat(house)
    sven = await (await house.hire("Sven", "supervisor")).console()
    nack = await sven.ask("send", c=chat.c, text="Let me")
    assert (nack["code"], nack.get("retry")) == ("forbidden", None)
    assert "Ada" in nack["text"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"text": ""}, "empty"),
        ({"text": " \n\t "}, "empty"),
        ({"text": "Hi", "files": ["0" * 32]}, "file"),
        ({"text": "\u0000"}, "bad_frame"),
    ],
    ids=str,
)
async def test_a_message_that_cannot_be_is_refused_with_why(
    door: Door, house: House, fields: dict[str, object], code: str
) -> None:
    chat = await live_chat(house)
    for socket in (chat.ada, chat.marta):
        nack = await socket.ask("send", c=chat.c, **fields)
        assert (nack["t"], nack["code"]) == ("nack", code)


@rule("VISITOR-7", "CHAT-3")
async def test_marks_go_both_ways_and_only_forward(door: Door, house: House) -> None:
    chat = await live_chat(house)
    seq = (await chat.ada.ask("send", c=chat.c, text="Hello Marta"))["seq"]
    await chat.marta.say("delivered", c=chat.c, seq=seq)
    await chat.ada.hear("marks", by="customer", delivered=seq, read=0)
    house.clock.advance(timedelta(seconds=7))
    await chat.marta.say("read", c=chat.c, seq=seq)
    read = await chat.ada.hear("marks", by="customer", read=seq)
    assert read["at"] == int(house.clock.now().timestamp() * 1000)
    await chat.marta.say("read", c=chat.c, seq=1)
    await chat.ada.say("read", c=chat.c, seq=seq)
    assert (await chat.marta.hear("marks", by="agent"))["read"] == seq
    assert (await chat.ada.hear("seen", c=chat.c))["seq"] == seq
    assert [frame for frame in await chat.ada.quiet("marks") if frame["by"] == "customer"] == []
    http = await chat.agent.http()
    thread = (await http.get(f"/api/conversations/{chat.c}")).json()
    assert thread["marks"]["customer"] == {"delivered": seq, "read": seq}
    assert thread["entries"][-1]["read_at"] == read["at"]


@rule("CHAT-3")
async def test_a_mark_beyond_the_thread_counts_to_its_end(door: Door, house: House) -> None:
    chat = await live_chat(house)
    seq = (await chat.ada.ask("send", c=chat.c, text="The last"))["seq"]
    await chat.marta.say("read", c=chat.c, seq=2**31 - 1)
    assert (await chat.ada.hear("marks", by="customer"))["read"] == seq


async def test_an_outsider_moves_no_marks(door: Door, house: House) -> None:
    chat = await live_chat(house)
    olga = await (await house.hire("Olga")).console()
    sven = await (await house.hire("Sven", "supervisor")).console()
    for socket in (olga, sven):
        await socket.say("delivered", c=chat.c, seq=2)
        await socket.say("read", c=chat.c, seq=2)
    assert (await sven.hear("seen", c=chat.c))["seq"] == 2
    await olga.quiet("error")
    assert await chat.marta.quiet("marks") == []


@rule("LIST-3")
async def test_what_an_agent_has_seen_is_known_on_all_their_devices(door: Door, house: House) -> None:
    chat = await live_chat(house)
    phone = await chat.agent.console()
    seq = (await chat.marta.ask("send", c=chat.c, text="New"))["seq"]
    await chat.ada.say("read", c=chat.c, seq=seq)
    assert await phone.hear("seen") == {"t": "seen", "c": chat.c, "seq": seq, "count": 2}


@rule("VISITOR-7")
async def test_typing_shows_on_the_other_side_at_most_once_a_second(door: Door, house: House) -> None:
    chat = await live_chat(house)
    for _ in range(5):
        await chat.marta.say("typing", c=chat.c, on=True)
        await chat.ada.say("typing", c=chat.c, on=True)
    assert await chat.ada.hear("typing") == {"t": "typing", "c": chat.c, "by": "customer", "on": True}
    assert (await chat.marta.hear("typing")).items() >= {"by": "agent", "name": "Ada", "on": True}.items()
    await chat.marta.say("typing", c=chat.c, on=False)
    await chat.ada.hear("typing", on=False)
    await chat.marta.quiet()
    assert await chat.ada.quiet("typing") == []


async def test_only_the_owner_is_seen_typing(door: Door, house: House) -> None:
    chat = await live_chat(house)
    sven = await (await house.hire("Sven", "supervisor")).console()
    await sven.say("typing", c=chat.c, on=True)
    await sven.quiet()
    assert await chat.marta.quiet("typing") == []


async def test_a_ping_is_answered_and_hello_is_said_once(door: Door, house: House) -> None:
    chat = await live_chat(house)
    for socket in (chat.ada, chat.marta):
        await socket.say("ping")
        await socket.hear("pong")
        await socket.say("pong")
        await socket.say("hello", v=1)
        assert (await socket.hear("error"))["code"] == "bad_frame"


async def test_several_frames_may_come_in_one_message(door: Door, house: House) -> None:
    chat = await live_chat(house)
    one = '{"t":"send","id":"a%s","c":%s,"text":"Line %s"}'
    await chat.ada.raw("\n".join(one % (n, chat.c, n) for n in range(3)))
    seqs = [(await chat.ada.hear("ack", id=f"a{n}"))["seq"] for n in range(3)]
    assert seqs == [seqs[0], seqs[0] + 1, seqs[0] + 2]
    assert [(await chat.marta.entry(f"Line {n}"))["e"]["seq"] for n in range(3)] == seqs
