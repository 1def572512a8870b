"""Messages through the whole desk: how many a second and how long each takes, in turns with the limit program."""

import asyncio
import statistics
from collections.abc import Awaitable, Callable
from operator import itemgetter
from typing import TypeVar

import asyncpg
import msgspec

from bench import machine, server
from bench.figures import Figures
from bench.load import Plan, Report
from bench.scale import Scale
from bench.server import BenchError, Process

Result = TypeVar("Result")
LATE_MS = 3.0


class Messages:
    """Both programs under the same load. `desk` runs already; `limit` is started for each of its turns."""

    def __init__(
        self,
        db: asyncpg.Connection,
        desk: Process,
        limit: Process,
        limit_url: str,
        scale: Scale,
        figures: Figures,
        say: Callable[[str], None],
    ) -> None:
        self._db = db
        self._desk = desk
        self._limit = limit
        self._limit_url = limit_url
        self._scale = scale
        self._figures = figures
        self._say = say

    async def measure(self, real: Plan, bare: Plan) -> None:
        """As fast as it goes first, then at a fixed rate. Raises BenchError when a count is not what it must be."""
        await self._at_desk(msgspec.structs.replace(real, seconds=1.0))
        self._adopt_speed(await self._calmest(self._scale.rounds, lambda: self._turn(real, bare)))
        real, bare = (
            msgspec.structs.replace(plan, kind="open", seconds=self._scale.open_seconds)
            for plan in (real, bare)
        )
        self._adopt_times(await self._calmest(self._scale.open_runs, lambda: self._turn(real, bare)))

    async def _calmest(self, wanted: int, take: Callable[[], Awaitable[Result]]) -> list[Result]:
        """Rounds are taken until so many were calm, or patience ends; the calmest count, whatever they showed."""
        taken: list[tuple[float, Result]] = []
        while len(taken) < wanted + self._scale.more_rounds:
            watch = machine.Watch()
            result = await take()
            taken.append((watch.taken(), result))
            if sum(share <= machine.CALM for share, _ in taken) == wanted:
                break
        taken.sort(key=itemgetter(0))
        worst = taken[wanted - 1][0]
        if worst > machine.CALM:
            self._figures.remark(
                f"Up to {worst:.0%} of the machine was taken away while messages were measured."
            )
        return [result for _, result in taken[:wanted]]

    async def _turn(self, real: Plan, bare: Plan) -> tuple[Report, Report]:
        """The desk, then the limit program: the machine's moods hit both alike."""
        mine = await self._at_desk(real)
        theirs = await self._at_limit(bare)
        self._say(_words(f"desk, {real.kind}", mine))
        self._say(_words(f"limit, {bare.kind}", theirs))
        return mine, theirs

    def _adopt_speed(self, turns: list[tuple[Report, Report]]) -> None:
        put, median = self._figures.put, statistics.median
        put("durable_messages_per_s", median(mine.per_s for mine, _ in turns))
        put("limit_messages_per_s", median(theirs.per_s for _, theirs in turns))
        put("share_of_limit", median(mine.per_s / theirs.per_s for mine, theirs in turns))

    def _adopt_times(self, turns: list[tuple[Report, Report]]) -> None:
        put, median = self._figures.put, statistics.median
        late = max(mine.late_p99 for mine, _ in turns)
        if late > LATE_MS:
            self._figures.remark(
                f"The generator itself was late by {late:.0f} ms (p99): this machine was busy."
            )
        put("ack_p50_ms", median(mine.ack_p50 for mine, _ in turns))
        put("limit_ack_p50_ms", median(theirs.ack_p50 for _, theirs in turns))
        put("ack_p99_ms", median(mine.ack_p99 for mine, _ in turns))
        put("delivery_p99_ms", median(mine.delivery_p99 for mine, _ in turns))

    async def _at_desk(self, plan: Plan) -> Report:
        """What it acknowledged must be in the database, once, and have reached everybody."""
        count = "SELECT count(*) FROM entry WHERE kind = 'message'"
        before = await self._db.fetchval(count)
        report = await _loaded(plan, self._desk)
        _check("desk", report, await self._db.fetchval(count) - before)
        return report

    async def _at_limit(self, plan: Plan) -> Report:
        connection = await asyncpg.connect(self._limit_url)
        await connection.execute("TRUNCATE entry")
        self._limit.start()
        try:
            report = await _loaded(plan, self._limit)
        finally:
            self._limit.stop()
        _check("limit program", report, await connection.fetchval("SELECT count(*) FROM entry"))
        await connection.close()
        return report


async def _loaded(plan: Plan, program: Process) -> Report:
    before = program.cpu_seconds()
    report = await asyncio.to_thread(server.run_load, plan)
    report.server_us = (program.cpu_seconds() - before) / max(1, report.acked) * 1e6
    return report


def _check(name: str, report: Report, stored: int) -> None:
    if not report.acked == report.sent == stored == report.at_agents == report.at_visitors:
        raise BenchError(f"the counts of the {name} differ: {stored} stored, {report}")


def _words(name: str, report: Report) -> str:
    return (
        f"{name}: {report.per_s:,.0f}/s, ack p50 {report.ack_p50:.1f} p99 {report.ack_p99:.1f} ms, "
        f"delivery p99 {report.delivery_p99:.1f} ms, generator late p99 {report.late_p99:.2f} ms, "
        f"server CPU {report.server_us:.0f} us a message"
    )
