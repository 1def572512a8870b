"""`python -m tests.torture`: two nodes, one PostgreSQL, a storm of faults, dozens of clients, one verdict.

SECONDS is the length of the storm (200), SEED makes its schedule repeatable, CLIENTS the number of visitors.
Exit code 1 when the checker found anything. The journals stay in the folder that is printed.
"""

import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from bench import people as crowd
from deskbell.store.migrate import migrate
from tests.torture import checker
from tests.torture.client import Client
from tests.torture.faults import Storm
from tests.torture.journal import Journal, load
from tests.torture.people import Agent, Visitor
from tests.torture.stage import ORIGIN, Database, Node, new_secret

AGENTS = 5
PORTS = {"a": (8380, 8382, 8386), "b": (8381, 8383, 8387)}
PROGRESS_SECONDS = 10
QUIET_SECONDS = 60.0
SETTLE_SECONDS = 8.0
SHOWN_FINDINGS = 12


class Run:
    """One run from the empty folder to the verdict."""

    def __init__(self, folder: Path, seconds: float, seed: int, visitors: int) -> None:
        self.folder = folder
        self.seconds = seconds
        self.seed = seed
        self.visitors = visitors
        self.began = time.monotonic()
        self.database = Database(folder)
        self.nodes: list[Node] = []
        self.clients: list[Client] = []
        self.storm: Storm | None = None
        self.supervisor = ""

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self.began:6.1f} s  {text}", flush=True)

    async def play(self) -> checker.Verdict:
        (self.folder / "journals").mkdir(parents=True)
        await self.database.start()
        await migrate(self.database.dsn)
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20)
        async with httpx.AsyncClient(timeout=5, limits=limits) as http:
            try:
                await self._set_up(http)
                await self._play(http)
                threads = await self._threads(http)
            finally:
                for node in self.nodes:
                    await node.close()
                for client in self.clients:
                    client.journal.close()
                await self.database.stop()
        (self.folder / "threads.json").write_text(json.dumps(threads))
        return checker.check(load(self.folder / "journals"), threads)

    async def _set_up(self, http: httpx.AsyncClient) -> None:
        db = await asyncpg.connect(self.database.dsn)
        site = await crowd.add_site(db)
        agents = await crowd.add_staff(db, "agent", "agent", AGENTS)
        self.supervisor = (await crowd.add_staff(db, "supervisor", "supervisor", 1))[0].cookie
        guests = await crowd.add_guests(db, site, self.visitors)
        await db.close()
        secret = new_secret()
        self.nodes = [Node(name, self.folder, ports, self.database.dsn) for name, ports in PORTS.items()]
        for node in self.nodes:
            await node.open(secret)
        addresses = [node.address for node in self.nodes]
        self.clients = [
            Agent(self._journal(f"agent{n}"), addresses, ORIGIN, http, member.cookie)
            for n, member in enumerate(agents)
        ]
        self.clients += [
            Visitor(self._journal(f"visitor{n}"), addresses, ORIGIN, http, guest.token, restarts=n % 4 == 0)
            for n, guest in enumerate(guests)
        ]

    def _journal(self, who: str) -> Journal:
        return Journal(self.folder / "journals", who)

    async def _play(self, http: httpx.AsyncClient) -> None:
        running = [asyncio.create_task(client.run()) for client in self.clients]
        await _all_of(client.talking.wait() for client in self.clients[:AGENTS])
        writing = [asyncio.create_task(_live(client)) for client in self.clients]
        await asyncio.sleep(3)
        self.storm = Storm(self.seed, self.database, self.nodes, self.clients, self.say)
        watch = asyncio.create_task(self._progress(running + writing))
        await self.storm.rage(self.seconds)
        self.say("the storm is over: clients finish what they have")
        await _stop(writing)
        await self._settle(running)
        await _stop([*running, watch])

    async def _progress(self, tasks: list[asyncio.Task[None]]) -> None:
        """A line now and then; a client that fell over ends the run."""
        while True:
            await asyncio.sleep(PROGRESS_SECONDS)
            for task in tasks:
                if task.done() and not task.cancelled() and (error := task.exception()):
                    raise error
            self.say(self._status())

    def _status(self) -> str:
        records = [client.journal.records for client in self.clients]
        acks = sum(1 for journal in records for record in journal if record["what"] == "ack")
        waiting = sum(len(client.outbox) for client in self.clients)
        connected = sum(client.connected for client in self.clients)
        resumes = sum(client.resumes for client in self.clients)
        kills = self.storm.kills if self.storm else 0
        return (
            f"{acks} answers, {waiting} waiting, {connected}/{len(self.clients)} connected, "
            f"{resumes} resumes, {kills} kills"
        )

    async def _settle(self, running: list[asyncio.Task[None]]) -> None:
        """All outboxes empty; a look at what the open sockets brought; one last resume; a last look."""
        deadline = time.monotonic() + QUIET_SECONDS
        while any(client.outbox or not client.connected for client in self.clients):
            if time.monotonic() > deadline:
                self.say("some clients never came to rest")
                break
            await asyncio.sleep(0.2)
        await asyncio.sleep(SETTLE_SECONDS)
        for client in self.clients:
            if client.connected and not client.outbox:
                client.journal.write("settled", watching=sorted(client.shown))
            await client.drop()
        await asyncio.sleep(2)
        await _all_of(client.talking.wait() for client in self.clients)
        await asyncio.sleep(2)
        for client in self.clients:
            client.journal.write("finished", watching=sorted(client.have))
        self.say(self._status())

    async def _threads(self, http: httpx.AsyncClient) -> dict[int, list[dict[str, Any]]]:
        """Every thread that any journal names, through the door a supervisor has."""
        known = {
            record["c"]
            for client in self.clients
            for record in client.journal.records
            if record.get("c") is not None
        }
        headers = {"Cookie": self.supervisor, "Origin": ORIGIN}
        return {c: await _thread(http, self.nodes[0].address, c, headers) for c in sorted(known)}

    def story(self) -> str:
        """What happened, in one line."""
        done = self.storm.done if self.storm else {}
        return ", ".join(f"{name} {count}" for name, count in sorted(done.items()))


async def _thread(
    http: httpx.AsyncClient, node: str, c: int, headers: dict[str, str]
) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    while True:
        params = {"after": entries[-1]["seq"] if entries else 0, "limit": 200}
        reply = await http.get(f"{node}/api/conversations/{c}/entries", params=params, headers=headers)
        reply.raise_for_status()
        for entry in reply.json()["entries"]:
            entries.append({"id": None, "text": "", **entry})
        if not reply.json()["more"]:
            return entries


async def _live(client: Client) -> None:
    assert isinstance(client, Agent | Visitor)
    await client.live()


async def _all_of(waits: Iterable[Any]) -> None:
    await asyncio.wait_for(asyncio.gather(*waits), 60)


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task


def main() -> int:
    folder = Path(os.environ.get("FOLDER") or tempfile.mkdtemp(prefix="load-torture-"))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    seed = int(os.environ.get("SEED") or time.time())
    run = Run(folder, float(os.environ.get("SECONDS") or 200), seed, int(os.environ.get("CLIENTS") or 36))
    run.say(f"seed {seed}, journals and logs in {folder}")
    verdict = asyncio.run(run.play())
    for kind, sentences in verdict.findings.items():
        for sentence in sentences[:SHOWN_FINDINGS]:
            print(f"{kind}: {sentence}")
    kills = run.storm.kills if run.storm else 0
    print(run.story())
    print(
        f"{kills} kills; refused with reason {verdict.refused}, late holes mended by clients {verdict.mended}, "
        f"pairs of unpromised order {verdict.loose_pairs}"
    )
    print(verdict.line())
    return 0 if verdict.good else 1


if __name__ == "__main__":
    sys.exit(main())
