"""Delivered and read marks: they only grow, say when, and only the owner's eyes count (CHAT-3, LIST-3)."""

import asyncio
from datetime import datetime

from deskbell.kit.clock import FixedClock, milliseconds
from tests.cast import ADA, BRUNO, MARTA, MINUTE, NOW, OLGA, SVEN
from tests.desk.house import House
from tests.rules import rule


async def read_times(house: House, number: int) -> list[datetime | None]:
    """When the customer read each reply of an agent."""
    lines = await house.thread(number)
    return [line.read_at for line in lines if line.entry.author == "agent" and line.entry.kind == "message"]


@rule("CHAT-3")
async def test_the_eyes_of_an_outsider_or_a_supervisor_give_the_customer_no_tick(house: House) -> None:
    number = await house.live()
    ear = house.ear(MARTA, number)
    for person in (OLGA, BRUNO, SVEN):
        await house.mark(number, person.id, delivered=2, read=2)
    assert (await house.now(number)).agent_read == 0
    await house.mark(number, ADA.id, read=2)
    assert (await house.now(number)).agent_read == 2
    assert [(f["by"], f["delivered"], f["read"]) for f in ear.heard("marks")] == [("agent", 2, 2)]


@rule("CHAT-3")
async def test_a_reply_is_stored_then_delivered_then_read_and_says_when(
    house: House, clock: FixedClock
) -> None:
    number = await house.live()
    ear = house.ear(ADA)
    reply = await house.write(number, ADA)
    await house.mark(number, delivered=reply.seq)
    assert await read_times(house, number) == [None]
    clock.advance(MINUTE)
    await house.mark(number, read=reply.seq)
    assert await read_times(house, number) == [NOW + MINUTE]
    assert [(f["by"], f["delivered"], f["read"], f["at"]) for f in ear.heard("marks")] == [
        ("customer", reply.seq, 0, milliseconds(NOW)),
        ("customer", reply.seq, reply.seq, milliseconds(NOW + MINUTE)),
    ]


@rule("CHAT-3")
async def test_the_time_of_reading_is_set_once_and_only_for_what_was_read(
    house: House, clock: FixedClock
) -> None:
    number = await house.live()
    first, second = await house.write(number, ADA), await house.write(number, ADA)
    await house.mark(number, read=first.seq)
    clock.advance(MINUTE)
    await house.mark(number, read=first.seq)
    assert await read_times(house, number) == [NOW, None]
    await house.mark(number, read=second.seq)
    assert await read_times(house, number) == [NOW, NOW + MINUTE]


async def test_marks_never_go_back_nor_beyond_the_thread(house: House) -> None:
    number = await house.live()
    reply = await house.write(number, ADA)
    ear = house.ear(ADA)
    for read in (reply.seq, 1, 2**31 - 1, 0):
        await house.mark(number, read=read)
    c = await house.now(number)
    assert (c.customer_delivered, c.customer_read) == (reply.seq, reply.seq)
    assert ear.heard("marks")[0]["read"] == reply.seq


async def test_marks_of_one_moment_are_written_together_the_highest_counts(house: House) -> None:
    number = await house.live()
    reply = await house.write(number, ADA)
    for read in (1, reply.seq, 2):
        house.desk.marker.note(number, 0, read=read)
    house.desk.marker.note(number, ADA.id, delivered=2)
    await house.desk.marker.flush()
    c = await house.now(number)
    assert (c.customer_read, c.agent_delivered, c.agent_read) == (reply.seq, 2, 0)


@rule("LIST-3")
async def test_how_far_somebody_looked_is_kept_per_person_and_told_to_all_their_consoles(
    house: House,
) -> None:
    number = await house.live()
    await house.write(number, MARTA)
    ears = {name: house.ear(who) for name, who in (("desk", ADA), ("phone", ADA), ("bruno", BRUNO))}
    await house.mark(number, ADA.id, read=2)
    await house.mark(number, ADA.id, read=4)
    expected = [
        {"t": "seen", "c": number, "seq": 2, "count": 1},
        {"t": "seen", "c": number, "seq": 4, "count": 2},
    ]
    assert ears["desk"].heard("seen") == ears["phone"].heard("seen") == expected
    assert ears["bruno"].heard("seen") == []


async def test_marks_and_messages_at_once_do_not_undo_each_other(house: House) -> None:
    number = await house.live()
    for n in range(10):
        reply = await house.write(number, ADA)
        house.desk.marker.note(number, 0, read=reply.seq)
        await asyncio.gather(house.desk.marker.flush(), house.write(number, MARTA, f"{n}"))
    c = await house.now(number)
    assert (c.customer_read, c.customer_messages, c.agent_messages) == (c.last_agent_seq, 11, 10)
    assert None not in await read_times(house, number)
