"""`python -m tests.torture`: two nodes, one PostgreSQL, a storm of faults, dozens of clients, one verdict.

SECONDS is the length of the storm (190), SEED makes its schedule repeatable, CLIENTS the number of visitors.
Exit code 1 when the checker found anything. The journals stay in the folder that is printed.
"""

import asyncio
import contextlib
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from bench import people as crowd
from deskbell.store.migrate import migrate
from tests.torture import checker, sleepers
from tests.torture.acts import Me
from tests.torture.client import Client
from tests.torture.desk_doors import Doors
from tests.torture.faults import Storm
from tests.torture.journal import Journal, load
from tests.torture.life import End, Times
from tests.torture.people import Visitor
from tests.torture.sleepers import Keeper, Sleeper
from tests.torture.stage import ORIGIN, Database, Node, new_secret
from tests.torture.team import Agent, Supervisor
from tests.torture.verdict import Verdict

AGENTS = 5
PORTS = {"a": (8380, 8382, 8386), "b": (8381, 8383, 8387)}
PROGRESS_SECONDS = 10
QUIET_SECONDS = 60.0
SETTLE_SECONDS = 22.0
"""Quiet for the clock: longer than the checker's patience with it."""
STRIKE_EVERY_SECONDS = (18.0, 32.0)
STRIKE_SECONDS = (5.0, 9.0)
SHOWN_FINDINGS = 12
PREFERENCES = {
    "agent_timeout_minutes": 1,
    "transfer_minutes": 1,
    "inactivity_minutes": 5,
    "pending_minutes": 10,
    "ring_seconds": 10,
    "last_agent": False,
    "max_chats": 100,
}
WORTH_SEEING = frozenset(
    {
        "passed",
        "closed by the clock",
        "flagged",
        "pending",
        "answered",
        "transfer",
        "transferred",
        "transfer_back",
    }
    | {
        "transfer_declined",
        "transfer_cancelled",
        "offered",
        "declined",
        "rang_out",
        "given",
        "comment",
        "ticket",
    }
    | {"accepted", "merged", "linked", "revived"}
)
TIMES = Times(answer=60_000, inactivity=300_000, pending=600_000, transfer=60_000, ring=10_000)


class Run:
    """One run from the empty folder to the verdict."""

    def __init__(self, folder: Path, seconds: float, seed: int, visitors: int) -> None:
        self.folder = folder
        self.seconds = seconds
        self.seed = seed
        self.count = visitors
        self.began = time.monotonic()
        self.database = Database(folder)
        self.nodes: list[Node] = []
        self.agents: list[Agent] = []
        self.visitors: list[Visitor] = []
        self.sleepers: list[Sleeper] = []
        self.storm: Storm | None = None
        self.doors: Doors | None = None
        self.quiet_since = 0
        self.happened: Counter[str] = Counter()

    @property
    def clients(self) -> list[Client]:
        return [*self.agents, *self.visitors, *self.sleepers]

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self.began:6.1f} s  {text}", flush=True)

    async def play(self) -> Verdict:
        (self.folder / "journals").mkdir(parents=True)
        await self.database.start()
        await migrate(self.database.dsn)
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20)
        async with httpx.AsyncClient(timeout=5, limits=limits) as http:
            try:
                await self._set_up(http)
                await self._play()
                end = await self._end()
            finally:
                for node in self.nodes:
                    await node.close()
                for client in self.clients:
                    client.journal.close()
                await self.database.stop()
        threads, found = end
        self._count(threads)
        return checker.check(load(self.folder / "journals"), threads, found)

    async def _set_up(self, http: httpx.AsyncClient) -> None:
        db = await asyncpg.connect(self.database.dsn)
        site = await crowd.add_site(db)
        agents = await crowd.add_staff(db, "agent", "agent", AGENTS)
        keeper = (await crowd.add_staff(db, "keeper", "agent", 1))[0]
        supervisor = (await crowd.add_staff(db, "supervisor", "supervisor", 1))[0]
        admin = (await crowd.add_staff(db, "admin", "admin", 1))[0]
        guests = await crowd.add_guests(db, site, self.count + sleepers.COUNT)
        await db.close()
        secret = new_secret()
        self.nodes = [Node(name, self.folder, ports, self.database.dsn) for name, ports in PORTS.items()]
        for node in self.nodes:
            await node.open(secret)
        self.doors = Doors(http, self.nodes[0].address, admin.cookie, ORIGIN)
        await self.doors.prefer(**PREFERENCES)
        ids = [member.id for member in agents]
        departments = {
            await self.doors.department("Sales", ids[:3]): frozenset(ids[:3]),
            await self.doors.department("Support", ids[2:]): frozenset(ids[2:]),
        }
        for member in (*agents, supervisor, keeper):
            others = [n for n in (*ids, supervisor.id) if n != member.id]
            own = frozenset(d for d, members in departments.items() if member.id in members)
            me = Me(member.id, others, list(departments), own, supervises=member is supervisor)
            kind = Keeper if member is keeper else Supervisor if me.supervises else Agent
            name = f"agent{member.id}" if kind is Agent else kind.__name__.lower()
            self.agents.append(kind(*self._client(name, http), member.cookie, me))
        for n, guest in enumerate(guests[: self.count]):
            common = self._client(f"visitor{n}", http)
            self.visitors.append(Visitor(*common, guest, restarts=n % 3 == 0, shy=n % 3 == 1))
        for n, guest in enumerate(guests[self.count :]):
            self.sleepers.append(Sleeper(*self._client(f"sleeper{n}", http), guest))
        sleepers.leave_alone(self.agents, self.sleepers)
        await self.agents[AGENTS].switch(available=False)

    def _client(
        self, name: str, http: httpx.AsyncClient
    ) -> tuple[Journal, list[str], str, httpx.AsyncClient]:
        """What every client is made with."""
        journal = Journal(self.folder / "journals", name)
        return journal, [node.address for node in self.nodes], ORIGIN, http

    async def _fall_asleep(self) -> list[asyncio.Task[None]]:
        """Before anybody else is there."""
        keeper = self.agents[-1]
        assert isinstance(keeper, Keeper)
        assert self.doors is not None
        running = [asyncio.create_task(client.run()) for client in (keeper, *self.sleepers)]
        await self.doors.wait_for(keeper.me)
        db = await asyncpg.connect(self.database.dsn)
        await sleepers.put_to_sleep(db, keeper, self.sleepers, TIMES)
        await db.close()
        await self.doors.prefer(**PREFERENCES)  # and the nodes forget what they remembered of these chats
        return running

    async def _play(self) -> None:
        running = await self._fall_asleep()
        running += [asyncio.create_task(one.run()) for one in (*self.agents[:-1], *self.visitors)]
        await _all_of(agent.talking.wait() for agent in self.agents)
        writing = [asyncio.create_task(one.live()) for one in (*self.agents, *self.visitors)]
        writing.append(asyncio.create_task(self._strike()))
        await asyncio.sleep(3)
        self.storm = Storm(self.seed, self.database, self.nodes, self.clients, self.say)
        watch = asyncio.create_task(self._progress(running + writing))
        await self.storm.rage(self.seconds)
        self.say("the storm is over: clients finish what they have")
        await _stop(writing)
        await _all_of(agent.come_back() for agent in self.agents)
        self.quiet_since = round(time.time() * 1000)
        await self._settle()
        await _stop([*running, watch])

    async def _strike(self) -> None:
        """Now and then all agents are Unavailable for a moment: what comes in becomes a ticket."""
        chance = random.Random(self.seed)
        while True:
            await asyncio.sleep(chance.uniform(*STRIKE_EVERY_SECONDS))
            self.say("all agents become unavailable")
            for available in (False, True):
                await asyncio.gather(*(agent.switch(available=available) for agent in self.agents[:AGENTS]))
                await asyncio.sleep(chance.uniform(*STRIKE_SECONDS))

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

    async def _settle(self) -> None:
        """All outboxes empty; a look at what the open sockets brought; one last resume; a last look."""
        await self._rest()
        await asyncio.sleep(SETTLE_SECONDS)
        for client in self.clients:
            if client.caught_up and not client.outbox:
                client.journal.write("settled", watching=client.watching)
            client.talking.clear()
            await client.drop()
        await _all_of(client.talking.wait() for client in self.clients)
        await self._rest()
        await asyncio.sleep(2)
        for client in self.clients:
            client.journal.write("finished", watching=client.last_view)
        self.say(self._status())

    async def _rest(self) -> None:
        deadline = time.monotonic() + QUIET_SECONDS
        while restless := [c.journal.who for c in self.clients if c.outbox or not c.caught_up]:
            if time.monotonic() > deadline:
                self.say(f"never came to rest: {', '.join(restless)}")
                return
            await asyncio.sleep(0.2)

    async def _end(self) -> tuple[dict[int, list[dict[str, Any]]], End]:
        """Every thread that any journal names, through the door a supervisor has."""
        assert self.doors is not None
        records = (record for client in self.clients for record in client.journal.records)
        known = sorted({record["c"] for record in records if record.get("c") is not None})
        threads, cards = await self.doors.everything(known)
        staff = await self.doors.staff()
        (self.folder / "threads.json").write_text(json.dumps(threads))
        (self.folder / "cards.json").write_text(json.dumps(cards))
        return threads, End(cards, staff, self.quiet_since, TIMES)

    def _count(self, threads: dict[int, list[dict[str, Any]]]) -> None:
        """What was put to the test at all."""
        self.happened["conversations"] = len(threads)
        for thread in threads.values():
            for entry in thread:
                event = entry.get("event", {})
                by_clock = " by the clock" if event.get("by") == "system" else ""
                self.happened[event.get("name", entry["kind"]) + by_clock] += 1

    def story(self) -> str:
        """What happened, in one line."""
        done = self.storm.done if self.storm else {}
        return ", ".join(f"{name} {count}" for name, count in sorted(done.items()))

    def life(self) -> str:
        """What the desk did in it, in one line, and what it was never made to do, which nothing is proven of."""
        did = ", ".join(f"{name} {count}" for name, count in sorted(self.happened.items()))
        never = sorted(WORTH_SEEING - self.happened.keys())
        return f"{did}; never {', '.join(never)}" if never else did


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
    run = Run(folder, float(os.environ.get("SECONDS") or 190), seed, int(os.environ.get("CLIENTS") or 36))
    run.say(f"seed {seed}, journals and logs in {folder}")
    verdict = asyncio.run(run.play())
    for kind, sentences in verdict.findings.items():
        for sentence in sentences[:SHOWN_FINDINGS]:
            print(f"{kind}: {sentence}")
    kills = run.storm.kills if run.storm else 0
    print(run.story())
    print(run.life())
    print(
        f"{kills} kills; refused with reason {verdict.refused}, late holes mended by clients {verdict.mended}, "
        f"pairs of unpromised order {verdict.loose_pairs}, refused and then done after all {verdict.late_twins}"
    )
    print(verdict.line())
    return 0 if verdict.good else 1


if __name__ == "__main__":
    sys.exit(main())
