"""Tickets in their groups, and several taken at once, over whole nodes (TICKET-2, TICKET-3)."""

import asyncio
from typing import Any

import httpx

from tests.doors.house import Door, House, Person
from tests.rules import rule


async def tickets(house: House, count: int, department: int | None = None) -> list[int]:
    """Left by visitors while nobody is there, one after the other; the oldest first."""
    numbers = []
    for _ in range(count):
        visitor = await house.visitor()
        widget = await visitor.widget()
        more = {} if department is None else {"department": department}
        numbers.append((await visitor.start(widget, "Where is my parcel?", **more))["c"])
        await widget.event("ticket")
    return numbers


async def listed(http: httpx.AsyncClient, group: str, **more: str) -> list[int]:
    answer = await http.get("/api/conversations", params={"tab": "tickets", "group": group} | more)
    return [row["id"] for row in answer.json()["rows"]]


async def take(http: httpx.AsyncClient, count: int, id: str = "q1") -> dict[str, Any]:
    answer = await http.post("/api/tickets/accept", json={"id": id, "count": count})
    assert answer.status_code == 200, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


async def hired(house: House) -> tuple[Person, Person, int]:
    """Ada in Support (its id is the last) and Olga in Sales, neither before a console."""
    support, sales = await house.department("Support"), await house.department("Sales")
    ada = await house.hire("Ada", in_=(support,))
    olga = await house.hire("Olga", in_=(sales,))
    return ada, olga, support


@rule("TICKET-2", "TICKET-3")
async def test_nobody_sees_or_takes_the_tickets_of_a_department_they_are_not_in(
    door: Door, house: House
) -> None:
    ada, olga, support = await hired(house)
    [hers] = await tickets(house, 1, support)
    [everybodys] = await tickets(house, 1)
    outsider = await olga.http()
    assert await listed(outsider, "unassigned") == [everybodys]
    assert await take(outsider, 10) == {"accepted": [everybodys], "left": 0}
    assert await listed(await ada.http(), "unassigned") == [hers]


@rule("TICKET-2")
async def test_tickets_stand_in_three_groups_each_with_its_count_the_newest_unassigned_first(
    door: Door, house: House
) -> None:
    ada, *_ = await hired(house)
    numbers = await tickets(house, 4)
    http = await ada.http()
    assert await listed(http, "unassigned") == numbers[::-1]
    for number in numbers[:2]:
        await http.post(f"/api/conversations/{number}/accept", json={"id": "a"})
    await http.post(f"/api/conversations/{numbers[0]}/close", json={"id": "b"})
    groups = {group: await listed(http, group) for group in ("unassigned", "assigned", "closed")}
    assert groups == {"unassigned": numbers[:1:-1], "assigned": [numbers[1]], "closed": [numbers[0]]}
    counts = (await http.get("/api/conversations/counts")).json()
    assert (counts["tickets"], counts["groups"]) == (3, {"unassigned": 2, "assigned": 1, "closed": 1})


@rule("TICKET-3")
async def test_quick_accept_takes_the_oldest_and_says_how_many_are_left(door: Door, house: House) -> None:
    ada, *_ = await hired(house)
    numbers = await tickets(house, 7)
    http = await ada.http()
    assert await take(http, 3, "one") == {"accepted": numbers[:3], "left": 4}
    assert await take(http, 10, "two") == {"accepted": numbers[3:], "left": 0}
    assert sorted(await listed(http, "assigned")) == numbers


@rule("TICKET-3")
async def test_the_same_request_again_takes_nothing_more(door: Door, house: House) -> None:
    ada, *_ = await hired(house)
    numbers = await tickets(house, 5)
    http = await ada.http()
    first = await take(http, 3)
    assert await take(http, 3) == first == {"accepted": numbers[:3], "left": 2}
    assert (await take(http, 4))["accepted"] == numbers[:4]


@rule("TICKET-3")
async def test_two_who_take_at_once_share_all_tickets_and_none_twice(door: Door, house: House) -> None:
    other = await house.open()
    ada, _, support = await hired(house)
    bruno = await house.hire("Bruno", in_=(support,))
    numbers = await tickets(house, 12)
    mine, his = await asyncio.gather(take(await ada.http(), 6), take(await bruno.http(other), 6, "q2"))
    assert len(mine["accepted"]) == len(his["accepted"]) == 6
    assert sorted(mine["accepted"] + his["accepted"]) == numbers


@rule("TICKET-3")
async def test_a_number_out_of_bounds_is_refused_with_the_bound(door: Door, house: House) -> None:
    ada, *_ = await hired(house)
    http = await ada.http()
    for count in (0, 101):
        answer = await http.post("/api/tickets/accept", json={"id": "a", "count": count})
        assert answer.status_code == 400
        assert ("1" if count == 0 else "100") in answer.json()["error"]["text"]
