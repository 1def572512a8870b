"""Routing on one node: woken by events, swept slowly behind them; one router at a time in the desk (LIFE-1..4).

It plans under an advisory lock and lets the ordinary batches carry the plan out, holding the lock until they
have committed: so no two plans ever count on the same free place, and a chat that meanwhile went elsewhere
refuses the plan by itself.
"""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import asyncpg

from deskbell.domain.commands import Assign, Command, KeepWaiting, PassOn, Ring, TurnIntoTicket
from deskbell.domain.errors import Refused
from deskbell.domain.hours import is_open
from deskbell.domain.people import SYSTEM
from deskbell.domain.routing import (
    Decision,
    Dice,
    Full,
    Given,
    Nobody,
    Offered,
    Outside,
    Passed,
    Policy,
    Waiting,
    pass_on,
    route,
)
from deskbell.kit.clock import Clock
from deskbell.kit.logs import Log
from deskbell.kit.postgres import AWAY, Connection, Pool, connect
from deskbell.realtime.bus import PostgresBus
from deskbell.realtime.frames import QueueFrame, QueuePlace, encode
from deskbell.realtime.hub import Hub
from deskbell.store import routing as rows

from .batcher import Batcher
from .directory import Directory

log = Log()

SWEEP_S = 1.0
NOBODY = "no agent is available"
OUTSIDE = "outside business hours"


class Router:
    def __init__(
        self,
        dsn: str,
        pool: Pool,
        clock: Clock,
        batcher: Batcher,
        directory: Directory,
        hub: Hub,
        bus: PostgresBus,
        dice: Dice = random.randrange,
    ) -> None:
        self.places: dict[int, QueuePlace] = {}
        self._dsn = dsn
        self._pool = pool
        self._clock = clock
        self._batcher = batcher
        self._directory = directory
        self._hub = hub
        self._bus = bus
        self._dice = dice
        self._wake = asyncio.Event()
        self._connection: asyncpg.Connection | None = None

    def wake(self) -> None:
        """A chat waits, a place is free, or somebody became available."""
        self._wake.set()

    async def run(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), SWEEP_S)
            self._wake.clear()
            try:
                if await rows.anybody_waits(self._pool, self._unanswered_since(self._clock.now())):
                    await self.run_once()
                elif self.places:
                    self._tell_places([], {})
            except AWAY as error:
                log.warning("routing_away", error=type(error).__name__)
                self.close()
                await asyncio.sleep(0.2)

    async def run_once(self) -> None:
        """Look at the whole queue once and give what can be given."""
        connection = await self._connect()
        await rows.lock(connection)
        try:
            now = self._clock.now()
            queue = [self._timed(waiting, now) for waiting in await rows.queue(connection)]
            told = frozenset(w.conversation_id for w in queue if w.told)
            policy = self._policy(await rows.first_line(connection))
            workloads = await rows.workloads(connection, self._directory.preferences.max_chats, now)
            waiting = [w for w in queue if not w.rings]
            decisions = route(waiting, workloads, policy=policy, now=now, dice=self._dice)
            overdue = await rows.overdue(connection, self._unanswered_since(now))
            given = await self._carry_out([*decisions, *pass_on(overdue, workloads, now)], told)
            if given:
                await rows.note_assigned(connection, given, now)
            await self._tell_waiting(connection, queue, decisions, told, now)
        finally:
            if not connection.is_closed():
                await rows.unlock(connection)

    def _unanswered_since(self, now: datetime) -> datetime:
        return now - timedelta(minutes=self._directory.preferences.agent_timeout_minutes)

    def _timed(self, waiting: Waiting, now: datetime) -> Waiting:
        """Who came in business hours, or was told to wait, came in time, though it is late meanwhile (LIFE-1)."""
        hours = self._directory.hours_of(waiting.department_id)
        in_time = waiting.told or is_open(hours, waiting.queued_at)
        return waiting._replace(is_open=is_open(hours, now), in_time=in_time)

    def _policy(self, first_line: frozenset[int]) -> Policy:
        preferences = self._directory.preferences
        return Policy(
            preferences.distribution,
            preferences.last_agent,
            first_line,
            timedelta(seconds=preferences.ring_seconds),
        )

    async def _carry_out(self, decisions: Sequence[Decision | Passed], told: frozenset[int]) -> list[int]:
        """Submit the plan as ordinary commands; returns the agents who were given a chat."""
        commands = [c for decision in decisions if (c := _command(decision, told)) is not None]
        results = await asyncio.gather(
            *(self._batcher.perform(command) for command in commands), return_exceptions=True
        )
        given = []
        for command, result in zip(commands, results, strict=True):
            if isinstance(result, BaseException):
                if not isinstance(result, Refused):
                    raise result
                if result.code in ("retry", "busy"):
                    self._wake.set()
            elif isinstance(command, Assign | Ring | PassOn) and command.agent_id is not None:
                given.append(command.agent_id)
        return given

    async def _tell_waiting(
        self,
        connection: Connection,
        queue: Sequence[Waiting],
        decisions: Sequence[Decision],
        told: frozenset[int],
        now: datetime,
    ) -> None:
        """Tell those who go on waiting their place and the estimate, if it has changed (VISITOR-11).

        In hours, a chat that was told to wait goes on waiting also when its agents have left meanwhile.
        """
        waiting = {
            d.conversation_id
            for d in decisions
            if isinstance(d, Full | Offered) or (isinstance(d, Nobody) and d.conversation_id in told)
        }
        still = [w for w in queue if w.rings or w.conversation_id in waiting]
        pace = await rows.pace(connection, now) if still else {}
        self._tell_places(still, pace)

    def _tell_places(self, still: Sequence[Waiting], pace: dict[int | None, float]) -> None:
        places: dict[int, QueuePlace] = {}
        ahead: dict[int | None, int] = {}
        for chat in still:
            position = ahead[chat.department_id] = ahead.get(chat.department_id, 0) + 1
            step = pace.get(chat.department_id)
            wait = None if step is None else round(step * position)
            place = places[chat.conversation_id] = QueuePlace(position, wait)
            if self.places.get(chat.conversation_id) != place:
                self.hear_place(chat.conversation_id, place)
                self._bus.send("queue", chat.conversation_id, position, wait)
        self.places = places

    def hear_place(self, conversation_id: int, place: QueuePlace) -> None:
        self.places[conversation_id] = place
        self._hub.tell_visitors(
            conversation_id, encode(QueueFrame(conversation_id, place.position, place.wait))
        )

    def place_of(self, conversation_id: int) -> QueuePlace | None:
        """Where a waiting chat stood when routing last looked."""
        return self.places.get(conversation_id)

    async def _connect(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._dsn)
        return self._connection

    def close(self) -> None:
        """Let go of the connection; the next look makes a new one."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


def _command(decision: Decision | Passed, told: frozenset[int]) -> Command | None:
    match decision:
        case Given(conversation_id, agent_id, why, chats, returns):
            return Assign(conversation_id, agent_id, why, chats, SYSTEM, returns=returns)
        case Offered(conversation_id, agent_id, why, returns):
            return Ring(conversation_id, agent_id, why, SYSTEM, returns=returns)
        case Passed(conversation_id, passed_to):
            return PassOn(conversation_id, passed_to, SYSTEM)
        case Full(conversation_id) if conversation_id not in told:
            return KeepWaiting(conversation_id, SYSTEM)
        case Nobody(conversation_id) if conversation_id not in told:
            return TurnIntoTicket(conversation_id, NOBODY, SYSTEM)
        case Outside(conversation_id):
            return TurnIntoTicket(conversation_id, OUTSIDE, SYSTEM)
        case _:
            return None
