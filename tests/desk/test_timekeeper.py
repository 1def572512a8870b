"""The clock on a real database: everything due is settled once, whoever sweeps, and what SQL finds is what is due."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskbell.domain.commands import AddComment, TimeIsUp, WriteMessage
from deskbell.domain.conversation import Conversation
from deskbell.domain.people import SYSTEM
from deskbell.domain.preferences import Preferences
from deskbell.domain.timers import ARCHIVE_AFTER, TIMERS, is_due
from deskbell.kit.clock import FixedClock
from deskbell.store import preferences, routing, timers
from tests import cast
from tests.cast import ADA, BRUNO, HOUR, MARTA, MINUTE, NOW, OLGA, SUPPORT, conversation, crowd
from tests.desk.house import House, codes, fresh_id
from tests.rules import rule

OVER = NOW + ARCHIVE_AFTER
EVENTS = "SELECT conversation_id FROM entry WHERE kind = 'event' AND author = 'system' ORDER BY 1"

# In these a time is over at OVER, of each kind one.
LONG = {"state_at": NOW, "queued_at": NOW}
DUE: dict[str, tuple[str, dict[str, Any]]] = {
    "inactivity": ("live", {"last_agent_at": NOW}),
    "queue": ("queued", {}),
    "pending": ("pending", {}),
    "transfer": (
        "live",
        {"transfer_at": NOW, "transfer_by": ADA.id, "transfer_to": BRUNO.id, "flagged_at": NOW},
    ),
    "ring": ("offered", {"queued_at": OVER}),
}


def due(timer: str, number: int, customer: int) -> Conversation:
    state, values = DUE[timer]
    return conversation(state, id=number, customer_id=customer, start_id=None)._replace(**LONG | values)


@rule("LIFE-18", "LIFE-7", "LIFE-8", "LIFE-14", "OPS-2")
async def test_two_nodes_that_sweep_at_once_settle_each_time_exactly_once(
    house: House, other: House, clock: FixedClock
) -> None:
    people = await crowd(house.pool, 60)
    kinds = [*DUE] * 12
    shelf = [due(t, 100 + n, who.id) for n, (t, who) in enumerate(zip(kinds, people, strict=True))]
    await cast.shelve(house.pool, *shelf)
    clock.advance(OVER - NOW)
    for _ in range(2):
        await asyncio.gather(house.desk.timekeeper.sweep(), other.desk.timekeeper.sweep())
    assert [row[0] for row in await house.pool.fetch(EVENTS)] == [c.id for c in shelf]


@rule("LIFE-18")
async def test_the_same_time_submitted_by_two_nodes_at_once_is_settled_once(
    house: House, other: House, clock: FixedClock
) -> None:
    numbers = range(100, 100 + len(DUE))
    people = await crowd(house.pool, len(DUE))
    await cast.shelve(
        house.pool, *(due(t, n, who.id) for t, n, who in zip(DUE, numbers, people, strict=True))
    )
    clock.advance(OVER - NOW)
    orders = [TimeIsUp(n, t, SYSTEM) for t, n in zip(DUE, numbers, strict=True)]
    here, there = await asyncio.gather(house.together(*orders), other.together(*orders))
    assert sorted(codes(here + there)) == ["closed"] * len(DUE) + ["ok"] * len(DUE)


@rule("LIFE-7", "LIFE-18")
@pytest.mark.parametrize("first", ["answer", "clock"])
async def test_a_message_and_the_clock_in_the_same_moment_leave_one_life(
    house: House, clock: FixedClock, first: str
) -> None:
    number = await house.live()
    await house.write(number, ADA)
    clock.advance(2 * HOUR)
    message, tick = WriteMessage(number, MARTA, fresh_id(), "Wait"), TimeIsUp(number, "inactivity", SYSTEM)
    outcomes = await house.together(*((message, tick) if first == "answer" else (tick, message)))
    assert codes(outcomes) == (["ok", "closed"] if first == "answer" else ["ok", "ok"])
    assert (await house.now(number)).state == ("live" if first == "answer" else "queued")


@rule("LIFE-7", "LIFE-8", "LIFE-18")
async def test_a_sweep_goes_by_the_present_preferences(house: House, clock: FixedClock) -> None:
    number = await house.live()
    await house.write(number, ADA)
    clock.advance(30 * MINUTE)
    await house.desk.timekeeper.sweep()
    assert (await house.now(number)).state == "live"
    await preferences.save(house.pool, {"inactivity_minutes": 30}, None)
    await house.desk.directory.refresh()
    await house.desk.timekeeper.sweep()
    c = await house.now(number)
    assert (c.state, c.close_reason) == ("closed", "no answer from the customer for 30 minutes")


@rule("LIFE-5")
async def test_a_comment_does_not_lengthen_and_a_flag_stops_the_inactivity_timeout(
    house: House, clock: FixedClock
) -> None:
    one, two = [await house.live(customer) for customer in await crowd(house.pool, 2)]
    for number in (one, two):
        await house.write(number, ADA)
    await house.pool.execute("UPDATE conversation SET flagged_at = $2 WHERE id = $1", two, NOW)
    clock.advance(HOUR)
    await house.desk.perform(AddComment(one, ADA, fresh_id(), "Silent"))
    clock.advance(HOUR)
    await house.desk.timekeeper.sweep()
    assert [(await house.now(number)).state for number in (one, two)] == ["closed", "live"]


# -- the conditions in SQL are those of the domain

MOMENTS = st.integers(0, 12).map(lambda n: NOW + n * 10 * MINUTE)
MAYBE = st.none() | MOMENTS
STATES = st.sampled_from(
    ["queued", "offered", "live", "pending", "closed", "unassigned", "assigned", "archived"]
)
USUAL = Preferences()


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    """Any conversation the table can hold, with its times anywhere in two hours."""
    c = conversation(draw(STATES))
    transfer = draw(MAYBE) if c.state in ("live", "pending") else None
    return c._replace(
        queued_at=draw(MOMENTS),
        state_at=draw(MOMENTS),
        last_agent_at=draw(MAYBE),
        waiting_since=draw(MAYBE),
        flagged_at=draw(MAYBE),
        stuck_at=draw(MAYBE),
        offered_at=draw(MOMENTS) if c.state == "offered" else draw(MAYBE),
        transfer_at=transfer,
        transfer_by=ADA.id if transfer else None,
        transfer_to=BRUNO.id if transfer else None,
        ticket_at=draw(MOMENTS) - ARCHIVE_AFTER + 2 * HOUR if c.kind == "ticket" else None,
        owner_id=c.owner_id if c.state != "archived" else draw(st.sampled_from([None, ADA.id])),
        department_id=draw(st.sampled_from([None, SUPPORT])),
    )


async def put_on_shelf(pool: asyncpg.Pool, shelf: list[Conversation]) -> list[Conversation]:
    """Nothing but these, each with a customer and a number of its own."""
    await pool.execute("DELETE FROM conversation")
    people = await crowd(pool, len(shelf))
    shelved = [
        c._replace(id=n, customer_id=who.id, start_id=None)
        for n, (c, who) in enumerate(zip(shelf, people, strict=True), 1)
    ]
    await cast.shelve(pool, *shelved)
    return shelved


@rule("LIFE-5", "LIFE-6", "LIFE-7", "LIFE-8", "LIFE-14", "LIFE-18", "TICKET-5")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shelf=st.lists(conversations(), min_size=5, max_size=25),
    lengths=st.tuples(*[st.integers(1, 130)] * 5),
    when=st.integers(0, 14).map(lambda n: NOW + n * 10 * MINUTE),
)
async def test_what_the_database_finds_due_is_what_the_rules_call_due(
    house: House, shelf: list[Conversation], lengths: tuple[int, ...], when: Any
) -> None:
    p = replace(
        USUAL,
        agent_timeout_minutes=lengths[0],
        inactivity_minutes=lengths[1],
        pending_minutes=lengths[2],
        transfer_minutes=lengths[3],
        ring_seconds=lengths[4] * 60,
    )
    since = when - timedelta(minutes=lengths[0])
    shelved = await put_on_shelf(house.pool, shelf)
    async with house.pool.acquire() as connection:
        found = await timers.due(connection, p, when, 1_000)
        found += await timers.aged(connection, when, 1_000)
        overdue = await routing.overdue(connection, since)
    pairs = {(d.timer, d.conversation_id) for d in found}
    pairs |= {("answer", chat.conversation_id) for chat in overdue}
    assert pairs == {(t, c.id) for t in TIMERS for c in shelved if is_due(c, t, p, when)}
    assert bool(overdue) <= await routing.anybody_waits(house.pool, since)
    told = {c.id for c in shelved if c.stuck_at and c.waiting_since and c.stuck_at >= c.waiting_since}
    assert {chat.conversation_id for chat in overdue if chat.told} == told & {
        c for t, c in pairs if t == "answer"
    }


@rule("LIFE-3")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shelf=st.lists(conversations(), max_size=25), owners=st.data())
async def test_the_load_that_routing_counts_is_live_and_ringing_chats_and_never_pending_ones(
    house: House, shelf: list[Conversation], owners: st.DataObject
) -> None:
    team = (ADA, BRUNO, OLGA)
    spread = [
        c._replace(
            owner_id=c.owner_id and owners.draw(st.sampled_from(team)).id,
            offered_to=c.offered_to and owners.draw(st.sampled_from(team)).id,
        )
        for c in shelf
    ]
    shelved = await put_on_shelf(house.pool, spread)
    await house.available(*team)
    async with house.pool.acquire() as connection:
        loads = {w.agent_id: w.chats for w in await routing.workloads(connection, 5, NOW)}
    for person in team:
        live = sum(c.state == "live" and c.owner_id == person.id for c in shelved)
        ringing = sum(c.state == "offered" and c.offered_to == person.id for c in shelved)
        assert loads[person.id] == live + ringing
