"""`python -m bench`: every figure of the budgets, printed and stored in bench/results/latest.json.

QUICK=1 takes two to three minutes. Load, server and PostgreSQL share this machine, so absolute values belong to it;
the share of the limit program, taken in turns with it, is what travels.
"""

import asyncio
import contextlib
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import asyncpg

from bench import (
    assign,
    fill,
    lists,
    machine,
    people,
    screen,
    search,
    server,
    timers,
    transcripts,
    visits,
    webhooks,
)
from bench.figures import Figures
from bench.load import Plan, Visitor, percentile
from bench.messages import Messages
from bench.people import Member
from bench.scale import FULL, QUICK, Scale
from bench.server import BenchError, Process
from bench.sizes import sizes
from deskbell.embedded import EmbeddedPostgres
from deskbell.store.migrate import migrate

RESULTS = Path(__file__).parent / "results" / "latest.json"
AGENTS = 20
WRITERS = 400


class Bench:
    """All phases on one PostgreSQL; each puts its figures."""

    def __init__(self, data: Path, scale: Scale) -> None:
        self.data = data
        self.scale = scale
        self.figures = Figures()
        self.postgres = EmbeddedPostgres(data / "postgres")
        self.desk = server.desk(data)
        self.site = 0
        self.agents: list[Member] = []
        self.supervisor: Member
        self._began = time.monotonic()

    async def run(self) -> None:
        dsn = self.postgres.start_blocking()
        try:
            await migrate(dsn)
            db = await asyncpg.connect(dsn)
            self.site = await people.add_site(db)
            self.agents = await people.add_staff(db, "agent", "agent", AGENTS)
            self.supervisor = (await people.add_staff(db, "supervisor", "supervisor", 1))[0]
            for name, phase in self._phases(db, dsn):
                await self._phase(name, phase)
            await db.close()
        finally:
            self.desk.stop()
            self.postgres.stop_blocking()
        await self._phase("start", self.measure_start)
        await self._phase("sizes", self.measure_sizes)

    def _phases(self, db: asyncpg.Connection, dsn: str) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
        return [
            ("messages", lambda: self.measure_messages(db, dsn)),  # on a machine that is still rested
            ("idle sockets", lambda: self.measure_idle(db)),
            ("assignment", lambda: self.measure_assignment(db)),
            ("timers", lambda: self.measure_timers(db)),
            ("transcripts", lambda: self.measure_transcripts(db)),
            ("page views", lambda: self.measure_page_views(db)),
            ("webhooks", lambda: self.measure_webhooks(db, dsn)),
            ("lists", lambda: self.measure_lists(db)),
            ("screen", lambda: self.measure_screen(db)),
        ]

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self._began:6.1f} s  {text}", file=sys.stderr, flush=True)

    async def _phase(self, name: str, phase: Callable[[], Awaitable[None]]) -> None:
        """A phase that cannot be carried out is a remark and a failed run, never an invented figure."""
        self.say(name)
        watch = machine.Watch()
        try:
            await phase()
        except (BenchError, TimeoutError, OSError) as error:
            self.figures.remark(f"FAILED {name}: {type(error).__name__}: {error}")
        self.say(f"{name}: {watch.taken():.0%} of the machine was taken away")

    @contextlib.contextmanager
    def _serving(self) -> Iterator[None]:
        self.desk.start()
        try:
            yield
        finally:
            self.desk.stop()

    def _plan(self, kind: str, visitors: list[Visitor], agents: list[str], program: Process) -> Plan:
        url = f"ws://127.0.0.1:{program.port}"
        return Plan(url, program.origin, visitors, agents, kind, self.scale.seconds)

    async def measure_idle(self, db: asyncpg.Connection) -> None:
        """Memory of sockets that are open, greeted and silent."""
        guests = await people.add_guests(db, self.site, self.scale.idle)
        everybody = [Visitor(guest.token, 0) for guest in guests]
        with self._serving():
            with server.held(self._plan("idle", everybody[:100], [], self.desk)):
                pass  # what the first sockets load stays loaded
            await asyncio.sleep(1)
            before = self.desk.resident()
            with server.held(self._plan("idle", everybody, [], self.desk)):
                await asyncio.sleep(1)
                self.figures.put("idle_socket_kib", (self.desk.resident() - before) / len(everybody) / 1024)

    async def measure_assignment(self, db: asyncpg.Connection) -> None:
        """One agent with room for a few, a long queue, and a slot that becomes free again and again."""
        with self._serving():
            agent = (await people.add_staff(db, "solo", "agent", 1, assign.ROOM))[0]
            guests = await people.add_guests(db, self.site, self.scale.assigns + assign.ROOM)
            times = await assign.assign_times(self.desk.origin, agent, guests, self.scale.assigns)
            self.figures.put("assign_p99_ms", percentile(sorted(times), 0.99) * 1e3)
            await db.execute("UPDATE staff SET available = false WHERE id = $1", agent.id)
            await _close_all(db)

    async def measure_timers(self, db: asyncpg.Connection) -> None:
        """From the moment a time is over until the desk has done what follows (LIFE-18)."""
        with self._serving():
            count, seconds = self.scale.due, self.scale.due_seconds
            lags = await timers.timer_lags(db, self.site, self.agents[0].id, count, seconds)
            self.figures.put("timer_lag_p99_s", percentile(lags, 0.99))
            await _close_all(db)

    async def measure_transcripts(self, db: asyncpg.Connection) -> None:
        """From the end of a chat until its transcript was handed to the mail server (LIFE-13)."""
        with self._serving():
            count, seconds = self.scale.ended, self.scale.ended_seconds
            async with transcripts.taking(server.MAIL_PORT) as taker:
                lags = await transcripts.transcript_lags(
                    db, taker, self.site, self.agents[0].id, count, seconds
                )
            self.figures.put("transcript_p99_s", percentile(lags, 0.99))

    async def measure_page_views(self, db: asyncpg.Connection) -> None:
        """Reported by browsers behind a proxy, each view answered only when it is stored (VISITOR-2)."""
        with self._serving():
            seconds = self.scale.open_seconds
            per_s = await visits.views_per_s(db, self.desk.port, self.site, seconds)
            self.figures.put("page_views_per_s", per_s)

    async def measure_webhooks(self, db: asyncpg.Connection, dsn: str) -> None:
        """Signed webhooks of WhatsApp, each answered only when what it tells is stored (CHANNEL-2)."""
        async with asyncpg.create_pool(dsn, min_size=1, max_size=2) as pool:
            await webhooks.add_account(pool, self.data)
        with self._serving():
            before = self.desk.cpu_seconds()
            times, drained = await webhooks.webhook_times(db, self.desk.port, self.scale.hook_seconds)
            used = (self.desk.cpu_seconds() - before) / len(times) * 1e6
            self.say(
                f"all done {drained * 1e3:.0f} ms after the last answer, server CPU {used:.0f} us a webhook"
            )
            self.figures.put("webhook_p50_ms", percentile(times, 0.5) * 1e3)
            self.figures.put("webhook_p99_ms", percentile(times, 0.99) * 1e3)
            await _close_all(db)

    async def measure_messages(self, db: asyncpg.Connection, dsn: str) -> None:
        """Throughput in turns with the limit program, then times at a fixed rate."""
        machine.rest()
        with self._serving():
            writers = await self._chats(db)
            cookies = [agent.cookie for agent in self.agents]
            limit_url = await _limit_database(db, dsn)
            limit = server.limit(self.data, limit_url)
            guests = [Visitor(str(c), c) for c in range(1, WRITERS + 1)]
            programs = Messages(db, self.desk, limit, limit_url, self.scale, self.figures, self.say)
            await programs.measure(
                self._plan("closed", writers, cookies, self.desk),
                self._plan("closed", guests, [f"agent={n}" for n in range(AGENTS)], limit),
            )
        await db.execute("UPDATE staff SET available = false")
        await _close_all(db)

    async def _chats(self, db: asyncpg.Connection) -> list[Visitor]:
        """Chats through the real door, given to the agents by the real routing."""
        guests = await people.add_guests(db, self.site, WRITERS)
        agents = self._plan("idle", [], [agent.cookie for agent in self.agents], self.desk)
        with server.held(agents):
            numbers = await assign.start_chats(self.desk.origin, guests)
            await _all_live(db, numbers)
        return [Visitor(guest.token, c) for guest, c in zip(guests, numbers, strict=True)]

    async def measure_lists(self, db: asyncpg.Connection) -> None:
        """Lists over a long history, and searches in it, as an agent and as a supervisor."""
        owners = [agent.id for agent in self.agents]
        messages = await fill.fill(db, self.site, owners, self.scale.closed)
        self.say(f"{self.scale.closed:,} closed conversations, {messages:,} messages")
        with self._serving():
            for figure, read in (("list_p95_ms", lists.read_all), ("search_p95_ms", search.search_all)):
                times = []
                for member, scope in (
                    (self.agents[0], "mine"),
                    (self.supervisor, "mine"),
                    (self.supervisor, "all"),
                ):
                    reader = lists.Reader(self.desk.port, member.cookie, scope)
                    await asyncio.to_thread(read, reader, self.scale.readings)
                    self.say(f"slowest: {reader.slowest[0] * 1e3:.1f} ms {reader.slowest[1]}")
                    times += reader.times
                self.figures.put(figure, percentile(sorted(times), 0.95) * 1e3)

    async def measure_screen(self, db: asyncpg.Connection) -> None:
        """A click on a card until the newest message is painted."""
        reader = (await people.add_staff(db, "reader", "agent", 1))[0]
        chats = await screen.add_long_chats(db, self.site, reader.id)
        with self._serving():
            times = await screen.open_times(self.desk.origin, reader, chats)
        self.say("opened in " + ", ".join(f"{took:.0f}" for took in times) + " ms")
        self.figures.put("open_chat_ms", statistics.median(times))

    async def measure_start(self) -> None:
        """With the existing data, PostgreSQL's start included; then the memory of a server at rest."""
        times, sizes_mb = [], []
        for _ in range(self.scale.starts):
            times.append(self.desk.start("/", (200,)))
            await asyncio.sleep(1.5)
            sizes_mb.append(self.desk.resident() / 1e6)
            self.desk.stop()
        self.figures.put("start_s", statistics.median(times))
        self.figures.put("server_idle_mb", statistics.median(sizes_mb))

    async def measure_sizes(self) -> None:
        for name, kilobytes in sizes().items():
            self.figures.put(name, kilobytes)


async def _limit_database(db: asyncpg.Connection, dsn: str) -> str:
    """A database beside the desk's, with the desk's own schema."""
    await db.execute("CREATE DATABASE bench_limit")
    url = dsn.replace("/deskbell?", "/bench_limit?")
    await migrate(url)
    return url


async def _all_live(db: asyncpg.Connection, numbers: list[int]) -> None:
    sql = "SELECT count(*) FROM conversation WHERE id = ANY($1::bigint[]) AND state = 'live'"
    live = 0
    for _ in range(100):
        live = await db.fetchval(sql, numbers)
        if live == len(numbers):
            return
        await asyncio.sleep(0.1)
    raise BenchError(f"only {live} of {len(numbers)} chats were given to an agent within 10 s")


async def _close_all(db: asyncpg.Connection) -> None:
    await db.execute("UPDATE conversation SET state = 'closed', closed_at = now(), closed_by = 'system'")


def main() -> int:
    quick = os.environ.get("QUICK", "") not in ("", "0")
    data = Path(tempfile.mkdtemp(prefix="load-bench-"))
    data.chmod(0o755)
    bench = Bench(data, QUICK if quick else FULL)
    try:
        asyncio.run(bench.run())
    finally:
        shutil.rmtree(data, ignore_errors=True)
    bench.figures.save(RESULTS)
    print(bench.figures.table())
    failed = any(remark.startswith("FAILED") for remark in bench.figures.remarks)
    return 1 if failed or not bench.figures.all_meet_must else 0


if __name__ == "__main__":
    sys.exit(main())
