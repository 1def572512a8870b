"""Two nodes on one database are one desk: what one commits, the other's sockets hear, in order (OPS-2)."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from deskbell.domain.commands import WriteMessage
from deskbell.kit.clock import FixedClock
from deskbell.kit.postgres import connect
from deskbell.realtime.bus import CHANNEL
from deskbell.realtime.publication import NOTICE_BYTES, decode_notice
from deskbell.store import preferences
from tests.cast import ADA, BRUNO, MARTA, OLGA, SVEN, THEO
from tests.desk.house import House, eventually, fresh_id, open_house
from tests.fakes import Ear
from tests.rules import rule


@pytest.fixture
async def whole(cast_database: str, clock: FixedClock) -> AsyncIterator[House]:
    """A node that does everything by itself."""
    async with open_house(cast_database, clock=clock, whole=True) as house:
        await house.desk.arrive()
        yield house


@pytest.fixture
async def second(cast_database: str, clock: FixedClock, whole: House) -> AsyncIterator[House]:
    """Another, that both know of each other."""
    async with open_house(cast_database, clock=clock, node="two", whole=True) as other:
        await other.desk.arrive()
        await eventually(lambda: both_listen(other.pool))
        yield other


async def both_listen(pool: asyncpg.Pool) -> bool:
    """Both listeners are there, so that nothing committed from now on is missed."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
    )
    return bool(await pool.fetchval(query) >= 2)


async def heard(ear: Ear, number: int, seq: int) -> None:
    """Wait until a socket has heard up to this number."""

    async def check() -> bool:
        return seq in ear.numbers(number)

    await eventually(check)


async def live(house: House) -> int:
    await house.available(ADA)
    number = await house.start(MARTA)

    async def given() -> bool:
        return (await house.now(number)).state == "live"

    await eventually(given)
    return number


@rule("OPS-2")
async def test_what_one_node_commits_the_sockets_of_the_other_hear_and_no_stranger_does(
    whole: House, second: House
) -> None:
    number = await live(whole)
    outsider, stranger = second.ear(OLGA), second.ear(THEO)
    customer, owner, supervisor = second.ear(MARTA, number), second.ear(ADA), second.ear(SVEN, number)
    reply = await whole.write(number, ADA, "How can I help?")
    for ear in (customer, owner, supervisor):
        await heard(ear, number, reply.seq)
    assert customer.heard("entry")[-1]["e"]["text"] == "How can I help?"
    assert outsider.heard("entry", "row") == stranger.heard("entry") == []


@rule("OPS-2")
@pytest.mark.parametrize("length", [1_000, 9_900])
async def test_messages_too_long_for_a_notice_arrive_as_well(
    whole: House, second: House, length: int
) -> None:
    number = await live(whole)
    ear = second.ear(MARTA, number)
    text = "ü" * length
    reply = await whole.write(number, ADA, text)
    await heard(ear, number, reply.seq)
    assert ear.heard("entry")[-1]["e"]["text"] == text


@rule("OPS-2")
async def test_long_and_short_from_both_nodes_arrive_once_and_in_order_everywhere(
    whole: House, second: House
) -> None:
    number = await live(whole)
    ears = [house.ear(who, number) for house in (whole, second) for who in (MARTA, SVEN)]
    head = (await whole.now(number)).last_seq
    for _ in range(6):
        await asyncio.gather(
            *(
                house.desk.perform(WriteMessage(number, who, fresh_id(), "x" * length))
                for house, who in ((whole, MARTA), (second, ADA))
                for length in (10, 9_000, 10, 4_000)
            )
        )
    last = (await whole.now(number)).last_seq
    for ear in ears:
        await heard(ear, number, last)
        # News of what was there before may be on its way to a node still when an ear is put up.
        assert [n for n in ear.numbers(number) if n > head] == list(range(head + 1, last + 1))


@rule("OPS-2")
async def test_former_owners_lists_on_another_node_hear_of_a_chat_that_left_by_a_long_message(
    whole: House, second: House
) -> None:
    number = await live(whole)
    await whole.close(number, MARTA)
    await whole.unavailable(ADA)
    await whole.available(BRUNO)
    ear = second.ear(ADA)
    back = await whole.write(number, MARTA, "x" * 9_000)
    await heard(ear, number, back.seq)
    assert ear.heard("entry")[-1]["s"].get("owner") != ADA.id


@rule("OPS-2")
async def test_typing_marks_and_changed_preferences_reach_the_other_node(whole: House, second: House) -> None:
    number = await live(whole)
    customer, console = second.ear(MARTA, number), second.ear(ADA)
    whole.desk.type(number, "agent", "Ada", True, ADA.id)
    whole.desk.marker.note(number, ADA.id, read=2)
    await eventually(lambda: has(customer, "typing", "marks"))
    await eventually(lambda: has(console, "seen", "marks"))
    await preferences.save(whole.pool, {"max_chats": 1}, None)
    await whole.desk.changed("preferences")
    await eventually(lambda: has(console, "changed"))

    async def refreshed() -> bool:
        return second.desk.directory.preferences.max_chats == 1

    await eventually(refreshed)


async def has(ear: Ear, *kinds: str) -> bool:
    return set(kinds) <= {frame["t"] for frame in ear.heard()}


@rule("OPS-2")
async def test_news_missed_while_a_node_could_not_listen_is_read_when_it_can_again(
    whole: House, second: House
) -> None:
    number = await live(whole)
    ear = second.ear(MARTA, number)
    first = await whole.write(number, ADA)
    await heard(ear, number, first.seq)
    await cut_listeners(whole.pool)
    missed = [await whole.write(number, ADA) for _ in range(3)]
    await heard(ear, number, missed[-1].seq)
    numbers = [n for n in ear.numbers(number) if n >= first.seq]  # what came before may only be arriving
    assert numbers == [first.seq, *(answer.seq for answer in missed)]


async def cut_listeners(pool: asyncpg.Pool) -> None:
    await pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND query LIKE 'LISTEN%'"
    )


@rule("OPS-2")
async def test_a_node_that_dies_takes_nothing_with_it(
    cast_database: str, clock: FixedClock, whole: House
) -> None:
    async with open_house(cast_database, clock=clock, node="two", whole=True) as other:
        number = await live(other)
        said = [await other.write(number, ADA, f"{n}") for n in range(5)]
    assert [line.entry.seq for line in await whole.thread(number)] == list(range(1, said[-1].seq + 1))
    repeated = await whole.desk.perform(WriteMessage(number, MARTA, "new", "Go on"))
    assert repeated.seq == said[-1].seq + 1


async def test_a_notice_never_exceeds_what_postgres_takes(whole: House, second: House) -> None:
    number = await live(whole)
    payloads: list[str] = []
    listener = await connect(whole.dsn)
    await listener.add_listener(CHANNEL, lambda *args: payloads.append(str(args[3])))
    ear = second.ear(SVEN, number)
    texts = ["x" * length for length in range(6_000, 8_000, 200)]
    answers = await asyncio.gather(*(whole.write(number, MARTA, text) for text in texts))
    await heard(ear, number, max(answer.seq for answer in answers))
    await listener.close()
    assert payloads
    assert all(len(payload.encode()) <= NOTICE_BYTES and decode_notice(payload) for payload in payloads)
