"""PostgreSQL goes away under a running node, and comes back: nobody is cut off, nothing is lost or doubled."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import pytest

from deskbell.embedded import EmbeddedPostgres
from deskbell.store.migrate import migrate
from tests.doors import phones
from tests.doors.house import House, live_chat
from tests.rules import rule


@pytest.fixture
async def own_postgres(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    postgres = EmbeddedPostgres(tmp_path / "postgres")
    await postgres.start()
    yield postgres
    await postgres.stop()


@rule("CHAT-13", "CHANNEL-2")
async def test_who_writes_meanwhile_is_told_to_try_again_and_it_is_stored_once(
    own_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    await migrate(own_postgres.dsn)
    async with (
        asyncpg.create_pool(own_postgres.dsn, min_size=1, max_size=4) as pool,
        AsyncExitStack() as stack,
    ):
        house = House(pool, own_postgres.dsn, tmp_path, stack)
        await house.site()
        door = await house.open()
        chat = await live_chat(house)
        await phones.account(house)
        webhook = phones.webhook(phones.message("By webhook"))
        await own_postgres.stop()
        assert (await phones.post(door, webhook)).status_code == 503  # so that the service sends it again
        for n, socket in enumerate((chat.marta, chat.ada)):
            nack = await socket.ask("send", id=f"away-{n}", c=chat.c, text=f"Away {n}")
            assert (nack["t"], nack["code"], nack["retry"] > 0) == ("nack", "retry", True)
        http = chat.visitor.http()
        refused = await http.post("/api/widget/messages", json={"id": "h", "c": chat.c, "text": "Hi"})
        assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (503, True)
        async with door.client() as stranger:
            assert (await stranger.get("/health")).status_code == 200
            assert (await stranger.get("/ready")).status_code == 503
        await chat.marta.say("watch", c=chat.c, since=0)
        assert (await chat.marta.hear("error", c=chat.c))["code"] == "retry"
        await own_postgres.start()
        assert (await phones.post(door, webhook)).status_code == 200
        for n, socket in enumerate((chat.marta, chat.ada)):
            answer = await socket.ask("send", id=f"away-{n}", c=chat.c, text=f"Away {n}")
            while answer["t"] == "nack":
                answer = await socket.ask("send", id=f"away-{n}", c=chat.c, text=f"Away {n}")
            assert await socket.entry(f"Away {n}")
        assert await chat.marta.quiet("bye") == []
        stored = await pool.fetch("SELECT seq, client_id FROM entry WHERE text LIKE 'Away%' ORDER BY seq")
        assert [row["client_id"] for row in stored] == ["away-0", "away-1"]
        assert stored[1]["seq"] == stored[0]["seq"] + 1
