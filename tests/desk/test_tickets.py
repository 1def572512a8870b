"""Tickets on a real database: merged, superseded, archived (TICKET-1, 5, 7)."""

from datetime import timedelta
from typing import Any

import pytest

from deskbell.domain.commands import (
    AnswerOffer,
    AssignTo,
    CloseConversation,
    StartChat,
    TimeIsUp,
    TurnIntoTicket,
    WriteMessage,
)
from deskbell.domain.people import SYSTEM
from deskbell.kit.clock import FixedClock
from deskbell.store import conversations, files, preferences
from tests.cast import ADA, BRUNO, MARTA, MINUTE, NOW, STAFF, SUPPORT, SVEN, crowd
from tests.desk.house import House, codes, fresh_id
from tests.rules import rule

MONDAYS = {"zone": "UTC", "weekly": [[["09:00", "17:00"]], [], [], [], [], [], []], "holidays": []}


async def picture(house: House) -> str:
    file = files.StoredFile("f" * 32, "customer", MARTA.id, None, "a.png", 9, "image/png", 1, 1, True, NOW)
    await files.add(house.pool, file)
    return file.id


async def again(house: House, *texts: str, file: str | None = None) -> int:
    """Marta tries once more: a chat that nobody has looked at yet."""
    number = await house.start(MARTA, texts[0])
    for text in texts[1:]:
        await house.write(number, MARTA, text)
    if file:
        await house.desk.perform(WriteMessage(number, MARTA, fresh_id(), "", None, (file,)))
    return number


@rule("TICKET-7")
async def test_a_further_attempt_is_merged_with_its_messages_and_files(house: House) -> None:
    ticket = await house.ticket()
    number = await again(house, "Hello?", "Anybody?", file=await picture(house))
    ear = house.ear(MARTA, number)
    await house.route()
    chat, merged = await house.now(number), await house.now(ticket)
    assert (chat.state, chat.linked_to, merged.state) == ("closed", ticket, "unassigned")
    assert await house.texts(ticket) == ["Hello", "Hello?", "Anybody?", ""]
    stored = await files.get(house.pool, "f" * 32)
    assert stored is not None
    assert stored.conversation_id == ticket
    assert ear.heard("entry")[-1]["view"]["merged_into"] == ticket


@rule("TICKET-7")
async def test_what_the_customer_writes_in_the_moment_of_merging_is_not_left_behind(house: House) -> None:
    ticket = await house.ticket()
    number = await again(house, "Hello?")
    outcomes = await house.together(
        WriteMessage(number, MARTA, fresh_id(), "Wait!"), TurnIntoTicket(number, "nobody", SYSTEM)
    )
    assert codes(outcomes) == ["ok", "ok"]
    assert await house.texts(ticket) == ["Hello", "Hello?", "Wait!"]


@rule("TICKET-7")
async def test_a_chat_that_comes_back_and_is_merged_again_brings_only_what_is_new(
    house: House, clock: FixedClock
) -> None:
    ticket = await house.ticket()
    number = await again(house, "First")
    await house.route()
    clock.advance(MINUTE)
    await house.write(number, MARTA, "Second")
    await house.route()
    assert await house.texts(ticket) == ["Hello", "First", "Second"]
    assert (await house.now(number)).state == "closed"


@rule("TICKET-7")
@pytest.mark.parametrize("later", [False, True])
async def test_a_customer_who_begins_anew_in_the_moment_of_conversion_has_a_chat_and_a_ticket(
    house: House, later: bool
) -> None:
    number = await house.start(MARTA)
    if house.desk.batcher.lane(number) is not house.desk.batcher.lane(MARTA.id):
        await house.close(number, MARTA)
        number = await house.start(MARTA)
    orders: list[Any] = [
        TurnIntoTicket(number, "nobody", SYSTEM),
        StartChat(MARTA, fresh_id(), "web", None, None, "And another thing"),
    ]
    outcomes = await house.together(*(orders if later else orders[::-1]))
    assert codes(outcomes) == ["ok", "ok"]
    assert (await house.now(number)).state == "unassigned"


@rule("TICKET-7")
async def test_a_customer_who_ends_and_begins_in_one_moment_has_a_new_chat(house: House) -> None:
    number = await house.start(MARTA)
    if house.desk.batcher.lane(number) is not house.desk.batcher.lane(MARTA.id):
        await house.close(number, MARTA)
        number = await house.start(MARTA)
    outcomes = await house.together(
        WriteMessage(number, MARTA, fresh_id(), "//end"),
        StartChat(MARTA, fresh_id(), "web", None, None, "And another thing"),
    )
    assert codes(outcomes) == ["ok", "ok"]
    assert (await house.now(number)).state == "closed"


@rule("TICKET-7")
async def test_connected_to_an_agent_the_customers_ticket_is_closed_and_points_to_the_chat(
    house: House,
) -> None:
    ticket = await house.ticket()
    number = await house.live(MARTA, ADA)
    c = await house.now(ticket)
    assert (c.state, c.closed_by, c.linked_to) == ("closed", "system", number)
    assert (await house.thread(number))[-1].entry.text.startswith(f"The earlier ticket #{ticket}")


@rule("TICKET-7")
async def test_a_superseded_ticket_that_the_customer_answers_returns_beside_no_other(house: House) -> None:
    first = await house.ticket()
    chat = await house.live(MARTA, ADA)
    await house.close(chat, ADA)
    second = await house.ticket()
    await house.write(first, MARTA, "About the first thing")
    open_ones = await house.pool.fetch(
        "SELECT id, converted FROM conversation WHERE kind = 'ticket' AND state = 'unassigned' ORDER BY id"
    )
    assert [tuple(row) for row in open_ones] == [(first, False), (second, True)]


@rule("TICKET-1", "LIFE-1")
async def test_outside_business_hours_a_chat_becomes_a_ticket_though_somebody_is_there(
    house: House, clock: FixedClock
) -> None:
    await preferences.save(house.pool, {"hours": MONDAYS}, None)
    await house.desk.directory.refresh()
    assert (await house.now(await house.live())).state == "live"
    clock.advance(timedelta(hours=8))
    await house.available(ADA)
    (customer,) = await crowd(house.pool, 1)
    number = await house.start(customer)
    await house.route()
    assert (await house.now(number)).state == "unassigned"
    assert (await house.thread(number))[-1].entry.text == "Became a ticket: outside business hours"


@rule("LIFE-1", "LIFE-4")
async def test_who_waits_when_the_hours_end_is_still_served_and_left_a_ticket_when_the_last_agent_goes(
    house: House, clock: FixedClock
) -> None:
    await preferences.save(house.pool, {"hours": MONDAYS, "max_chats": 1}, None)
    await house.desk.directory.refresh()
    first = await house.live(MARTA, ADA)
    one, two = [await house.start(customer) for customer in await crowd(house.pool, 2)]
    await house.route()
    clock.advance(timedelta(hours=8))
    await house.available(ADA)
    await house.close(first, ADA)
    await house.route()
    assert [(await house.now(n)).state for n in (one, two)] == ["live", "queued"]
    await house.unavailable(ADA)
    await house.route()
    assert (await house.now(two)).state == "unassigned"


@rule("TICKET-1")
async def test_a_department_may_have_hours_of_its_own(house: House, clock: FixedClock) -> None:
    await house.pool.execute("UPDATE department SET hours = $2 WHERE id = $1", SUPPORT, MONDAYS)
    await house.desk.directory.refresh()
    clock.advance(timedelta(days=1))
    await house.available(ADA)
    one, two = await crowd(house.pool, 2)
    closed, opened = await house.start(one, department=SUPPORT), await house.start(two)
    await house.route()
    assert [(await house.now(n)).state for n in (closed, opened)] == ["unassigned", "live"]


@rule("TICKET-5")
async def test_90_days_after_it_became_one_a_ticket_is_archived_and_only_read(
    house: House, clock: FixedClock
) -> None:
    number = await house.live()
    await house.close(number, ADA)
    clock.advance(timedelta(days=50))
    await house.unavailable(*STAFF)
    await house.write(number, MARTA, "Again")
    await house.route()
    clock.advance(timedelta(days=90) - MINUTE)
    await house.desk.timekeeper.archive()
    assert (await house.now(number)).state == "unassigned"
    clock.advance(MINUTE)
    await house.desk.timekeeper.archive()
    assert (await house.now(number)).state == "archived"
    assert (await house.thread(number))[-1].entry.text == "Archived after 90 days"
    late = (WriteMessage(number, MARTA, fresh_id(), "Hm"), CloseConversation(number, SVEN, fresh_id()))
    assert codes(await house.together(*late)) == ["closed", "closed"]


@rule("TICKET-5", "TICKET-7")
async def test_a_customer_whose_ticket_is_archived_is_shown_what_can_be_written_in(
    house: House, clock: FixedClock
) -> None:
    ticket = await house.ticket()
    assert await conversations.current_of(house.pool, MARTA.id) == ticket
    (theo,) = await crowd(house.pool, 1)
    merged_into = await house.ticket(theo)
    merged = await house.start(theo)
    await house.route()
    assert await conversations.current_of(house.pool, theo.id) == merged_into
    clock.advance(timedelta(days=90))
    await house.desk.timekeeper.archive()
    assert await conversations.current_of(house.pool, MARTA.id) is None
    assert await conversations.current_of(house.pool, theo.id) == merged
    await house.write(merged, theo, "Still there?")


@rule("TICKET-6")
async def test_supervisors_assign_and_reassign_tickets(house: House) -> None:
    number = await house.ticket()
    for who in (ADA, BRUNO):
        await house.desk.perform(AssignTo(number, SVEN, fresh_id(), who.id))
        assert (await house.now(number)).owner_id == who.id


@rule("LIFE-7", "TICKET-7")
async def test_waiting_too_long_beside_an_open_ticket_is_merged_by_the_clock(
    house: House, clock: FixedClock
) -> None:
    ticket = await house.ticket()
    await house.pool.execute("UPDATE staff SET max_chats = 1")
    (other,) = await crowd(house.pool, 1)
    await house.live(other, ADA)
    number = await again(house, "Still there?")
    await house.route()
    clock.advance(120 * MINUTE)
    await house.desk.timekeeper.sweep()
    assert codes(await house.together(TimeIsUp(number, "queue", SYSTEM))) == ["closed"]
    assert (await house.now(number)).linked_to == ticket
    assert await house.texts(ticket) == ["Hello", "Still there?"]


@rule("LIFE-2")
async def test_a_chat_that_came_in_time_goes_on_ringing_though_the_hours_are_over_meanwhile(
    house: House, clock: FixedClock
) -> None:
    values = {"hours": MONDAYS, "distribution": "offer"}
    await preferences.save(house.pool, values, None)
    await house.desk.directory.refresh()
    clock.advance(timedelta(hours=8) - MINUTE)
    await house.available(ADA)
    number = await house.start(MARTA)
    await house.route()
    clock.advance(MINUTE)
    await house.available(BRUNO)
    await house.desk.perform(AnswerOffer(number, ADA, fresh_id(), False))
    await house.route()
    assert (await house.now(number)).offered_to == BRUNO.id


@rule("LIFE-1", "LIFE-4", "LIFE-18")
async def test_who_was_told_to_wait_is_answered_though_the_hours_are_over_meanwhile(
    house: House, clock: FixedClock
) -> None:
    await preferences.save(house.pool, {"max_chats": 1}, None)
    await house.desk.directory.refresh()
    first = await house.live()
    (customer,) = await crowd(house.pool, 1)
    number = await house.start(customer)
    await house.route()
    holiday = {"date": clock.now().date().isoformat(), "name": "Feast", "intervals": []}
    await preferences.save(house.pool, {"hours": MONDAYS | {"holidays": [holiday]}}, None)
    await house.desk.directory.refresh()
    await house.close(first, ADA)
    await house.route()
    assert (await house.now(number)).owner_id == ADA.id
