"""Real server processes that are killed or asked to stop in the middle of a conversation (OPS-2)."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from tests.desk.house import eventually
from tests.doors import phones
from tests.doors.house import House, Place
from tests.rules import rule


@asynccontextmanager
async def process(house: House, name: str) -> AsyncIterator[tuple[Place, asyncio.subprocess.Process]]:
    """`deskbell serve` on the house's database, once it is ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "PORT": str(port),
        "DATABASE_URL": house.database,
        "DATA": str(house.folder / name),
        "SECRET": "s" * 32,
        "WHATSAPP_API": "https://graph.invalid",
    }
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "deskbell",
        "serve",
        env={**os.environ, **settings},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    place = Place(port)
    try:
        async with asyncio.timeout(60), place.client() as http:
            while True:
                try:
                    if (await http.get("/ready")).status_code == 200:
                        break
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
        yield place, running
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


@rule("OPS-2", "VISITOR-5")
async def test_a_killed_node_loses_nothing_and_a_stopped_one_says_goodbye(house: House) -> None:
    async with process(house, "a") as (one, first), process(house, "b") as (two, second):
        agent = await house.hire("Ada")
        ada = await agent.console(two)
        visitor = await house.visitor(one)
        marta = await visitor.widget(one)
        c = (await visitor.start(marta))["c"]
        await ada.event("assigned")
        for n in range(8):
            await marta.say("send", id=f"m{n}", c=c, text=f"Line {n}")
        last = await marta.hear("ack", id="m3")
        first.send_signal(signal.SIGKILL)
        await first.wait()
        back = await visitor.widget(two, have={str(c): last["seq"]})
        for n in range(8):
            answer = await back.ask("send", id=f"m{n}", c=c, text=f"Line {n}")
            assert answer["t"] == "ack"
        resumed = [entry["seq"] for entry in (await back.hear("resumed"))["entries"]]
        assert resumed == list(range(last["seq"] + 1, last["seq"] + 1 + len(resumed)))
        assert [(await ada.entry(f"Line {n}"))["c"] for n in range(8)] == [c] * 8
        stored = await house.pool.fetch(
            "SELECT client_id FROM entry WHERE text LIKE 'Line%' AND conversation_id = $1 ORDER BY seq", c
        )
        assert [row["client_id"] for row in stored] == [f"m{n}" for n in range(8)]
        await ada.say("send", id="bye", c=c, text="One moment")
        second.send_signal(signal.SIGTERM)
        assert (await ada.bye())["code"] == (await back.bye())["code"] == 4013
        async with asyncio.timeout(60):
            assert await second.wait() == 0
        acked = any(frame["t"] == "ack" and frame["id"] == "bye" for frame in ada.all)
        kept = await house.pool.fetchval("SELECT count(*) FROM entry WHERE text = 'One moment'")
        assert kept == 1 or not acked


@rule("CHANNEL-2", "OPS-2")
async def test_what_was_stored_when_a_node_is_killed_is_worked_on_once_and_in_order_by_the_next(
    house: House,
) -> None:
    await phones.account(house)
    said = [phones.message(f"Line {n}", by=f"49155500{n % 5}") for n in range(60)]
    bodies = [phones.webhook(one) for one in said]
    async with process(house, "a") as (one, first), house.pool.acquire() as connection:
        await connection.execute(
            "SELECT pg_advisory_lock(4022, 21)"
        )  # from here on it is stored, and nothing more
        for body in bodies[:40]:
            assert (await phones.post(one, body)).status_code == 200
        await connection.execute("SELECT pg_advisory_unlock(4022, 21)")
        await eventually(lambda: counts(house, "SELECT count(*) >= 3 FROM entry WHERE text LIKE 'Line%'"), 30)
        first.send_signal(signal.SIGKILL)
        await first.wait()
    assert await house.pool.fetchval("SELECT count(*) FROM arrival") == 40
    async with process(house, "b") as (two, _):
        for body in bodies[20:]:  # of some Meta never heard that they were taken
            assert (await phones.post(two, body)).status_code == 200
        await eventually(lambda: counts(house, "SELECT count(*) = 0 FROM arrival WHERE state = 'new'"), 30)
    rows = await house.pool.fetch(
        "SELECT array_agg(text ORDER BY seq) FROM entry WHERE kind = 'message' GROUP BY conversation_id"
    )
    told = sorted(row[0] for row in rows)
    assert told == sorted([f"Line {n}" for n in range(start, 60, 5)] for start in range(5))


async def counts(house: House, sql: str) -> bool:
    return bool(await house.pool.fetchval(sql))
