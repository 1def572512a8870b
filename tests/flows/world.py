"""Two nodes on one database, their people, and what must hold of everything that is stored and was pushed."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import msgspec

from deskbell.desk.present import row_of
from deskbell.domain.commands import Command
from deskbell.domain.conversation import Conversation
from deskbell.domain.people import Customer, Staff
from deskbell.kit.clock import FixedClock
from deskbell.realtime.frames import Row
from deskbell.store import changes, preferences
from tests.cast import ADA, NOW, STAFF, SUPPORT, SVEN, crowd, switch
from tests.desk.house import House, eventually, open_house
from tests.fakes import Ear
from tests.flows.replay import IDS, Line, replay

PSST = "psst"
NIGHT = {"zone": "UTC", "weekly": [[]] * 7, "holidays": []}
_EMPTY = "TRUNCATE conversation, entry, notification, seen, file, letter, presence, node, preference CASCADE"
_CONVERSATIONS = f"""
SELECT {", ".join(f"c.{name}" for name in changes.COLUMNS)}, cu.name
FROM conversation c JOIN customer cu ON cu.id = c.customer_id ORDER BY c.id"""
_LINES = "SELECT conversation_id, seq, kind, public, author, text, data FROM entry ORDER BY 1, 2"
_LAST_AGENTS = "SELECT id, last_agent_id FROM customer"
_ACTED = "SELECT conversation_id, author_id FROM entry WHERE author = 'agent' AND client_id IS NOT NULL"
_LISTENERS = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"""


class Cards:
    """What one console on one node shows: the rows it began with, and what was pushed to it since."""

    def __init__(self, ear: Ear, rows: dict[int, Row]) -> None:
        self.ear, self.rows = ear, dict(rows)

    def now(self) -> dict[int, Row]:
        for frame in self.ear.news():
            if frame.get("s") is not None:
                row = msgspec.convert(frame["s"], Row)
                known = self.rows.get(row.id)
                if known is None or row.last_seq >= known.last_seq:
                    self.rows[row.id] = row
        return self.rows


class Node:
    """A house, and the screens that are open on it: of a supervisor, of Ada, and of every customer."""

    def __init__(self, house: House, stack: AsyncExitStack, world: "World") -> None:
        self.house, self.stack = house, stack
        supervisor, ada = house.ear(SVEN), house.ear(ADA)
        house.hub.supervisors.add(supervisor.connection)
        self.everything = Cards(supervisor, world.rows)
        self.adas = Cards(ada, concerning_ada(world.rows))
        self.visitors = []
        for customer in world.customers:
            own = [c.id for c in world.stored.values() if c.customer_id == customer.id]
            self.visitors.append(house.ear(customer, *own))


def concerning_ada(rows: dict[int, Row]) -> dict[int, Row]:
    """Those cards that stand in one of her lists."""

    def concerns(row: Row) -> bool:
        to, department = (row.transfer.to, row.transfer.department) if row.transfer else (None, None)
        return (
            ADA.id in (row.owner, row.offered_to, to, *row.mentioned)
            or department == SUPPORT
            or (row.state == "unassigned" and row.department in (None, SUPPORT))
        )

    return {number: row for number, row in rows.items() if concerns(row)}


class World:
    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.clock = FixedClock(NOW)
        self.nodes: dict[str, Node] = {}
        self.customers: list[Customer] = []
        self.stored: dict[int, Conversation] = {}
        self.rows: dict[int, Row] = {}
        self.lines: dict[int, list[Line]] = {}
        self.last_agents: dict[int, int | None] = {}
        self.acted: set[tuple[int, int]] = set()
        self.here: set[Staff] = set()
        self.values: dict[str, Any] = {}

    @property
    def house(self) -> House:
        return next(iter(self.nodes.values())).house

    async def open(self) -> None:
        """Empty the database, and begin."""
        async with open_house(self.dsn, clock=self.clock) as house:
            await house.pool.execute(_EMPTY)
            await switch(house.pool, STAFF, NOW, on=False)
            self.customers = await crowd(house.pool, 3)
        for name in ("one", "two"):
            await self.start_node(name)

    async def start_node(self, name: str) -> None:
        stack = AsyncExitStack()
        house = await stack.enter_async_context(
            open_house(self.dsn, clock=self.clock, node=name, listens=True)
        )
        self.nodes[name] = Node(house, stack, self)

        async def all_listen() -> bool:
            return bool(await house.pool.fetchval(_LISTENERS) == len(self.nodes))

        async def all_know() -> bool:
            return not any(node.house.desk.bus.alone for node in self.nodes.values())

        await eventually(all_listen)
        for node in self.nodes.values():
            await node.house.desk.bus.announce()
        if len(self.nodes) > 1:
            await eventually(all_know)

    async def stop_node(self, name: str) -> None:
        await self.nodes.pop(name).stack.aclose()

    async def close(self) -> None:
        for name in list(self.nodes):
            await self.stop_node(name)

    # -- what happens

    async def together(self, *orders: tuple[str, Command]) -> None:
        """These arrive at the same moment at their nodes."""
        await asyncio.gather(*(self.nodes[node].house.together(command) for node, command in orders))

    async def appear(self, who: Staff, *, on: bool) -> None:
        (self.here.add if on else self.here.discard)(who)
        await switch(self.house.pool, [who], self.clock.now(), on=on)

    async def prefer(self, **values: Any) -> None:
        self.values |= values
        await preferences.save(self.house.pool, values, None)
        for node in self.nodes.values():
            await node.house.desk.changed("preferences")

    async def wait(self, time: timedelta) -> None:
        """Consoles stay connected meanwhile."""
        self.clock.advance(time)
        await switch(self.house.pool, self.here, self.clock.now())

    async def sweep(self) -> None:
        await asyncio.gather(*(node.house.desk.timekeeper.sweep() for node in self.nodes.values()))
        await asyncio.gather(*(node.house.desk.timekeeper.archive() for node in self.nodes.values()))

    async def route(self) -> None:
        """Both routers look until there is nothing more to give, and what they have given is within the maximum."""
        known = {number: len(lines) for number, lines in self.lines.items()}
        for _ in range(3):
            await asyncio.gather(*(node.house.route() for node in self.nodes.values()))
        await self.read()
        loads = self.loads()
        given = [
            (number, line)
            for number, lines in self.lines.items()
            for line in lines[known.get(number, 0) :]
            if line.author == "system"
            and line.data
            and line.data["name"] in ("assigned", "offered", "passed")
        ]
        back = {line.data["agent"] for number, line in given if line.data and self.has_returned(number, line)}
        for _, line in given:
            if line.data and line.data["agent"] not in back:
                assert loads[IDS[line.data["agent"]]] <= self.maximum, line.text
        for c in self.stored.values():
            if c.state == "queued":
                assert not self.who_could_take(c), f"{c.id} waits"
                assert c.queue_told, f"{c.id} was neither told to wait nor made a ticket"

    def has_returned(self, number: int, line: Line) -> bool:
        """Whether a revived chat goes back to its owner with this line, full or not (LIFE-3)."""
        revived = any(
            one.data and one.data.get("name") == "revived" for one in self.lines[number][: line.seq]
        )
        return revived and line.text.endswith("dealt with this customer last")

    @property
    def maximum(self) -> int:
        return int(self.values.get("max_chats", 5))

    def loads(self) -> Counter[int]:
        live = Counter(c.owner_id or 0 for c in self.stored.values() if c.state == "live")
        return live + Counter(c.offered_to or 0 for c in self.stored.values() if c.state == "offered")

    def who_could_take(self, c: Conversation) -> list[str]:
        """Available people with room for a waiting chat, who were not asked just now."""
        loads = self.loads()
        able = [p for p in self.here if c.department_id is None or c.department_id in p.departments]
        free = [p for p in able if loads[p.id] < self.maximum or self.returns_to(c, p)]
        rings = self.values.get("distribution") == "offer"
        if rings and c.offered_at and self.clock.now() - c.offered_at < timedelta(seconds=30):
            free = [p for p in free if p.id not in c.declined]
        return [p.name for p in free]

    def returns_to(self, c: Conversation, who: Staff) -> bool:
        """A chat that was closed goes back to who dealt with this customer last, if they had it then."""
        revived = c.queued_at and c.queued_at > c.created_at
        last = self.last_agents.get(c.customer_id) == who.id
        return bool(revived and last and (c.id, who.id) in self.acted)

    # -- what must hold

    async def read(self) -> None:
        pool = self.house.pool
        self.stored, self.rows, self.lines = {}, {}, {}
        for record in await pool.fetch(_CONVERSATIONS):
            c = changes.conversation_of(record)
            self.stored[c.id] = c
            self.rows[c.id] = row_of(c, record["name"])
            self.lines[c.id] = []
        self.last_agents = {row[0]: row[1] for row in await pool.fetch(_LAST_AGENTS)}
        self.acted = {(row[0], row[1]) for row in await pool.fetch(_ACTED)}
        for number, *line in await pool.fetch(_LINES):
            self.lines[number].append(Line(*line))

    async def check(self) -> None:
        await self.read()
        for c in self.stored.values():
            self.check_one(c, self.lines[c.id])
        open_ones = [c for c in self.stored.values() if c.converted and c.is_open_ticket]
        assert len({c.customer_id for c in open_ones}) == len(open_ones)
        await self.check_pushed()

    def check_one(self, c: Conversation, lines: list[Line]) -> None:
        assert [line.seq for line in lines] == list(range(1, c.last_seq + 1))
        told = replay(lines)
        stands = (c.kind, c.state, c.flagged_at is not None, c.in_transfer, c.offered_to)
        assert stands == (told.kind, told.state, told.flagged, told.transfer, told.ringing)
        assert c.owner_id == told.owner
        if c.state in ("live", "pending", "assigned"):
            assert c.owner_id is not None
        comments = [line for line in lines if line.kind == "comment"]
        assert c.comments == len(comments)
        assert not any(line.public for line in comments)
        if c.state not in ("live", "pending"):
            assert c.mentioned == ()
            assert not any(line.text or line.data for line in comments)

    async def check_pushed(self) -> None:
        """Every console shows what is stored, and no customer heard a comment."""

        async def shown() -> bool:
            return all(n.everything.now() == self.rows for n in self.nodes.values()) and all(
                concerning_ada(n.adas.now()) == concerning_ada(self.rows) for n in self.nodes.values()
            )

        try:
            await eventually(shown, seconds=20)
        except TimeoutError:
            for node in self.nodes.values():
                assert node.everything.now() == self.rows
                assert concerning_ada(node.adas.now()) == concerning_ada(self.rows)
        for node in self.nodes.values():
            for visitor in node.visitors:
                assert PSST not in str(visitor.news())
