"""`python -m bench`: every figure of the budgets, printed and stored in bench/results/latest.json.

QUICK=1 takes under a minute. Load, server and PostgreSQL share this machine, so absolute values belong to it;
the share of the limit program, taken in turns with it, is what travels.
"""

import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import asyncpg
import msgspec

from bench import assign, fill, lists, people, screen, search, server, timers, transcripts, visits, webhooks
from bench.figures import Figures
from bench.load import Plan, Report, Visitor, percentile
from bench.people import Member
from bench.server import BenchError, Process
from bench.sizes import sizes
from deskbell.embedded import EmbeddedPostgres
from deskbell.store.migrate import migrate

RESULTS = Path(__file__).parent / "results" / "latest.json"
AGENTS = 20
WRITERS = 400
IDLE = 5_000
LATE_MS = 3.0


class Scale(NamedTuple):
    """How much of everything."""

    rounds: int
    seconds: float
    open_runs: int
    open_seconds: float
    assigns: int
    closed: int
    starts: int
    due: int
    due_seconds: float
    ended: int
    ended_seconds: float
    hook_seconds: float


QUICK = Scale(
    rounds=2,
    seconds=1.5,
    open_runs=1,
    open_seconds=4,
    assigns=60,
    closed=10_000,
    starts=2,
    due=1_000,
    due_seconds=6,
    ended=100,
    ended_seconds=6,
    hook_seconds=8,
)
FULL = Scale(
    rounds=5,
    seconds=6,
    open_runs=3,
    open_seconds=12,
    assigns=300,
    closed=100_000,
    starts=5,
    due=10_000,
    due_seconds=60,
    ended=500,
    ended_seconds=60,
    hook_seconds=60,
)


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
            ("idle sockets", lambda: self.measure_idle(db)),
            ("assignment", lambda: self.measure_assignment(db)),
            ("timers", lambda: self.measure_timers(db)),
            ("transcripts", lambda: self.measure_transcripts(db)),
            ("page views", lambda: self.measure_page_views(db)),
            ("webhooks", lambda: self.measure_webhooks(db, dsn)),
            ("messages", lambda: self.measure_messages(db, dsn)),
            ("lists", lambda: self.measure_lists(db)),
            ("screen", lambda: self.measure_screen(db)),
        ]

    async def _phase(self, name: str, phase: Callable[[], Awaitable[None]]) -> None:
        """A phase that cannot be carried out is a remark and a failed run, never an invented figure."""
        self.say(name)
        try:
            await phase()
        except (BenchError, TimeoutError, OSError) as error:
            self.figures.remark(f"FAILED {name}: {type(error).__name__}: {error}")

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self._began:6.1f} s  {text}", file=sys.stderr, flush=True)

    def _plan(self, kind: str, visitors: list[Visitor], agents: list[str], program: Process) -> Plan:
        url = f"ws://127.0.0.1:{program.port}"
        return Plan(url, program.origin, visitors, agents, kind, self.scale.seconds)

    async def measure_idle(self, db: asyncpg.Connection) -> None:
        """Memory of sockets that are open, greeted and silent."""
        guests = await people.add_guests(db, self.site, IDLE)
        self.desk.start()
        warm = self._plan("idle", [Visitor(g.token, 0) for g in guests[:100]], [], self.desk)
        with server.held(warm):
            pass
        await asyncio.sleep(1)
        before = self.desk.resident()
        plan = self._plan("idle", [Visitor(g.token, 0) for g in guests], [], self.desk)
        with server.held(plan):
            await asyncio.sleep(1)
            self.figures.put("idle_socket_kib", (self.desk.resident() - before) / IDLE / 1024)
        self.desk.stop()

    async def measure_assignment(self, db: asyncpg.Connection) -> None:
        """One agent with room for a few, a long queue, and a slot that becomes free again and again."""
        self.desk.start()
        agent = (await people.add_staff(db, "solo", "agent", 1, assign.ROOM))[0]
        guests = await people.add_guests(db, self.site, self.scale.assigns + assign.ROOM)
        times = await assign.assign_times(self.desk.origin, agent, guests, self.scale.assigns)
        self.figures.put("assign_p99_ms", percentile(sorted(times), 0.99) * 1e3)
        await db.execute("UPDATE staff SET available = false WHERE id = $1", agent.id)
        await db.execute("UPDATE conversation SET state = 'closed', closed_at = now(), closed_by = 'system'")
        self.desk.stop()

    async def measure_timers(self, db: asyncpg.Connection) -> None:
        """From the moment a time is over until the desk has done what follows (LIFE-18)."""
        self.desk.start()
        count, seconds = self.scale.due, self.scale.due_seconds
        lags = await timers.timer_lags(db, self.site, self.agents[0].id, count, seconds)
        self.figures.put("timer_lag_p99_s", percentile(lags, 0.99))
        await db.execute("UPDATE conversation SET state = 'closed', closed_at = now(), closed_by = 'system'")
        self.desk.stop()

    async def measure_transcripts(self, db: asyncpg.Connection) -> None:
        """From the end of a chat until its transcript was handed to the mail server (LIFE-13)."""
        self.desk.start()
        count, seconds = self.scale.ended, self.scale.ended_seconds
        async with transcripts.taking(server.MAIL_PORT) as taker:
            lags = await transcripts.transcript_lags(db, taker, self.site, self.agents[0].id, count, seconds)
        self.figures.put("transcript_p99_s", percentile(lags, 0.99))
        self.desk.stop()

    async def measure_page_views(self, db: asyncpg.Connection) -> None:
        """Reported by browsers behind a proxy, each view answered only when it is stored (VISITOR-2)."""
        self.desk.start()
        seconds = self.scale.open_seconds
        per_s = await visits.views_per_s(db, self.desk.port, self.site, seconds)
        self.figures.put("page_views_per_s", per_s)
        self.desk.stop()

    async def measure_webhooks(self, db: asyncpg.Connection, dsn: str) -> None:
        """Signed webhooks of WhatsApp, each answered only when what it tells is stored (CHANNEL-2)."""
        async with asyncpg.create_pool(dsn, min_size=1, max_size=2) as pool:
            await webhooks.add_account(pool, self.data)
        self.desk.start()
        before = self.desk.cpu_seconds()
        times, drained = await webhooks.webhook_times(db, self.desk.port, self.scale.hook_seconds)
        used = (self.desk.cpu_seconds() - before) / len(times) * 1e6
        self.say(f"all done {drained * 1e3:.0f} ms after the last answer, server CPU {used:.0f} us a webhook")
        self.figures.put("webhook_p50_ms", percentile(times, 0.5) * 1e3)
        self.figures.put("webhook_p99_ms", percentile(times, 0.99) * 1e3)
        await db.execute("UPDATE conversation SET state = 'closed', closed_at = now(), closed_by = 'system'")
        self.desk.stop()

    async def measure_messages(self, db: asyncpg.Connection, dsn: str) -> None:
        """Throughput in turns with the limit program, then times at a fixed rate."""
        self.desk.start()
        writers = await self._chats(db)
        cookies = [agent.cookie for agent in self.agents]
        real = self._plan("closed", writers, cookies, self.desk)
        limit_url = await _limit_database(db, dsn)
        limit = server.limit(self.data, limit_url)
        guests = [Visitor(str(c), c) for c in range(1, WRITERS + 1)]
        bare = self._plan("closed", guests, [f"agent={n}" for n in range(AGENTS)], limit)
        self._adopt(await self._in_turns(db, real, bare, limit, limit_url))
        real.kind, real.seconds = "open", self.scale.open_seconds
        times = []
        for _ in range(self.scale.open_runs):
            times.append(await self._real(db, real))
            self.say(_words("desk at 1,000/s", times[-1]))
        bare.kind, bare.seconds = real.kind, real.seconds
        least = await self._bare(bare, limit, limit_url)
        self.say(_words("limit at 1,000/s", least))
        self.figures.put("limit_ack_p50_ms", least.ack_p50)
        late = max(t.late_p99 for t in times)
        if late > LATE_MS:
            self.figures.remark(
                f"The generator itself was late by {late:.0f} ms (p99): this machine was busy."
            )
        self.figures.put("ack_p50_ms", statistics.median(t.ack_p50 for t in times))
        self.figures.put("ack_p99_ms", statistics.median(t.ack_p99 for t in times))
        self.figures.put("delivery_p99_ms", statistics.median(t.delivery_p99 for t in times))

    def _adopt(self, pairs: list[tuple[float, float]]) -> None:
        self.figures.put("durable_messages_per_s", statistics.median(real for real, _ in pairs))
        self.figures.put("limit_messages_per_s", statistics.median(limit for _, limit in pairs))
        self.figures.put("share_of_limit", statistics.median(real / limit for real, limit in pairs))

    async def _chats(self, db: asyncpg.Connection) -> list[Visitor]:
        """Chats through the real door, given to the agents by the real routing."""
        guests = await people.add_guests(db, self.site, WRITERS)
        agents = self._plan("idle", [], [agent.cookie for agent in self.agents], self.desk)
        with server.held(agents):
            numbers = await assign.start_chats(self.desk.origin, guests)
            await _all_live(db, numbers)
        return [Visitor(guest.token, c) for guest, c in zip(guests, numbers, strict=True)]

    async def _in_turns(
        self, db: asyncpg.Connection, real: Plan, bare: Plan, limit: Process, limit_url: str
    ) -> list[tuple[float, float]]:
        """Desk, limit, desk, limit...: the machine's moods hit both alike."""
        pairs = []
        await self._real(db, msgspec.structs.replace(real, seconds=1.0))
        for _ in range(self.scale.rounds):
            mine = await self._real(db, real)
            theirs = await self._bare(bare, limit, limit_url)
            self.say(_words("desk", mine))
            self.say(_words("limit", theirs))
            pairs.append((mine.per_s, theirs.per_s))
        return pairs

    async def _real(self, db: asyncpg.Connection, plan: Plan) -> Report:
        """Against the desk; what it acknowledged must be in the database, once, and have reached everybody."""
        before = await db.fetchval("SELECT count(*) FROM entry WHERE kind = 'message'")
        report = await self._loaded(plan, self.desk)
        stored = await db.fetchval("SELECT count(*) FROM entry WHERE kind = 'message'") - before
        if not report.acked == report.sent == stored == report.at_agents == report.at_visitors:
            raise BenchError(f"the counts differ: {stored} stored, {report}")
        return report

    async def _loaded(self, plan: Plan, program: Process) -> Report:
        before = program.cpu_seconds()
        report = await asyncio.to_thread(server.run_load, plan)
        report.server_us = (program.cpu_seconds() - before) / max(1, report.acked) * 1e6
        return report

    async def _bare(self, plan: Plan, limit: Process, url: str) -> Report:
        connection = await asyncpg.connect(url)
        await connection.execute("TRUNCATE entry")
        limit.start()
        try:
            report = await self._loaded(plan, limit)
        finally:
            limit.stop()
        stored = await connection.fetchval("SELECT count(*) FROM entry")
        await connection.close()
        if not report.acked == report.sent == stored == report.at_agents == report.at_visitors:
            raise BenchError(f"the limit program's counts differ: {stored} stored, {report}")
        return report

    async def measure_lists(self, db: asyncpg.Connection) -> None:
        """Lists over a long history, and searches in it, as an agent and as a supervisor."""
        owners = [agent.id for agent in self.agents]
        messages = await fill.fill(db, self.site, owners, self.scale.closed)
        self.say(f"{self.scale.closed:,} closed conversations, {messages:,} messages")
        for figure, read in (("list_p95_ms", lists.Reader.read_all), ("search_p95_ms", search.search_all)):
            times = []
            for member, scope in (
                (self.agents[0], "mine"),
                (self.supervisor, "mine"),
                (self.supervisor, "all"),
            ):
                reader = lists.Reader(self.desk.port, member.cookie, scope)
                await asyncio.to_thread(read, reader)
                self.say(f"slowest: {reader.slowest[0] * 1e3:.1f} ms {reader.slowest[1]}")
                times += reader.times
            self.figures.put(figure, percentile(sorted(times), 0.95) * 1e3)

    async def measure_screen(self, db: asyncpg.Connection) -> None:
        reader = (await people.add_staff(db, "reader", "agent", 1))[0]
        chats = await screen.add_long_chats(db, self.site, reader.id)
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


def _words(name: str, report: Report) -> str:
    return (
        f"{name}: {report.per_s:,.0f}/s, ack p50 {report.ack_p50:.1f} p99 {report.ack_p99:.1f} ms, "
        f"delivery p99 {report.delivery_p99:.1f} ms, generator late p99 {report.late_p99:.2f} ms, "
        f"server CPU {report.server_us:.0f} us a message"
    )


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
