"""Routing on a real database: who gets what, never above the maximum, the oldest first."""

import asyncio
from datetime import timedelta

import pytest

from deskbell.domain.commands import StartChat, WriteMessage
from deskbell.kit.clock import FixedClock
from deskbell.store import preferences, routing
from tests.cast import ADA, BRUNO, MARTA, MINUTE, OLGA, SALES, SUPPORT, THEO, crowd
from tests.desk.house import House, eventually, fresh_id, open_house
from tests.rules import rule

STATES = "SELECT state, count(*) FROM conversation GROUP BY 1"
LOADS = "SELECT owner_id, count(*) FROM conversation WHERE state = 'live' GROUP BY 1"


async def counted(house: House, query: str) -> dict[object, int]:
    return {row[0]: row[1] for row in await house.pool.fetch(query)}


@rule("PEOPLE-5")
async def test_an_outsider_an_unavailable_agent_and_one_without_a_console_get_nothing(house: House) -> None:
    await house.available(OLGA, BRUNO)
    await house.unavailable(BRUNO)
    await house.pool.execute("UPDATE staff SET available = true WHERE id = $1", ADA.id)
    number = await house.start(MARTA, department=SUPPORT)
    await house.route()
    assert (await house.now(number)).state == "unassigned"


@rule("LIFE-1", "LIST-2")
async def test_a_chat_goes_live_with_the_available_agent_and_is_new(house: House) -> None:
    ear = house.ear(ADA)
    number = await house.live(MARTA, ADA)
    c = await house.now(number)
    assert (c.state, c.owner_id, c.is_new) == ("live", ADA.id, True)
    frame = ear.heard("entry")[-1]
    assert (frame["e"]["event"]["name"], frame["s"]["new"], frame["s"]["owner"]) == ("assigned", True, ADA.id)


@rule("LIFE-1")
async def test_with_all_available_agents_full_the_chat_waits_and_the_customer_is_told_once(
    house: House,
) -> None:
    await preferences.save(house.pool, {"max_chats": 1}, None)
    await house.desk.directory.refresh()
    await house.live(MARTA, ADA)
    number = await house.start(THEO)
    ear = house.ear(THEO, number)
    for _ in range(3):
        await house.route()
    assert (await house.now(number)).state == "queued"
    assert [frame["e"]["event"]["name"] for frame in ear.heard("entry")] == ["queued"]


@rule("LIFE-1")
async def test_with_no_agent_available_the_chat_becomes_a_ticket(house: House) -> None:
    number = await house.ticket()
    c = await house.now(number)
    assert (c.kind, c.state, c.owner_id) == ("ticket", "unassigned", None)
    assert (await house.thread(number))[-1].entry.text == "Became a ticket: no agent is available"


@rule("LIFE-2")
async def test_a_revived_chat_keeps_its_number_and_returns_to_the_last_agent(house: House) -> None:
    number = await house.live(MARTA, ADA)
    await house.live(THEO, ADA)
    await house.available(BRUNO)
    await house.close(number, ADA)
    await house.write(number, MARTA, "One more thing")
    await house.route()
    c = await house.now(number)
    assert (c.id, c.state, c.owner_id, c.is_new) == (number, "live", ADA.id, True)
    assert (await house.thread(number))[-1].entry.text.endswith("dealt with this customer last")


@rule("LIFE-3", "LIFE-10")
async def test_a_revived_chat_returns_to_its_owner_who_is_full_and_takes_nobody_elses_place(
    house: House, clock: FixedClock
) -> None:
    await house.pool.execute("UPDATE staff SET max_chats = 1")
    number = await house.live(MARTA, ADA)
    await house.close(number, ADA)  # so that she has dealt with it
    await house.live(THEO, ADA)
    clock.advance(MINUTE / 60)
    await house.available(BRUNO)
    await house.write(number, MARTA, "One more thing")
    await house.route()
    assert (await house.now(number)).owner_id == ADA.id
    assert await counted(house, LOADS) == {ADA.id: 2}


@rule("LIFE-3")
async def test_who_never_had_a_revived_chat_gets_it_within_the_maximum_only(
    house: House, clock: FixedClock
) -> None:
    await house.pool.execute("UPDATE staff SET max_chats = 1")
    number = await house.live(MARTA, ADA)
    await house.write(number, ADA)
    await house.close(number, ADA)
    await house.pool.execute("UPDATE customer SET last_agent_id = $1 WHERE id = $2", BRUNO.id, MARTA.id)
    await house.live(THEO, BRUNO)
    clock.advance(MINUTE / 60)
    await house.write(number, MARTA, "One more thing")
    await house.route()
    assert (await house.now(number)).state == "queued"


@rule("LIFE-2")
async def test_chats_that_come_together_spread_over_the_team_and_say_why(house: House) -> None:
    await house.available(ADA, BRUNO)
    for customer in await crowd(house.pool, 6):
        await house.start(customer, department=SUPPORT)
    await house.route()
    assert await counted(house, LOADS) == {ADA.id: 3, BRUNO.id: 3}
    reasons = await house.pool.fetch("SELECT data->>'why' AS why FROM entry WHERE data->>'name' = 'assigned'")
    assert all(row["why"].startswith("fewest live chats") for row in reasons)


@rule("LIFE-4")
async def test_a_free_slot_goes_to_the_oldest_who_waits_within_a_second(
    cast_database: str, clock: FixedClock
) -> None:
    async with open_house(cast_database, clock=clock, whole=True) as house:
        await preferences.save(house.pool, {"max_chats": 1}, None)
        await house.desk.directory.refresh()
        await house.available(ADA)
        first = await house.start(MARTA)
        await eventually(lambda: is_in(house, first, "live"))
        waiting = [await house.start(customer) for customer in await crowd(house.pool, 2)]
        await eventually(lambda: is_told(house, waiting))
        await house.pool.execute(
            "UPDATE conversation SET queued_at = queued_at - interval '1 minute' WHERE id = $1", waiting[1]
        )
        await house.close(first, ADA)
        await eventually(lambda: is_in(house, waiting[1], "live"))
        assert (await house.now(waiting[0])).state == "queued"


async def is_in(house: House, number: int, state: str) -> bool:
    return (await house.now(number)).state == state


async def is_told(house: House, numbers: list[int]) -> bool:
    return all([(await house.now(number)).queue_told for number in numbers])


@rule("LIFE-3", "OPS-2")
async def test_a_hundred_starts_at_once_on_two_nodes_put_nobody_above_the_maximum(
    cast_database: str, clock: FixedClock
) -> None:
    async with (
        open_house(cast_database, clock=clock, whole=True) as house,
        open_house(cast_database, clock=clock, node="two", whole=True) as other,
    ):
        await house.pool.execute("UPDATE staff SET max_chats = 7 WHERE id = $1", BRUNO.id)
        await house.available(ADA, BRUNO, OLGA)
        everybody = await crowd(house.pool, 100)
        starts = [StartChat(c, fresh_id(), "web", None, None, "Hi") for c in everybody]
        await asyncio.gather(house.together(*starts[::2]), other.together(*starts[1::2]))
        await eventually(lambda: all_looked_at(house), seconds=30)
        assert await counted(house, LOADS) == {ADA.id: 5, BRUNO.id: 7, OLGA.id: 5}
        assert await counted(house, STATES) == {"live": 17, "queued": 83}


async def all_looked_at(house: House) -> bool:
    return not await house.pool.fetchval(
        "SELECT count(*) FROM conversation WHERE state = 'queued' AND NOT queue_told"
    )


@rule("LIFE-3")
async def test_a_new_chat_does_not_go_above_the_maximum_when_two_routers_plan_at_once(
    house: House, other: House
) -> None:
    await house.pool.execute("UPDATE staff SET max_chats = 1")
    await house.available(ADA)
    for customer in (MARTA, THEO):
        await house.start(customer)
    await asyncio.gather(house.route(), other.route())
    assert await counted(house, STATES) == {"live": 1, "queued": 1}


@rule("LIFE-4", "PEOPLE-6")
async def test_a_department_with_a_long_queue_does_not_hide_who_waits_for_another(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing, "QUEUE_LOOKED_AT", 2)
    await house.pool.execute("UPDATE staff SET max_chats = 1")
    await house.live(MARTA, ADA)
    for customer in await crowd(house.pool, 3):
        await house.start(customer, department=SUPPORT)
    number = await house.start(THEO, department=SALES)
    await house.available(OLGA)
    await house.route()
    assert (await house.now(number)).owner_id == OLGA.id


@rule("LIFE-17")
async def test_who_goes_unavailable_keeps_the_chats(house: House) -> None:
    number = await house.live(MARTA, ADA)
    await house.unavailable(ADA)
    await house.available(BRUNO)
    await house.route()
    assert (await house.now(number)).owner_id == ADA.id
    assert (await house.write(number, ADA, "Still here")).seq == 4


async def test_a_chat_goes_only_to_agents_of_its_department_also_after_it_was_changed(house: House) -> None:
    await house.available(OLGA)
    number = await house.start(MARTA, department=SALES)
    await house.route()
    assert (await house.now(number)).owner_id == OLGA.id


@rule("VISITOR-11")
async def test_who_waits_is_told_the_place_and_an_estimate_from_the_pace_of_the_queue(
    house: House, clock: FixedClock
) -> None:
    await house.pool.execute("UPDATE staff SET max_chats = 1")
    first = await house.live(MARTA, ADA)
    waiting = [await house.start(customer) for customer in await crowd(house.pool, 3)]
    ears = [house.ear(THEO, number) for number in waiting]
    await house.route()
    assert [ear.heard("queue") for ear in ears] == [
        [{"t": "queue", "c": number, "position": place, "wait": None}]
        for place, number in enumerate(waiting, 1)
    ]
    clock.advance(2 * MINUTE)
    await house.available(ADA)
    await house.close(first, ADA)
    await house.route()
    clock.advance(MINUTE)
    await house.route()
    assert (await house.now(waiting[0])).state == "live"
    assert [ear.heard("queue")[-1]["position"] for ear in ears[1:]] == [1, 2]
    assert [ear.heard("queue")[-1]["wait"] for ear in ears[1:]] == [60, 120]


@rule("VISITOR-11")
async def test_who_waits_keeps_the_place_when_the_agents_leave(house: House, clock: FixedClock) -> None:
    await house.pool.execute("UPDATE staff SET max_chats = 1")
    await house.live(MARTA, ADA)
    number = await house.start(THEO)
    await house.route()
    await house.unavailable(ADA)
    await house.route()
    place = house.desk.router.place_of(number)
    assert place is not None
    assert place.position == 1
    assert (await house.now(number)).state == "queued"


async def test_places_are_forgotten_when_nobody_waits_any_more(house: House) -> None:
    await house.pool.execute("UPDATE staff SET max_chats = 1")
    first = await house.live(MARTA, ADA)
    number = await house.start(THEO)
    await house.route()
    await house.close(first, ADA)
    await house.route()
    assert house.desk.router.place_of(number) is None


async def test_a_chat_closed_while_routing_plans_is_left_alone(house: House) -> None:
    await house.available(ADA)
    number = await house.start(MARTA)
    await asyncio.gather(house.close(number, MARTA), house.route())
    assert (await house.now(number)).state == "closed"


async def test_a_message_to_a_waiting_chat_is_taken_and_counts_the_wait_from_the_first(
    house: House, clock: FixedClock
) -> None:
    number = await house.start(MARTA)
    since = (await house.now(number)).waiting_since
    clock.advance(timedelta(seconds=30))
    await house.desk.perform(WriteMessage(number, MARTA, fresh_id(), "Anybody?"))
    assert (await house.now(number)).waiting_since == since
