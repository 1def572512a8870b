"""Coming back: everything that was missed, in order, or the word that it is too much; never a part."""

from typing import Any

import pytest

from deskbell.domain.people import Actor
from deskbell.store.changes import Loaded
from tests.doors.house import Chat, Door, House, live_chat
from tests.doors.sockets import Socket
from tests.rules import rule


async def say_lines(chat: Chat, count: int) -> None:
    """The agent writes `count` lines, not more at once than may wait; the last ack has come."""
    for n in range(count):
        await chat.ada.say("send", id=f"line-{n}", c=chat.c, text=f"Line {n}")
        if n % 200 == 199 or n == count - 1:
            await chat.ada.hear("ack", id=f"line-{n}")


def seqs(resumed: dict[str, Any]) -> list[int]:
    return [entry["seq"] for entry in resumed["entries"]]


@rule("VISITOR-5")
async def test_a_client_that_comes_back_gets_what_it_missed_and_nothing_twice(
    door: Door, house: House
) -> None:
    chat = await live_chat(house)
    first = await chat.ada.ask("send", c=chat.c, text="You heard this")
    await chat.marta.entry("You heard this")
    await chat.marta.line.close()
    await say_lines(chat, 3)
    back = await chat.visitor.widget(have={str(chat.c): first["seq"]})
    resumed = await back.hear("resumed")
    assert seqs(resumed) == [first["seq"] + n for n in (1, 2, 3)]
    await chat.ada.ask("send", c=chat.c, text="And live again")
    assert (await back.entry("And live again"))["e"]["seq"] == first["seq"] + 4
    assert await back.quiet("entry", "gap") == []


async def test_staff_resume_each_of_their_chats_with_its_card(door: Door, house: House) -> None:
    chat = await live_chat(house)
    theo = await house.visitor()
    second = (await theo.start(await theo.widget(), "Me too"))["c"]
    await chat.ada.event("assigned")
    back = await chat.agent.console(have={str(chat.c): 1, str(second): 0})
    one, two = await back.hear("resumed", c=chat.c), await back.hear("resumed", c=second)
    assert (seqs(one)[0], seqs(two)[0]) == (2, 1)
    assert one["s"]["last_seq"] == seqs(one)[-1]
    assert one["marks"] == {"customer": {"delivered": 0, "read": 0}, "agent": {"delivered": 0, "read": 0}}


async def test_more_than_five_hundred_entries_are_a_gap(house: House) -> None:
    await house.open(staff_frames_per_s=10_000, staff_frames_burst=10_000)
    chat = await live_chat(house)
    await say_lines(chat, 500)
    head = (await chat.ada.ask("send", c=chat.c, text="The last"))["seq"]
    for back in (
        await chat.visitor.widget(have={str(chat.c): 1}),
        await chat.agent.console(have={str(chat.c): head - 501}),
    ):
        gap = await back.hear("gap")
        assert (gap["c"], gap["head"]) == (chat.c, head)
        assert await back.quiet("resumed", "entry") == []
    whole = await chat.agent.console(have={str(chat.c): head - 500})
    assert seqs(await whole.hear("resumed")) == list(range(head - 499, head + 1))


async def test_a_hole_is_filled_by_watching_from_the_number_before_it(door: Door, house: House) -> None:
    chat = await live_chat(house)
    await say_lines(chat, 4)
    for socket in (chat.ada, chat.marta):
        await socket.say("watch", c=chat.c, since=3)
        assert seqs(await socket.hear("resumed")) == [4, 5, 6, 7]


async def test_a_visitor_can_tell_a_hole_from_what_is_not_for_them(door: Door, house: House) -> None:
    """Labels are the team's: the visitor sees the number skip, and `prev` says that nothing is missing."""
    chat = await live_chat(house)
    before = (await chat.ada.ask("send", c=chat.c, text="Before"))["seq"]
    http = await chat.agent.http()
    await http.put(f"/api/conversations/{chat.c}/labels", json={"id": "l", "add": ["urgent"]})
    await chat.ada.ask("send", c=chat.c, text="After")
    after = (await chat.marta.entry("After"))["e"]
    assert (after["seq"], after["prev"]) == (before + 2, before)
    again = await chat.visitor.widget(have={str(chat.c): before})
    assert seqs(await again.hear("resumed")) == [after["seq"]]


async def test_a_foreign_number_in_hello_is_not_found_and_harms_nothing(door: Door, house: House) -> None:
    chat = await live_chat(house)
    theo, olga = await house.visitor(), await house.hire("Olga")
    have = {str(chat.c): 0, "99999": 0, "0": 0, "-1": 1, "x": 1, "": 0, "9" * 30: 0}
    for stranger in (await theo.widget(have=have), await olga.console(have=have)):
        for c in (chat.c, 99999):
            assert (await stranger.hear("error", c=c))["code"] == "not_found"
        await chat.marta.ask("send", c=chat.c, text="Between us")
        await chat.ada.entry("Between us")
        assert await stranger.quiet("entry", "resumed") == []


async def test_a_number_from_the_future_resumes_nothing_and_hears_what_comes(
    door: Door, house: House
) -> None:
    chat = await live_chat(house)
    back = await chat.visitor.widget(have={str(chat.c): 2**31 - 1})
    assert seqs(await back.hear("resumed")) == []
    await chat.ada.ask("send", c=chat.c, text="Still here")
    await back.entry("Still here")


async def test_what_is_said_during_a_resume_comes_once(door: Door, house: House) -> None:
    """Join first, then read: nothing falls between, whatever the moment."""
    chat = await live_chat(house)
    heard: list[Socket] = []
    for n in range(7):
        await chat.ada.say("send", id=f"d{n}", c=chat.c, text=f"During {n}")
        heard.append(await chat.visitor.widget(have={str(chat.c): 3}))
    await chat.ada.ask("send", c=chat.c, text="The end")
    for socket in heard:
        last = (await socket.entry("The end"))["e"]["seq"]
        resumed = await socket.hear("resumed")
        live = [f["e"]["seq"] for f in socket.all if f["t"] == "entry"]
        assert sorted({*seqs(resumed), *live}) == list(range(4, last + 1))


@rule("LIFE-16")
async def test_a_thread_that_changes_hands_while_it_is_being_opened_is_not_followed(
    door: Door, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The news of it may come between the look at the rights and the joining."""
    chat = await live_chat(house)
    bruno, sven = await house.hire("Bruno"), await house.hire("Sven", "supervisor")
    his, desk = await bruno.console(), await sven.console()
    reader = door.node.desk.reader
    load = reader.load

    async def looked_too_early(actor: Actor, c: int) -> Loaded:
        monkeypatch.undo()
        loaded = await load(actor, c)
        await desk.ask("assign", c=c, agent=bruno.id)
        return loaded

    monkeypatch.setattr(reader, "load", looked_too_early)
    await chat.ada.say("watch", c=chat.c, since=0)
    await chat.ada.hear("error", c=chat.c, code="not_found")
    await his.ask("send", c=chat.c, text="Between us")
    assert [frame["e"].get("text") for frame in await chat.ada.quiet("entry")] == [
        "Sven assigned it to Bruno, from Ada"
    ]
