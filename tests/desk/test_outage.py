"""PostgreSQL goes away under a desk: senders hear `retry`, repeats succeed, nothing is lost or doubled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from deskbell.desk.batcher import RETRY
from deskbell.domain.commands import StartChat, WriteMessage
from deskbell.domain.errors import Refused
from deskbell.embedded import EmbeddedPostgres
from deskbell.store.changes import Answer
from deskbell.store.migrate import migrate
from tests import cast
from tests.cast import ADA, MARTA, THEO
from tests.desk.house import House, codes, eventually, open_house
from tests.rules import rule

SMALL = {"shared_buffers": "16MB", "max_wal_size": "64MB"}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A PostgreSQL of this test's own, with the cast in it, as durable as the product's."""
    server = EmbeddedPostgres(tmp_path / "postgres", options=SMALL)
    dsn = await asyncio.to_thread(server.start_blocking)
    await migrate(dsn)
    async with asyncpg.create_pool(dsn, min_size=1, max_size=1) as pool:
        await cast.move_in(pool)
    yield server
    await asyncio.to_thread(server.stop_blocking)


async def send_until_answered(house: House, say: WriteMessage, tries: list[str]) -> Answer:
    """What a client does: the same id again until there is an answer."""
    while True:
        try:
            return await house.desk.perform(say)
        except Refused as refused:
            tries.append(refused.code)
            await asyncio.sleep(0.05)


@rule("VISITOR-5", "OPS-2")
async def test_stopped_and_started_again_nothing_is_lost_or_doubled(server: EmbeddedPostgres) -> None:
    async with open_house(server.dsn, whole=True) as house:
        await house.available(ADA)
        number = await house.start(MARTA)
        says = [WriteMessage(number, MARTA, f"id-{n}", f"Message {n}") for n in range(40)]
        tries: list[str] = []
        sent = [asyncio.create_task(send_until_answered(house, say, tries)) for say in says[:20]]
        await asyncio.to_thread(server.stop_blocking)
        sent += [asyncio.create_task(send_until_answered(house, say, tries)) for say in says[20:]]
        await eventually(lambda: heard_retry(tries))
        await asyncio.to_thread(server.start_blocking)
        answers = await asyncio.wait_for(asyncio.gather(*sent), 30)
        assert set(tries) == {"retry"}
        assert len({answer.seq for answer in answers}) == 40
        assert sorted(await house.texts(number)) == sorted(["Hello", *(say.text for say in says)])
        by_seq = {line.entry.seq: line.entry.client_id for line in await house.thread(number)}
        assert [by_seq[answer.seq] for answer in answers] == [say.client_id for say in says]
        assert list(by_seq) == list(range(1, len(by_seq) + 1))


async def heard_retry(tries: list[str]) -> bool:
    return len(tries) >= 20


@rule("LIFE-1")
async def test_routing_and_marks_go_on_after_an_outage(server: EmbeddedPostgres) -> None:
    async with open_house(server.dsn, whole=True) as house:
        await house.available(ADA)
        number = await house.start(MARTA)
        await eventually(lambda: live(house, number))
        await asyncio.to_thread(server.stop_blocking)
        house.desk.marker.note(number, ADA.id, read=2)
        assert codes(await house.together(StartChat(THEO, "id", "web", None, None, "Hi"))) == ["retry"]
        await asyncio.to_thread(server.start_blocking)
        theos = await eventually_started(house)
        await eventually(lambda: live(house, theos), seconds=20)
        await eventually(lambda: read(house, number), seconds=20)


async def live(house: House, number: int) -> bool:
    return (await house.now(number)).state == "live"


async def read(house: House, number: int) -> bool:
    return (await house.now(number)).agent_read == 2


async def eventually_started(house: House) -> int:
    async with asyncio.timeout(60):
        while True:
            with suppress(Refused):
                return (
                    await house.desk.perform(StartChat(THEO, "id", "web", None, None, "Hi"))
                ).conversation_id


async def test_killed_in_the_middle_what_was_acknowledged_is_there_once(server: EmbeddedPostgres) -> None:
    async with open_house(server.dsn) as house:
        number = await house.start(MARTA)
        tries: list[str] = []
        told: dict[str, Answer] = {}

        async def keep_talking(who: int) -> None:
            for n in range(30):
                say = WriteMessage(number, MARTA, f"{who}-{n}", f"{who}-{n}")
                told[say.client_id] = await send_until_answered(house, say, tries)

        talking = asyncio.gather(*(keep_talking(who) for who in range(4)))
        await eventually(lambda: has_told(told, 20))
        server.kill()
        await asyncio.to_thread(server.stop_blocking)
        await asyncio.to_thread(server.start_blocking)
        await asyncio.wait_for(talking, 30)
        stored = {
            line.entry.client_id: line.entry.seq
            for line in await house.thread(number)
            if line.entry.text != "Hello"
        }
        assert stored.pop(None) == 1
        assert stored == {client_id: answer.seq for client_id, answer in told.items()}
        assert sorted(stored.values()) == list(range(3, 123))


async def has_told(told: dict[str, Answer], count: int) -> bool:
    return len(told) >= count


async def test_with_the_database_away_everybody_is_answered_at_once_and_nobody_waits(
    server: EmbeddedPostgres,
) -> None:
    async with open_house(server.dsn) as house:
        number = await house.start(MARTA)
        await asyncio.to_thread(server.stop_blocking)
        says = [WriteMessage(number, MARTA, f"id-{n}", "Text") for n in range(500)]
        outcomes = await asyncio.wait_for(house.together(*says), 5)
        assert set(outcomes) == {RETRY}
        await asyncio.to_thread(server.start_blocking)
