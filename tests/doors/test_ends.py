"""Endings: sessions, rights, hands and nodes that end, and what their sockets hear of it."""

import asyncio
import time
from datetime import timedelta

import pytest

from tests.doors.house import PASSWORD, Door, House, Person, live_chat, staff_socket
from tests.doors.sockets import Socket
from tests.rules import rule


async def end(sockets: list[Socket]) -> None:
    async with asyncio.timeout(20):  # the rule says 1 s; how fast this machine is today is not what is tested
        for socket in sockets:
            assert (await socket.bye())["code"] == 4009


async def two_consoles(house: House) -> tuple[Person, list[Socket]]:
    """Ada with one session and a console of it on each of two nodes."""
    one, two = await house.open(), await house.open()
    ada = await house.hire("Ada")
    return ada, [await ada.console(one), await ada.console(two)]


@rule("PEOPLE-3", "OPS-2")
async def test_signing_out_closes_the_session_s_sockets_on_every_node(house: House) -> None:
    ada, sockets = await two_consoles(house)
    http = await ada.http()
    phone = await Person(house, ada.id, ada.name, ada.email).console()
    assert (await http.delete("/api/session")).status_code == 204
    await end(sockets)
    assert await phone.quiet("bye") == []


@rule("PEOPLE-3")
async def test_a_new_password_closes_the_sockets_of_the_other_sessions(house: House) -> None:
    ada, sockets = await two_consoles(house)
    phone = Person(house, ada.id, ada.name, ada.email)
    http = await phone.sign_in()
    console = await phone.console()
    answer = await http.put("/api/me/password", json={"old": PASSWORD, "new": "three quiet lighthouses"})
    assert answer.status_code == 204
    await end(sockets)
    assert await console.quiet("bye") == []


@rule("PEOPLE-3")
@pytest.mark.parametrize("change", [{"active": False}, {"role": "supervisor"}], ids=str)
async def test_deactivation_and_a_new_role_close_the_sockets(house: House, change: dict[str, object]) -> None:
    ada, sockets = await two_consoles(house)
    boss = await (await house.hire("Boss", "admin")).http()
    assert (await boss.patch(f"/api/staff/{ada.id}", json=change)).status_code == 200
    await end(sockets)
    again = await staff_socket(house.nodes[0], ada.cookie)
    await again.say("hello", v=1)
    assert (await again.bye())["code"] == 4001


@rule("PEOPLE-3")
async def test_a_session_that_runs_out_closes_its_sockets(door: Door, house: House) -> None:
    ada = await house.hire("Ada")
    console = await ada.console()
    door.node.hub.close_silent(time.monotonic() + 40)
    assert await console.quiet("bye") == []
    for connection in door.node.hub.connections:
        connection.heard_at += 24 * 3600
    door.node.hub.close_silent(time.monotonic() + 24 * 3600 + 1)
    assert (await console.bye())["code"] == 4009


@rule("PEOPLE-3")
async def test_a_session_s_end_that_nobody_told_of_is_found(door: Door, house: House) -> None:
    ada = await house.hire("Ada")
    console, other = await ada.console(), await (await house.hire("Bruno")).console()
    await house.pool.execute("DELETE FROM session WHERE staff_id = $1", ada.id)
    await door.node.desk.check_sessions()
    assert (await console.bye())["code"] == 4009
    assert await other.quiet("bye") == []


async def ticket(house: House) -> tuple[int, Socket]:
    """Marta has written while nobody was there; her widget knows that it became a ticket."""
    marta = await house.visitor()
    widget = await marta.widget()
    c = (await marta.start(widget))["c"]
    await widget.event("ticket")
    return c, widget


@rule("LIFE-16")
async def test_of_two_who_accept_one_wins_and_the_other_is_told_who(house: House) -> None:
    one, two = await house.open(), await house.open()
    c, _ = await ticket(house)
    people = [await house.hire("Ada"), await house.hire("Bruno")]
    https = [await people[0].http(one), await people[1].http(two)]
    answers = await asyncio.gather(
        *(http.post(f"/api/conversations/{c}/accept", json={"id": "mine"}) for http in https)
    )
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (won.status_code, lost.status_code) == (200, 409)
    error = lost.json()["error"]
    assert error["code"] == "taken"
    assert people[answers.index(won)].name in error["text"]


@pytest.mark.parametrize("nodes", [1, 2])
async def test_who_watched_a_ticket_hears_no_more_when_another_takes_it(house: House, nodes: int) -> None:
    for _ in range(nodes):
        await house.open()
    c, widget = await ticket(house)
    ada, olga = await house.hire("Ada"), await house.hire("Olga")
    watching = await olga.console(house.nodes[0])
    await watching.say("watch", c=c, since=0)
    await watching.hear("resumed")
    owner = await ada.console(house.nodes[-1])
    http = await ada.http(house.nodes[-1])
    assert (await http.post(f"/api/conversations/{c}/accept", json={"id": "mine"})).status_code == 200
    await watching.event("accepted")
    await watching.quiet()
    await widget.ask("send", c=c, text="Only for Ada now")
    await owner.entry("Only for Ada now")
    await widget.say("typing", c=c, on=True)
    await owner.hear("typing")
    assert await watching.quiet("entry", "row", "typing", "marks") == []
    await watching.say("watch", c=c, since=0)
    assert (await watching.hear("error"))["code"] == "not_found"


async def test_a_chat_that_comes_back_leaves_its_former_owner(door: Door, house: House) -> None:
    """Closed, revived by the customer, given to somebody else: the former owner gets what ends it, no more."""
    chat = await live_chat(house)
    await chat.ada.say("watch", c=chat.c, since=0)
    await chat.ada.ask("close", c=chat.c)
    bruno = await (await house.hire("Bruno")).console()
    http = await chat.agent.http()
    await http.put("/api/me/availability", json={"available": False})
    await chat.marta.ask("send", c=chat.c, text="One more thing")
    await bruno.event("assigned")
    await chat.ada.quiet()
    await chat.marta.ask("send", c=chat.c, text="Are you Bruno?")
    await bruno.entry("Are you Bruno?")
    assert await chat.ada.quiet("entry", "row", "typing", "marks") == []
    assert (await http.get(f"/api/conversations/{chat.c}")).status_code == 404


@rule("OPS-2")
async def test_a_node_that_stops_says_goodbye_and_answers_everything_first(house: House) -> None:
    door = await house.open()
    chat = await live_chat(house)
    for n in range(20):
        await chat.ada.say("send", id=f"last-{n}", c=chat.c, text=f"Last {n}")
    await chat.ada.hear("ack", id="last-0")
    door.server.should_exit = True
    byes = [await socket.bye() for socket in (chat.ada, chat.marta)]
    assert [bye["code"] for bye in byes] == [4013, 4013]
    assert all(100 <= bye["after"] <= 3_000 for bye in byes)
    acked = [frame["id"] for frame in chat.ada.all if frame["t"] == "ack"]
    stored = await house.pool.fetch("SELECT client_id FROM entry WHERE client_id LIKE 'last-%' ORDER BY seq")
    assert set(acked) <= {row["client_id"] for row in stored}


async def test_a_day_later_the_cookie_opens_no_console(door: Door, house: House) -> None:
    ada = await house.hire("Ada")
    await ada.sign_in()
    house.clock.advance(timedelta(hours=24))
    late = await staff_socket(door, ada.cookie)
    assert (await late.bye())["code"] == 4001
