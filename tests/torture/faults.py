"""The storm: a seeded schedule of faults, with a kill every few seconds."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable

from tests.torture.client import Client
from tests.torture.stage import Database, Node

KILL_EVERY_SECONDS = (4.0, 8.0)
FAULT_EVERY_SECONDS = (0.5, 2.5)
KILLS = ("kill -9 of a node", "kill -9 of PostgreSQL", "kill -9 of the postmaster alone")
Fault = Callable[[], Awaitable[None]]


class Storm:
    """Runs faults until `seconds` are over and then heals everything. `done` counts them by name."""

    def __init__(
        self,
        seed: int,
        database: Database,
        nodes: list[Node],
        clients: list[Client],
        log: Callable[[str], None],
    ) -> None:
        self.done: Counter[str] = Counter()
        self._chance = random.Random(seed)
        self._database = database
        self._nodes = nodes
        self._clients = clients
        self._log = log

    @property
    def kills(self) -> int:
        return sum(self.done[name] for name in KILLS)

    async def rage(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            group.create_task(self._series(until, KILL_EVERY_SECONDS, self._heavy()))
            group.create_task(self._series(until, FAULT_EVERY_SECONDS, self._light()))
        await self._calm()

    async def _series(
        self, until: float, every: tuple[float, float], faults: list[tuple[str, int, Fault]]
    ) -> None:
        weights = [weight for _, weight, _ in faults]
        while True:
            await asyncio.sleep(self._chance.uniform(*every))
            if time.monotonic() > until:
                return
            name, _, fault = self._chance.choices(faults, weights)[0]
            self.done[name] += 1
            self._log(name)
            await fault()

    def _heavy(self) -> list[tuple[str, int, Fault]]:
        return [
            (KILLS[0], 8, self._kill_node),
            (KILLS[1], 4, self._kill_database),
            (KILLS[2], 3, self._kill_postmaster),
            ("SIGTERM of a node", 1, self._drain),
            ("frozen PostgreSQL", 1, self._freeze),
        ]

    def _light(self) -> list[tuple[str, int, Fault]]:
        return [
            ("cut sockets", 4, self._cut),
            ("reset sockets", 4, self._reset),
            ("stalled sockets", 3, self._stall),
            ("node without PostgreSQL", 2, self._part),
            ("PostgreSQL link reset", 3, self._reset_back),
            ("clients leave and come", 3, self._leave),
        ]

    def _node(self) -> Node:
        return self._chance.choice(self._nodes)

    async def _kill_node(self) -> None:
        self._node().kill()

    async def _kill_database(self) -> None:
        self._database.kill_all()
        await asyncio.sleep(0.5)

    async def _kill_postmaster(self) -> None:
        self._database.kill_postmaster()
        await asyncio.sleep(0.5)

    async def _drain(self) -> None:
        node = self._node()
        code = await node.terminate()
        self._log(f"node {node.name} ended with {code}")

    async def _freeze(self) -> None:
        self._database.freeze()
        await asyncio.sleep(self._chance.uniform(2, 6))
        self._database.resume()

    async def _cut(self) -> None:
        for link in self._node().front.some(self._chance.uniform(0.2, 1), self._chance):
            link.cut()

    async def _reset(self) -> None:
        for link in self._node().front.some(self._chance.uniform(0.2, 1), self._chance):
            link.reset()

    async def _stall(self) -> None:
        """A black hole for a while; afterwards some links carry what was kept, others are reset."""
        links = self._node().front.some(self._chance.uniform(0.1, 0.6), self._chance)
        for link in links:
            link.stall()
        await asyncio.sleep(self._chance.uniform(0.5, 8))
        for link in links:
            if self._chance.random() < 0.5:
                link.reset()
            else:
                link.flowing.set()

    async def _part(self) -> None:
        """One node loses the database, the other keeps it."""
        node = self._node()
        node.back.refusing = True
        for link in list(node.back.links):
            link.stall() if self._chance.random() < 0.5 else link.reset()
        await asyncio.sleep(self._chance.uniform(0.5, 4))
        node.back.heal()
        for link in list(node.back.links):
            if self._chance.random() < 0.5:
                link.reset()

    async def _reset_back(self) -> None:
        """Also in the middle of a commit: whether it took place is then unknown to the node."""
        for link in self._node().back.some(self._chance.uniform(0.1, 1), self._chance):
            link.reset()

    async def _leave(self) -> None:
        for client in self._chance.sample(self._clients, len(self._clients) // 5):
            await client.drop()

    async def _calm(self) -> None:
        self._database.resume()
        for node in self._nodes:
            node.front.heal()
            node.back.heal()
            await node.serving()
