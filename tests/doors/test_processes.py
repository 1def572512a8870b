"""Real server processes that are killed or asked to stop in the middle of a conversation (OPS-2)."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

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
