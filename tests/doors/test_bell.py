"""The bell through the doors of two nodes: what is read on one device is read on all (TEAM-3, TEAM-6)."""

from typing import Any

from deskbell.desk import notices
from deskbell.domain.conversation import Notification
from tests.doors.house import Door, House, live_chat
from tests.rules import rule


async def tell(door: Door, staff_id: int, c: int, kind: str = "mention", **data: Any) -> int:
    """As a batch of this node does it."""
    node = door.node
    async with node.pool.acquire() as connection, connection.transaction():
        told = [Notification(staff_id, kind, c, data or {"who": "Bruno"})]
        stored = await notices.save(connection, told, node.edge.clock.now(), others=node.desk.node)
    node.desk.bell.ring(stored)
    return stored[0].id


@rule("TEAM-3", "TEAM-6", "OPS-2")
async def test_all_devices_of_a_person_are_told_and_nobody_elses(house: House) -> None:
    one, two = await house.open(), await house.open()
    chat = await live_chat(house)
    phone = await chat.agent.console(two)
    olga = await (await house.hire("Olga")).console(one)
    number = await tell(one, chat.agent.id, chat.c)
    for device in (chat.ada, phone):
        n = (await device.hear("notice"))["n"]
        assert (n["id"], n["c"], n["kind"], n["data"]) == (number, chat.c, "mention", {"who": "Bruno"})
    assert await olga.quiet("notice", "notices_read") == []
    assert await chat.marta.quiet("notice") == []


@rule("TEAM-6", "OPS-2")
async def test_what_is_read_on_one_device_is_read_on_the_other(house: House) -> None:
    one, two = await house.open(), await house.open()
    chat = await live_chat(house)
    phone = await chat.agent.console(two)
    numbers = [await tell(two, chat.agent.id, chat.c) for _ in range(3)]
    http = await chat.agent.http(one)
    answer = await http.post("/api/notifications/read", json={"ids": numbers[:1]})
    assert answer.json() == {"unread": 2}
    for device in (chat.ada, phone):
        assert (await device.hear("notices_read"))["ids"] == numbers[:1]
    await http.post("/api/notifications/read", json={"c": chat.c})
    assert sorted((await phone.hear("notices_read"))["ids"]) == numbers[1:]
    listed = (await (await chat.agent.http(two)).get("/api/notifications")).json()
    assert [(n["id"], n["read"]) for n in listed["notices"]] == [(n, True) for n in numbers[::-1]]
    assert (listed["unread"], listed["next"]) == (0, None)


@rule("TEAM-6")
async def test_an_outsider_neither_sees_nor_reads_what_another_was_told(house: House) -> None:
    door = await house.open()
    chat = await live_chat(house)
    number = await tell(door, chat.agent.id, chat.c)
    sven = await (await house.hire("Sven", "supervisor")).http()
    assert (await sven.get("/api/notifications")).json() == {"notices": [], "unread": 0, "next": None}
    for body in ({"ids": [number]}, {"c": chat.c}, {"all": True}):
        assert (await sven.post("/api/notifications/read", json=body)).json() == {"unread": 0}
    ada = await chat.agent.http()
    assert (await ada.get("/api/notifications")).json()["unread"] == 1
    async with door.client() as nobody:
        assert (await nobody.get("/api/notifications")).status_code == 401
        assert (await nobody.post("/api/notifications/read", json={"all": True})).status_code == 401


@rule("TEAM-6")
async def test_the_list_pages_and_many_read_at_once_are_asked_for_again(house: House) -> None:
    door = await house.open()
    chat = await live_chat(house)
    numbers = [await tell(door, chat.agent.id, chat.c) for _ in range(201)]
    http = await chat.agent.http()
    first = (await http.get("/api/notifications?limit=100")).json()
    second = (await http.get(f"/api/notifications?limit=100&before={first['next']}")).json()
    assert [n["id"] for n in first["notices"] + second["notices"]] == numbers[:0:-1]
    assert (first["unread"], second["next"]) == (201, numbers[1])
    await http.post("/api/notifications/read", json={"all": True})
    assert (await chat.ada.hear("changed"))["what"] == ["notices"]


@rule("TEAM-6")
async def test_bad_input_at_the_bell_is_named(house: House) -> None:
    await house.open()
    ada = await (await house.hire("Ada")).http()
    for query in ("before=0", "before=x", "limit=0", "limit=101"):
        assert (await ada.get(f"/api/notifications?{query}")).status_code == 400, query
    for body in ({"ids": [0]}, {"ids": [1] * 101}, {"c": 0}, {"all": "perhaps"}, {"every": True}):
        assert (await ada.post("/api/notifications/read", json=body)).status_code == 400, body
    for quiet in (["mention"], ["mention.smell"], ["nothing.bell"], ["mention.bell"] * 31, "mention.bell"):
        assert (await ada.patch("/api/me/settings", json={"quiet": quiet})).status_code == 400, quiet


@rule("TEAM-6", "OPS-2")
async def test_a_switch_turned_on_one_device_reaches_the_others_and_counts_at_once(house: House) -> None:
    one, two = await house.open(), await house.open()
    chat = await live_chat(house)
    phone = await chat.agent.console(two)
    http = await chat.agent.http(one)
    answer = await http.patch("/api/me/settings", json={"quiet": ["mention.bell", "chat.sound"]})
    assert answer.json()["settings"]["quiet"] == ["mention.bell", "chat.sound"]
    assert (await phone.hear("changed"))["what"] == ["session"]
    async with two.node.pool.acquire() as connection, connection.transaction():
        told = [
            Notification(chat.agent.id, kind, chat.c, {"who": "Bruno"}) for kind in ("mention", "assigned")
        ]
        stored = await notices.save(connection, told, house.clock.now(), others=None)
    assert [one.kind for one in stored] == ["assigned"]


@rule("TEAM-3", "TEAM-5", "OPS-2")
async def test_a_mention_reaches_the_bell_on_another_node_without_the_words_of_the_comment(
    house: House,
) -> None:
    one, two = await house.open(), await house.open()
    chat = await live_chat(house)
    bruno = await house.hire("Bruno")
    console = await bruno.console(two)
    http = await chat.agent.http(one)
    body = {"t": "comment", "id": "m", "c": chat.c, "text": "Is she a regular?", "mentions": [bruno.id]}
    for again in (False, True):  # a repeat tells nobody twice
        answer = await http.post("/api/actions", json=body)
        assert answer.json().get("dup", False) is again
    n = (await console.hear("notice"))["n"]
    assert (n["kind"], n["c"], n["data"]) == ("mention", chat.c, {"who": "Ada"})
    assert await console.quiet("notice") == []
    listed = (await (await bruno.http(two)).get("/api/notifications")).text
    assert "regular" not in listed
    assert await house.pool.fetchval("SELECT count(*) FROM notification WHERE data::text ~ 'regular'") == 0
