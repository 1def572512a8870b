"""Comments on a real database: who is told, who may not see, and that their texts are gone at close (TEAM-1..5)."""

from io import BytesIO

import asyncpg
import pytest

from deskbell.domain.commands import AddComment, AssignTo, CloseConversation, WriteMessage
from deskbell.domain.people import SYSTEM
from deskbell.kit.clock import FixedClock
from deskbell.store import conversations
from tests.cast import ADA, BRUNO, HOUR, MARTA, OLGA, SVEN
from tests.desk.house import House, codes, fresh_id
from tests.rules import rule

SECRET = "zanzibar"
TABLES = """
SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"""


async def dumped(pool: asyncpg.Pool) -> dict[str, bytes]:
    """Every table as a dump of it holds it."""
    dumps = {}
    async with pool.acquire() as connection:
        for row in await connection.fetch(TABLES):
            out = BytesIO()
            await connection.copy_from_table(row[0], output=out)
            dumps[row[0]] = out.getvalue()
    return dumps


async def holding(house: House, word: str) -> set[str]:
    """The tables in whose dump a word stands."""
    await house.desk.indexer.sweep()
    return {table for table, dump in (await dumped(house.pool)).items() if word.encode() in dump.lower()}


async def commented(house: House) -> int:
    number = await house.live()
    await house.available(ADA, BRUNO, OLGA, SVEN)
    await house.desk.perform(AddComment(number, ADA, fresh_id(), f"Between us: {SECRET}", (OLGA.id,)))
    return number


@rule("TEAM-5")
@pytest.mark.parametrize("closing", ["by hand", "by the customer's word", "by the clock", "in one moment"])
async def test_at_close_the_texts_are_gone_from_every_table_and_the_count_stays(
    house: House, clock: FixedClock, closing: str
) -> None:
    number = await commented(house)
    await house.write(number, ADA, "An ordinary word")
    assert await holding(house, SECRET) == {"entry"}
    if closing == "by hand":
        await house.close(number, ADA)
    elif closing == "by the customer's word":
        await house.write(number, MARTA, "//end")
    elif closing == "by the clock":
        clock.advance(2 * HOUR)
        await house.desk.timekeeper.sweep()
    else:
        last = AddComment(number, SVEN, fresh_id(), f"Again {SECRET}")
        await house.together(last, CloseConversation(number, SYSTEM, None))
    assert (await house.now(number)).state == "closed"
    assert await holding(house, SECRET) == set()
    assert "entry" in await holding(house, "an ordinary word")
    assert (await house.now(number)).comments == (2 if closing == "in one moment" else 1)
    comments = await conversations.comments(house.pool, number, 10)
    assert {(line.entry.text, line.entry.html, line.entry.data) for line in comments} == {("", None, None)}


@rule("TEAM-5")
async def test_a_comment_is_never_pushed_to_the_customer_nor_read_by_them(house: House, other: House) -> None:
    number = await commented(house)
    ears = [place.ear(MARTA, number) for place in (house, other)]
    await house.desk.perform(AddComment(number, ADA, fresh_id(), SECRET))
    await house.write(number, ADA, "How can I help?")
    assert [frame["e"]["text"] for frame in ears[0].heard("entry")] == ["How can I help?"]
    assert SECRET not in str([ear.heard() for ear in ears])
    resumed = await house.desk.reader.resume(MARTA, number, 0)
    assert SECRET not in str(resumed)


@rule("TEAM-3", "TEAM-4")
async def test_who_is_tagged_is_told_sees_the_thread_at_once_and_until_it_closes(house: House) -> None:
    olga = house.ear(OLGA)
    number = await commented(house)
    await house.write(number, MARTA, "Are you there?")
    assert olga.heard("entry")[0]["s"]["mentioned"] == [OLGA.id]
    assert olga.heard("entry")[-1]["e"]["text"] == "Are you there?"
    assert (
        await house.pool.fetchval("SELECT kind FROM notification WHERE staff_id = $1", OLGA.id) == "mention"
    )
    await house.close(number, ADA)
    assert olga.heard("entry")[-1]["s"].get("mentioned", []) == []
    await house.write(number, MARTA, "Once more")
    assert olga.heard("entry")[-1]["e"]["text"] == "Closed by Ada: by hand"
    assert codes(await house.together(AddComment(number, OLGA, fresh_id(), "Hm"))) == ["forbidden"]


@rule("TEAM-4")
async def test_who_is_tagged_comments_but_cannot_write_to_the_customer(house: House) -> None:
    number = await commented(house)
    outcomes = await house.together(
        AddComment(number, OLGA, fresh_id(), "Here is how"),
        WriteMessage(number, OLGA, fresh_id(), "Hello"),
        AddComment(number, BRUNO, fresh_id(), "Not mine"),
    )
    assert codes(outcomes) == ["ok", "forbidden", "not_found"]
    assert (await house.now(number)).comments == 2


@rule("TEAM-2")
async def test_nobody_who_is_offline_is_tagged(house: House) -> None:
    number = await house.live()
    outcomes = await house.together(AddComment(number, ADA, fresh_id(), "Look", (OLGA.id,)))
    assert codes(outcomes) == ["unavailable"]
    assert (await house.now(number)).mentioned == ()


@rule("TEAM-3", "TEAM-6")
async def test_a_notification_is_saved_with_the_comment_or_not_at_all(house: House) -> None:
    number = await house.live()
    await house.available(ADA, OLGA)
    await house.pool.execute("ALTER TABLE notification ADD CHECK (kind <> 'mention') NOT VALID")
    (outcome,) = await house.together(AddComment(number, ADA, "same", SECRET, (OLGA.id,)))
    assert codes([outcome]) == ["internal"]
    assert (await house.now(number)).comments == 0
    await house.pool.execute("ALTER TABLE notification DROP CONSTRAINT notification_kind_check")
    assert codes(await house.together(*[AddComment(number, ADA, "same", SECRET, (OLGA.id,))] * 2)) == [
        "ok",
        "again",
    ]
    assert await house.pool.fetchval("SELECT count(*) FROM notification") == 1


@rule("TEAM-5")
async def test_a_comment_after_the_revival_stays_when_all_of_it_happens_in_one_moment(house: House) -> None:
    number = await commented(house)
    outcomes = await house.together(
        CloseConversation(number, ADA, fresh_id()),
        WriteMessage(number, MARTA, fresh_id(), "One more thing"),
        AssignTo(number, SVEN, fresh_id(), ADA.id),
        AddComment(number, ADA, fresh_id(), "Quagga"),
    )
    assert codes(outcomes) == ["ok"] * 4
    assert await holding(house, SECRET) == set()
    assert await holding(house, "quagga") == {"entry"}
