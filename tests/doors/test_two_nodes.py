"""Two nodes on one PostgreSQL are one desk (OPS-2): Marta is on the one, Ada on the other."""

import asyncio

import pytest

from deskbell.store import presence
from tests.doors.house import Chat, Door, House
from tests.rules import rule


async def chat_across(house: House) -> tuple[Door, Door, Chat]:
    """Marta's widget is on the first node, Ada's console on the second."""
    one, two = await house.open(), await house.open()
    agent = await house.hire("Ada")
    ada = await agent.console(two)
    visitor = await house.visitor(one)
    marta = await visitor.widget(one)
    c = (await visitor.start(marta))["c"]
    await ada.event("assigned")
    await marta.event("assigned")
    return one, two, Chat(c, ada, marta, agent, visitor)


@rule("OPS-2")
async def test_messages_marks_and_typing_cross_over(house: House) -> None:
    _, _, chat = await chat_across(house)
    asked = await chat.marta.ask("send", c=chat.c, text="Anybody there?")
    assert (await chat.ada.entry("Anybody there?"))["e"]["seq"] == asked["seq"]
    said = await chat.ada.ask("send", c=chat.c, text="Here I am")
    assert (await chat.marta.entry("Here I am"))["e"]["seq"] == said["seq"]
    await chat.marta.say("read", c=chat.c, seq=said["seq"])
    assert (await chat.ada.hear("marks", by="customer"))["read"] == said["seq"]
    await chat.marta.say("typing", c=chat.c, on=True)
    await chat.ada.hear("typing", by="customer")
    await chat.ada.say("typing", c=chat.c, on=True)
    await chat.marta.hear("typing", by="agent")


@rule("OPS-2", "VISITOR-11")
async def test_the_place_in_the_queue_crosses_over(house: House) -> None:
    one, two = await house.open(), await house.open()
    ada = await house.hire("Ada", max_chats=1)
    await ada.console(two)
    first = await house.visitor(one)
    await first.start(await first.widget(one))
    for door, position in ((one, 1), (two, 2)):
        waiting = await house.visitor(door)
        widget = await waiting.widget(door)
        await waiting.start(widget)
        assert (await widget.hear("queue"))["position"] == position


@rule("OPS-2", "PEOPLE-4")
async def test_availability_and_presence_cross_over(house: House) -> None:
    one, two = await house.open(), await house.open()
    ada, bruno = await house.hire("Ada"), await house.hire("Bruno")
    phone, desk = await ada.console(one), await ada.console(two)
    other = await bruno.console(two)
    http = await ada.http(one)
    await http.put("/api/me/availability", json={"available": False})
    for socket in (phone, desk):
        assert (await socket.hear("availability"))["available"] is False
    await other.find(
        lambda f: f["t"] == "presence" and {"id": ada.id, "online": False} in f["staff"], "Ada is offline"
    )


@rule("OPS-2")
async def test_the_same_send_on_both_nodes_at_once_is_one_message(house: House) -> None:
    one, two, chat = await chat_across(house)
    https = [chat.visitor.http(one), chat.visitor.http(two)]
    body = {"id": "same", "c": chat.c, "text": "Only once"}
    answers = await asyncio.gather(*(http.post("/api/widget/messages", json=body) for http in https * 3))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["seq"] for answer in answers}) == 1
    assert sum(not answer.json().get("dup", False) for answer in answers) == 1
    await chat.ada.entry("Only once")
    assert [f for f in await chat.ada.quiet("entry") if f["e"].get("text") == "Only once"] == []


@rule("OPS-2", "VISITOR-5")
async def test_when_a_node_goes_its_clients_resume_on_the_other(house: House) -> None:
    one, two, chat = await chat_across(house)
    asked = await chat.marta.ask("send", c=chat.c, text="The last I said")
    one.server.should_exit = True
    assert (await chat.marta.bye())["code"] == 4013
    await chat.ada.ask("send", c=chat.c, text="You missed this")
    back = await chat.visitor.widget(two, have={str(chat.c): asked["seq"]})
    resumed = await back.hear("resumed")
    assert [entry["text"] for entry in resumed["entries"]] == ["You missed this"]
    await back.ask("send", c=chat.c, text="Here again")
    await chat.ada.entry("Here again")


@rule("OPS-2")
async def test_news_that_came_while_the_listener_was_cut_is_caught_up(house: House) -> None:
    _, _, chat = await chat_across(house)
    cut = await house.pool.fetchval(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND query LIKE 'LISTEN%'"
    )
    assert cut == 2
    sent = [await chat.marta.ask("send", c=chat.c, text=f"Unheard {n}") for n in range(3)]
    heard = [(await chat.ada.entry(f"Unheard {n}"))["e"]["seq"] for n in range(3)]
    assert heard == [ack["seq"] for ack in sent]


@rule("OPS-2")
@pytest.mark.parametrize("text", ["x" * 10_000, "ä🦊" * 4_000], ids=["long", "wide"])
async def test_news_too_long_for_one_notice_arrives_all_the_same(house: House, text: str) -> None:
    _, _, chat = await chat_across(house)
    asked = await chat.marta.ask("send", c=chat.c, text=text)
    assert (await chat.ada.entry(text))["e"]["seq"] == asked["seq"]
    await chat.ada.ask("send", c=chat.c, text="Got it")
    await chat.marta.entry("Got it")
    frames = await chat.ada.quiet("entry")
    assert [f["e"]["text"] for f in frames if f["e"]["kind"] == "message"][-1] == "Got it"


@rule("OPS-2", "LIST-2")
async def test_a_change_of_department_and_labels_crosses_over(house: House) -> None:
    one, _, chat = await chat_across(house)
    department = await house.department("Support")
    http = await chat.agent.http(one)
    path = f"/api/conversations/{chat.c}"
    await http.put(f"{path}/department", json={"id": "d", "department": department})
    await http.put(f"{path}/labels", json={"id": "l", "add": ["urgent"]})
    assert (await chat.ada.event("department"))["s"]["department"] == department
    assert len((await chat.ada.event("labels"))["s"]["labels"]) == 1
    await http.post(f"{path}/open")
    assert (await chat.ada.hear("row"))["s"].get("new", False) is False


@rule("PEOPLE-4")
async def test_a_console_on_any_node_keeps_its_person_online(house: House) -> None:
    one, two = await house.open(), await house.open()
    ada = await house.hire("Ada")
    first = await ada.console(one)
    await ada.console(two)
    await first.line.close()
    house.clock.advance(presence.GRACE)
    await two.node.desk.presence.renew()
    assert await presence.online_staff(house.pool, house.clock.now()) == {ada.id}
