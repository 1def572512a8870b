"""Chats that change hands on a real database: transfers, rings, passing on, and who is told what (LIFE-6, 14, 16)."""

import asyncio
from typing import Any

import pytest

from deskbell.domain.commands import (
    AnswerOffer,
    AnswerTransfer,
    AssignTo,
    ChangeDepartment,
    Command,
    FlagChat,
    OfferTransfer,
    SetPending,
    WriteMessage,
)
from deskbell.domain.errors import Refused
from deskbell.kit.clock import FixedClock
from deskbell.realtime.frames import QueuePlace
from deskbell.store import preferences
from tests.cast import ADA, BRUNO, MARTA, MINUTE, OLGA, SALES, SUPPORT, SVEN, THEO, crowd
from tests.desk.house import House, codes, fresh_id
from tests.rules import rule

NOTICES = "SELECT staff_id, kind FROM notification ORDER BY id"


async def prefer(house: House, **values: Any) -> None:
    await preferences.save(house.pool, values, None)
    await house.desk.directory.refresh()


async def notices(house: House) -> list[tuple[int, str]]:
    return [tuple(row) for row in await house.pool.fetch(NOTICES)]


async def transferred(house: House, **to: int) -> int:
    """Ada's chat, offered to an agent or a department while everybody is available."""
    number = await house.live()
    await house.available(ADA, BRUNO, OLGA, SVEN)
    receiver = (to.get("agent"), to.get("department"))
    await house.desk.perform(OfferTransfer(number, ADA, fresh_id(), *receiver))
    return number


@rule("LIFE-14", "LIFE-16")
@pytest.mark.parametrize("together", [True, False])
async def test_of_a_department_exactly_one_accepts_and_the_other_is_told_who(
    house: House, other: House, together: bool
) -> None:
    await house.pool.execute("INSERT INTO department_staff VALUES ($1, $2)", SALES, BRUNO.id)
    bruno = BRUNO._replace(departments=frozenset({SUPPORT, SALES}))
    number = await transferred(house, department=SALES)
    one, two = (AnswerTransfer(number, who, fresh_id(), True) for who in (OLGA, bruno))
    if together:
        outcomes = await house.together(one, two)
    else:
        outcomes = [
            o for pair in await asyncio.gather(house.together(one), other.together(two)) for o in pair
        ]
    winner = house.desk.directory.names.staff[(await house.now(number)).owner_id or 0]
    assert sorted(codes(outcomes)) == ["ok", "taken"]
    assert [o.text for o in outcomes if isinstance(o, Refused)] == [f"{winner} has this chat now."]


@rule("LIFE-14", "LIFE-16")
async def test_cancelled_and_accepted_on_two_nodes_at_once_it_has_one_owner(
    house: House, other: House
) -> None:
    number = await transferred(house, agent=BRUNO.id)
    await asyncio.gather(
        house.together(AssignTo(number, SVEN, fresh_id(), OLGA.id)),
        other.together(AnswerTransfer(number, BRUNO, fresh_id(), True)),
    )
    c = await house.now(number)
    assert c.owner_id in (BRUNO.id, OLGA.id)
    assert not c.in_transfer
    assert [line.entry.seq for line in await house.thread(number)] == list(range(1, c.last_seq + 1))


@rule("LIFE-16", "CHAT-13")
async def test_a_reply_in_the_same_moment_as_the_chat_goes_to_somebody_else_is_told_who(house: House) -> None:
    number = await transferred(house, agent=BRUNO.id)
    outcomes = await house.together(
        AnswerTransfer(number, BRUNO, fresh_id(), True), WriteMessage(number, ADA, fresh_id(), "Hm")
    )
    assert codes(outcomes) == ["ok", "forbidden"]
    assert isinstance(outcomes[1], Refused)
    assert outcomes[1].text == "Bruno has this chat now."


@rule("LIFE-14")
async def test_who_learns_too_late_that_a_transfer_was_called_off_is_told_who_has_it(house: House) -> None:
    number = await transferred(house, agent=BRUNO.id)
    await house.desk.perform(SetPending(number, ADA, fresh_id(), True))
    outcomes = await house.together(*(AnswerTransfer(number, who, fresh_id(), True) for who in (BRUNO, OLGA)))
    assert codes(outcomes) == ["taken", "not_found"]
    assert await notices(house) == [(BRUNO.id, "transfer")]


@rule("LIFE-14", "LIFE-3")
async def test_an_accepted_transfer_may_exceed_the_maximum_and_frees_a_place(house: House) -> None:
    await prefer(house, max_chats=1)
    await house.live(THEO, BRUNO)
    number = await transferred(house, agent=BRUNO.id)
    await house.unavailable(SVEN, OLGA)
    waiting = await house.start((await crowd(house.pool, 1))[0])
    await house.route()
    assert (await house.now(waiting)).state == "queued"
    await house.desk.perform(AnswerTransfer(number, BRUNO, fresh_id(), True))
    await house.route()
    assert (await house.now(waiting)).owner_id == ADA.id


@rule("LIFE-6", "LIFE-17", "TEAM-6")
async def test_an_unanswered_chat_is_passed_on_at_its_time_and_not_before(
    house: House, clock: FixedClock
) -> None:
    number = await house.live()
    await house.unavailable(ADA)
    clock.advance(20 * MINUTE - MINUTE / 60)
    await house.available(BRUNO)
    await house.route()
    assert (await house.now(number)).owner_id == ADA.id
    clock.advance(MINUTE / 60)
    await house.route()
    c = await house.now(number)
    assert (c.owner_id, c.is_new) == (BRUNO.id, True)
    assert (await house.thread(number))[-1].entry.text == "No answer from Ada for 20 minutes: passed to Bruno"
    assert await notices(house) == [(BRUNO.id, "passed")]


@rule("LIFE-6", "LIFE-3")
async def test_passing_on_fills_nobody_above_the_maximum_and_supervisors_are_told_once_of_the_rest(
    house: House, clock: FixedClock
) -> None:
    await prefer(house, max_chats=2)
    await house.available(ADA)
    numbers = [await house.start(customer) for customer in await crowd(house.pool, 2)]
    await house.route()
    await house.live(MARTA, BRUNO)
    clock.advance(10 * MINUTE)
    await house.available(BRUNO)
    await house.write((await owned(house, BRUNO.id))[0], BRUNO)
    clock.advance(10 * MINUTE)
    await house.available(BRUNO)
    for _ in range(3):
        await house.route()
    assert len(await owned(house, BRUNO.id)) == 2
    assert sorted(await notices(house)) == [(BRUNO.id, "passed"), (SVEN.id, "stuck")]
    assert {(await house.now(n)).owner_id for n in numbers} == {ADA.id, BRUNO.id}


async def owned(house: House, staff_id: int) -> list[int]:
    rows = await house.pool.fetch(
        "SELECT id FROM conversation WHERE owner_id = $1 AND state = 'live'", staff_id
    )
    return [row["id"] for row in rows]


@rule("LIFE-5", "LIFE-8")
@pytest.mark.parametrize("rest", [FlagChat, SetPending])
async def test_a_flagged_or_pending_chat_is_not_passed_on(house: House, clock: FixedClock, rest: Any) -> None:
    number = await house.live()
    await house.desk.perform(rest(number, ADA, fresh_id(), True))
    clock.advance(60 * MINUTE)
    await house.available(BRUNO)
    await house.route()
    assert (await house.now(number)).owner_id == ADA.id
    await house.desk.perform(rest(number, ADA, fresh_id(), False))
    await house.route()
    assert (await house.now(number)).owner_id == (BRUNO.id if rest is FlagChat else ADA.id)


@rule("LIFE-18", "LIFE-6")
async def test_a_shorter_timeout_counts_for_chats_that_wait_already(house: House, clock: FixedClock) -> None:
    number = await house.live()
    clock.advance(5 * MINUTE)
    await house.available(BRUNO)
    await house.route()
    assert (await house.now(number)).owner_id == ADA.id
    await prefer(house, agent_timeout_minutes=5)
    await house.route()
    assert (await house.now(number)).owner_id == BRUNO.id


@rule("LIFE-2", "LIFE-3")
async def test_rings_go_round_take_a_place_and_begin_again_after_a_ring_time(
    house: House, clock: FixedClock
) -> None:
    await prefer(house, distribution="offer", max_chats=1)
    await house.available(ADA, BRUNO)
    number = await house.start(MARTA, department=SUPPORT)
    asked: list[int] = []
    for _ in range(2):
        await house.route()
        c = await house.now(number)
        asked.append(c.offered_to or 0)
        who = next(p for p in (ADA, BRUNO) if p.id == c.offered_to)
        await house.desk.perform(AnswerOffer(number, who, fresh_id(), False))
    await house.route()
    assert (await house.now(number)).state == "queued"
    clock.advance(MINUTE / 2)
    await house.route()
    assert sorted(asked) == [ADA.id, BRUNO.id]
    assert (await house.now(number)).state == "offered"


@rule("LIFE-2", "TEAM-6")
async def test_a_chat_that_rings_at_somebody_round_after_round_stands_under_their_bell_once(
    house: House, clock: FixedClock
) -> None:
    await prefer(house, distribution="offer")
    number = await house.start(MARTA)
    for _ in range(3):
        await house.available(ADA)
        await house.route()
        assert (await house.now(number)).offered_to == ADA.id
        clock.advance(MINUTE / 2)
        await house.desk.timekeeper.sweep()
    assert await notices(house) == [(ADA.id, "offered")]


@rule("VISITOR-11")
async def test_a_chat_that_rings_keeps_its_place_and_nobody_behind_it_moves_up_and_back(house: House) -> None:
    await prefer(house, distribution="offer", max_chats=1)
    await house.available(ADA)
    first, second = await house.start(MARTA), await house.start(THEO)
    ears = [house.ear(who, number) for who, number in ((MARTA, first), (THEO, second))]
    await house.route()
    await house.route()
    assert house.desk.reader.view(await house.now(first)).queue == QueuePlace(1, None)
    await house.desk.perform(AnswerOffer(first, ADA, fresh_id(), False))
    await house.route()
    assert [[frame["position"] for frame in ear.heard("queue")] for ear in ears] == [[1], [2]]


@rule("LIFE-2", "LIFE-16")
async def test_picked_up_by_one_on_two_devices_at_once_it_is_picked_up_once(
    house: House, other: House
) -> None:
    await prefer(house, distribution="offer")
    await house.available(ADA)
    number = await house.start(MARTA)
    await house.route()
    picks: list[Command] = [AnswerOffer(number, ADA, fresh_id(), True) for _ in range(2)]
    here, there = await asyncio.gather(house.together(picks[0]), other.together(picks[1]))
    assert sorted(codes(here + there)) == ["ok", "taken"]
    assert (await house.now(number)).owner_id == ADA.id


@rule("LIFE-2")
async def test_who_let_it_ring_too_long_is_told_who_has_it_now(house: House, clock: FixedClock) -> None:
    await prefer(house, distribution="offer")
    await house.available(ADA)
    number = await house.start(MARTA)
    await house.route()
    clock.advance(MINUTE / 2)
    await house.desk.timekeeper.sweep()
    await house.unavailable(ADA)
    await house.available(BRUNO)
    await house.route()
    await house.desk.perform(AnswerOffer(number, BRUNO, fresh_id(), True))
    (late,) = await house.together(AnswerOffer(number, ADA, fresh_id(), True))
    assert isinstance(late, Refused)
    assert (late.code, late.text) == ("taken", "Bruno has this chat now.")


@rule("LIFE-15", "LIFE-3")
async def test_a_supervisor_gives_a_waiting_chat_above_the_maximum_and_routing_gives_no_more(
    house: House,
) -> None:
    await prefer(house, max_chats=1)
    await house.live(THEO, ADA)
    number = await house.start(MARTA)
    await house.route()
    await house.desk.perform(AssignTo(number, SVEN, fresh_id(), ADA.id))
    assert len(await owned(house, ADA.id)) == 2
    waiting = await house.start((await crowd(house.pool, 1))[0])
    await house.route()
    assert (await house.now(waiting)).state == "queued"


@rule("CHAT-9")
async def test_another_department_does_not_send_a_live_chat_elsewhere(house: House) -> None:
    number = await house.live()
    await house.available(OLGA)
    await house.desk.perform(ChangeDepartment(number, ADA, fresh_id(), SALES))
    await house.route()
    assert (await house.now(number)).owner_id == ADA.id
