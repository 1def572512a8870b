"""What becomes of what services send: the outsider first, then every way it may come (CHANNEL-2, W3, W4, W5, W11)."""

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from deskbell.domain.commands import BlockCustomer
from tests import cast
from tests.cast import ADA, HOUR, MINUTE, NOW, SUPPORT
from tests.desk.house import fresh_id
from tests.jobs.inbox import (
    MARTA,
    YUSUF,
    Inbox,
    edit,
    open_inbox,
    person,
    reaction,
    revoke,
    said,
    text,
)
from tests.rules import rule

SECOND = timedelta(seconds=1)


@pytest.fixture
async def desk(database: str, pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Inbox]:
    await cast.move_in(pool)
    with capture_logs():  # what fails on purpose is told at length
        async with open_inbox(database, tmp_path) as inbox:
            yield inbox


@rule("CHANNEL-2")
async def test_a_stranger_changes_nothing_about_somebody_elses_message(desk: Inbox) -> None:
    await desk.get(text("Mine"), text("Theirs", by=YUSUF))
    mine = await desk.pool.fetchval("SELECT conversation_id FROM entry WHERE text = 'Mine'")
    strange = [
        reaction("wamid.Mine", by=YUSUF),
        edit("wamid.Mine", "Forged", by=YUSUF),
        revoke("wamid.Mine", by=YUSUF),
    ]
    assert (await desk.get(*strange))[2:] == ["not_theirs"] * 3
    assert await desk.events(mine) == []


@rule("CHANNEL-2", "LIFE-1")
async def test_who_writes_first_is_a_new_customer_with_a_chat_for_the_department_of_the_number(
    desk: Inbox,
) -> None:
    await desk.pool.execute("UPDATE customer SET phone = '+4915550001', name = 'Marta K.' WHERE id = 1")
    await desk.house.available(ADA)
    assert await desk.get(text("Hello"), contacts=[person(MARTA)]) == ["message"]
    await desk.house.route()
    chat = await desk.house.now(await desk.newest())
    assert (chat.channel, chat.kind, chat.state, chat.owner_id) == ("whatsapp", "chat", "live", ADA.id)
    assert chat.department_id == SUPPORT
    assert chat.customer_id not in (cast.MARTA.id, cast.THEO.id)  # a number alone is no proof
    assert await desk.people() == [(MARTA, MARTA, "Marta K.", "+4915550001")]


@rule("LIFE-10", "CHANNEL-2")
async def test_a_further_message_goes_into_the_open_chat_and_revives_a_closed_one(desk: Inbox) -> None:
    await desk.house.available(ADA)
    await desk.get(text("One"))
    await desk.house.route()
    number = await desk.newest()
    await desk.get(text("Two"))
    await desk.house.close(number, ADA)
    desk.clock.advance(30 * HOUR)
    await desk.house.available(ADA)
    await desk.get(text("Three"))
    await desk.house.route()
    assert await desk.newest() == number
    assert await desk.texts() == ["One", "Two", "Three"]
    assert (await desk.house.now(number)).state == "live"


@rule("TICKET-9", "CHANNEL-2")
async def test_an_open_ticket_gets_the_answer_and_an_archived_conversation_a_new_chat(desk: Inbox) -> None:
    await desk.get(text("At night"))
    await desk.house.route()
    ticket = await desk.newest()
    await desk.get(text("And more"))
    assert (await desk.house.now(ticket)).kind == "ticket"
    assert await desk.texts() == ["At night", "And more"]
    await desk.pool.execute(
        "UPDATE conversation SET state = 'archived', closed_at = now() WHERE id = $1", ticket
    )
    assert await desk.get(text("Next year")) == ["message"] * 3
    assert await desk.newest() > ticket
    assert await desk.texts() == ["Next year"]


@rule("CHANNEL-2")
async def test_what_is_worked_on_twice_is_there_once_wherever_it_belongs_by_then(desk: Inbox) -> None:
    await desk.get(text("One"), reaction("wamid.One"), text("Two"))
    before = await desk.house.thread(await desk.newest())
    await desk.pool.execute("DELETE FROM channel_message")
    await desk.pool.execute("UPDATE conversation SET state = 'archived', closed_at = now()")
    await desk.pool.execute(
        "UPDATE arrival SET state = 'new', outcome = '', conversation_id = NULL, due_at = $1", NOW
    )
    await desk.job.work()
    assert await desk.house.thread(await desk.newest()) == before
    assert await desk.pool.fetchval("SELECT count(*) FROM channel_message") == 2
    assert await desk.outcomes() == ["message", "reacted", "message"]


@rule("CHANNEL-2")
async def test_two_nodes_work_on_the_same_ledger_and_nothing_is_doubled(
    desk: Inbox, database: str, tmp_path: Path
) -> None:
    async with open_inbox(database, tmp_path, node="two") as other, desk.pool.acquire() as connection:
        await desk.store_(*[text(f"Line {n}") for n in range(20)])
        await connection.fetchval("SELECT pg_advisory_lock(4022, 21)")
        assert await other.job.work() is None
        await connection.fetchval("SELECT pg_advisory_unlock(4022, 21)")
        assert sorted([await desk.job.work() or 0, await other.job.work() or 0]) == [0, 20]
        assert await desk.texts() == [f"Line {n}" for n in range(20)]


@rule("CHANNEL-2")
async def test_what_fails_keeps_back_its_sender_and_nobody_else_and_is_put_aside_at_last(desk: Inbox) -> None:
    await poison(desk, "Bad")
    await desk.get(text("First"), text("Bad"), text("After"), text("Other", by=YUSUF))
    assert await desk.outcomes() == ["message", "new", "new", "message"]
    desk.clock.advance(3 * SECOND)
    await desk.get(text("Last"))
    assert await desk.outcomes() == ["message", "new", "new", "message", "new"]
    desk.clock.advance(HOUR)
    await desk.job.work()
    desk.clock.advance(HOUR)
    await desk.job.work()
    assert await desk.outcomes() == ["message", "new", "message", "message", "message"]
    for _ in range(6):
        desk.clock.advance(24 * HOUR)
        await desk.job.work()
    assert (await desk.outcomes())[1] == "aside"
    await desk.pool.execute("DROP TRIGGER poison ON entry")
    await desk.pool.execute("UPDATE arrival SET state = 'new', tries = 0, error = '' WHERE state = 'aside'")
    await desk.job.work()
    assert (await desk.outcomes())[1] == "message"
    marta = await desk.pool.fetchval("SELECT conversation_id FROM entry WHERE text = 'First'")
    assert await desk.house.texts(marta) == ["First", "After", "Last", "Bad"]


@rule("CHANNEL-2")
async def test_what_failed_for_a_moment_keeps_its_place(desk: Inbox) -> None:
    await poison(desk, "Two")
    await desk.get(*[text(words) for words in ("One", "Two", "Three")])
    await desk.pool.execute("DROP TRIGGER poison ON entry")
    await desk.get(text("Four"))
    desk.clock.advance(MINUTE)
    await desk.job.work()
    assert await desk.texts() == ["One", "Two", "Three", "Four"]


async def poison(desk: Inbox, words: str) -> None:
    """The database takes no such text."""
    await desk.pool.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poison'; END $$"
    )
    await desk.pool.execute(
        f"CREATE TRIGGER poison BEFORE INSERT ON entry FOR EACH ROW WHEN (NEW.text = '{words}')"
        " EXECUTE FUNCTION refuse()"
    )


@rule("CHANNEL-2")
async def test_what_comes_before_its_message_waits_for_it_and_at_last_no_longer(desk: Inbox) -> None:
    await desk.get(text("Hello"), reaction("wamid.Later"), reaction("wamid.never"))
    assert await desk.outcomes() == ["message", "new", "new"]
    await desk.get(text("Later"))
    desk.clock.advance(MINUTE)
    await desk.job.work()
    assert await desk.outcomes() == ["message", "reacted", "new", "message"]
    assert (await desk.events())[-1] == {"name": "reacted", "seq": 3, "emoji": "+", "by": "customer"}
    for _ in range(10):
        desk.clock.advance(16 * HOUR)
        await desk.job.work()
    assert (await desk.outcomes())[2] == "unknown"


@rule("CHANNEL-2")
async def test_whatever_order_things_come_in_the_end_is_the_same(desk: Inbox) -> None:
    ends = set()
    for seed in range(12):
        dice, phone = random.Random(seed), f"49155{seed:05}"
        first, second = f"wamid.{seed}a", f"wamid.{seed}b"
        things = [
            text("Once", by=phone, id=first),
            text("Twice", by=phone, id=second, at=1),
            edit(first, "Edited", by=phone, at=2),
            edit(first, "Edited again", by=phone, at=3),
            reaction(first, "A", by=phone, at=4),
            reaction(first, "", by=phone, at=5),
            reaction(first, "B", by=phone, at=6),
            revoke(second, by=phone, at=7),
            edit(second, "Too late", by=phone, at=5),
        ] * 2
        dice.shuffle(things)
        while things:
            count = dice.randint(1, 4)
            await desk.get(*things[:count])
            things = things[count:]
        ends.add(await the_end(desk, phone))
    assert len(ends) == 1, ends


async def the_end(desk: Inbox, phone: str) -> tuple[Any, ...]:
    """What a screen shows of somebody's two messages once nothing waits any more."""
    for _ in range(3):
        desk.clock.advance(5 * MINUTE)
        await desk.job.work()
    number = await desk.pool.fetchval(
        "SELECT c.id FROM conversation c JOIN contact USING (customer_id) WHERE phone = $1", phone
    )
    shown: dict[int, dict[str, Any]] = {}
    for line in await desk.house.thread(number):
        entry, data = line.entry, line.entry.data or {}
        if entry.kind == "message":
            shown[entry.seq] = {"was": entry.text, "text": entry.text}
        elif data.get("name") == "edited":
            shown[int(data["seq"])]["text"] = data["text"]
        elif data.get("name") == "reacted":
            shown[int(data["seq"])]["emoji"] = data["emoji"]
        elif data.get("name") == "withdrawn":
            shown[int(data["seq"])] = {"was": shown[int(data["seq"])]["was"], "withdrawn": True}
    return tuple(tuple(sorted(one.items())) for one in sorted(shown.values(), key=lambda one: one["was"]))


@rule("LIFE-11", "CHANNEL-2")
async def test_the_window_opens_with_the_messages_own_time_and_only_forward(desk: Inbox) -> None:
    async def opened() -> timedelta:
        at = await desk.pool.fetchval("SELECT last_in_at FROM contact")
        return at - NOW  # type: ignore[no-any-return]

    await desk.get(text("One", at=-3600))
    assert await opened() == -HOUR
    await desk.get(text("Of the future", at=9 * 3600))
    assert await opened() == timedelta()
    await desk.get(text("Late", at=-1800))
    assert await opened() == timedelta()
    desk.clock.advance(HOUR)
    await desk.get(reaction("wamid.One", at=3600))
    assert await opened() == timedelta()
    await desk.get(said(id="wamid.no-time", timestamp="soon", text={"body": "x"}))
    assert await opened() == HOUR


@rule("CHANNEL-2", "CHAT-12")
async def test_an_answer_quotes_its_message_if_that_is_in_the_same_conversation(desk: Inbox) -> None:
    await desk.get(text("First"), text("Yusufs", by=YUSUF))
    answers = [text(f"To {of}", context={"id": f"wamid.{of}"}) for of in ("First", "Yusufs", "nothing")]
    assert (await desk.get(*answers))[2:] == ["message"] * 3
    marta = await desk.pool.fetchval("SELECT conversation_id FROM entry WHERE text = 'First'")
    lines = [line.entry for line in await desk.house.thread(marta) if line.entry.kind == "message"]
    assert [(line.data or {}).get("quote", {}).get("text") for line in lines] == [None, "First", None, None]


async def test_a_text_longer_than_an_entry_is_several_and_nothing_of_it_is_lost(desk: Inbox) -> None:
    words = " ".join(f"word{n}" for n in range(5_000))
    await desk.get(text(words, id="wamid.long"))
    texts = await desk.texts()
    assert len(texts) > 1
    assert " ".join(texts) == words
    await desk.pool.execute("UPDATE arrival SET state = 'new', due_at = $1", NOW)
    await desk.job.work()
    assert await desk.texts() == texts


@rule("BLOCK-3", "CHANNEL-2")
async def test_a_blocked_customer_reaches_nobody(desk: Inbox) -> None:
    await desk.house.available(ADA)
    await desk.get(text("Hello"))
    await desk.house.route()
    number = await desk.newest()
    await desk.house.desk.perform(BlockCustomer(number, ADA, fresh_id(), "rude"))
    assert await desk.get(text("More"), reaction("wamid.Hello")) == ["message", "blocked", "blocked"]
    assert (await desk.newest(), await desk.texts()) == (number, ["Hello"])


@rule("LIFE-12", "CHANNEL-2")
async def test_the_words_to_end_and_to_opt_out_work_and_writing_first_opts_in_again(desk: Inbox) -> None:
    await desk.house.available(ADA)
    await desk.get(text("Hello"), text("//end"))
    number = await desk.newest()
    assert (await desk.house.now(number)).closed_by == "customer"
    await desk.get(text("Again"), text("//stop"))
    assert (await desk.newest(), (await desk.house.now(number)).state) == (number, "closed")
    assert await desk.pool.fetchval("SELECT opted_out FROM customer ORDER BY id DESC LIMIT 1")
    await desk.get(text("I am back"))
    assert not await desk.pool.fetchval("SELECT opted_out FROM customer ORDER BY id DESC LIMIT 1")


async def test_statuses_of_messages_that_are_not_ours_wait_and_are_given_up(desk: Inbox) -> None:
    status = {"id": "wamid.others", "status": "read", "timestamp": "1772442000"}
    assert await desk.get(statuses=[status]) == ["new"]
    for _ in range(10):
        desk.clock.advance(16 * HOUR)
        await desk.job.work()
    assert await desk.outcomes() == ["unknown"]


async def test_what_is_done_is_forgotten_after_two_weeks_and_what_is_not_stays(desk: Inbox) -> None:
    await poison(desk, "Bad")
    await desk.get(text("Good"), text("Bad", by=YUSUF))
    desk.clock.advance(timedelta(days=13))
    await desk.job.forget()
    assert len(await desk.outcomes()) == 2
    desk.clock.advance(timedelta(days=2))
    await desk.job.forget()
    assert await desk.outcomes() == ["new"]


async def test_what_nobody_can_have_sent_is_settled_without_a_trace(desk: Inbox) -> None:
    nobody = {"id": "wamid.n", "timestamp": "1", "type": "text", "text": {"body": "x"}}
    assert await desk.get(nobody) == ["nobody"]
    assert await desk.pool.fetchval("SELECT count(*) FROM contact") == 0


async def test_news_about_the_account_is_passed_on(desk: Inbox) -> None:
    assert await desk.get(errors=[{"code": 130429, "title": "Rate limit hit"}]) == ["news"]
    assert desk.news == [(desk.account, "errors")]
