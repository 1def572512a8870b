"""What the run itself asks of the desk: preferences and departments before the storm, threads and cards after it."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Any

import httpx

from tests.torture.story import Staff

Thread = list[dict[str, Any]]
Card = dict[str, Any]
TRIES = 5


class Doors:
    """Calls of one member of staff to one node. Raises httpx.HTTPError."""

    def __init__(self, http: httpx.AsyncClient, node: str, cookie: str, origin: str) -> None:
        self._http = http
        self._node = node
        self._headers = {"Cookie": cookie, "Origin": origin, "X-Deskbell": "1"}

    async def _ask(self, method: str, path: str, **more: Any) -> Any:
        reply = await self._http.request(method, self._node + path, headers=self._headers, **more)
        reply.raise_for_status()
        return reply.json()

    async def prefer(self, **values: Any) -> None:
        await self._ask("PATCH", "/api/preferences", json=values)

    async def department(self, name: str, members: Sequence[int]) -> int:
        """Its number. For admins."""
        body = {"name": name, "staff": list(members), "offered": False}
        return int((await self._ask("POST", "/api/departments", json=body))["id"])

    async def staff(self) -> Staff:
        team = (await self._ask("GET", "/api/team"))["staff"]
        supervisors = frozenset(person["id"] for person in team if person["role"] != "agent")
        return Staff({person["name"]: person["id"] for person in team}, supervisors)

    async def wait_for(self, staff_id: int) -> None:
        """Until this person is Online for the desk. Raises TimeoutError."""
        for _ in range(100):
            team = (await self._ask("GET", "/api/team"))["staff"]
            if any(person["id"] == staff_id and person["online"] for person in team):
                return
            await asyncio.sleep(0.1)
        raise TimeoutError

    async def everything(self, numbers: Iterable[int]) -> tuple[dict[int, Thread], dict[int, Card]]:
        """Threads and cards of one moment each: the clock goes on changing them."""
        threads, cards = {}, {}
        for c in numbers:
            for _ in range(TRIES):
                thread = await self._thread(c)
                card = await self._ask("GET", f"/api/conversations/{c}")
                if thread and thread[-1]["seq"] == card["last_seq"]:
                    break
            threads[c] = thread
            cards[c] = {**card, "entries": [], "read_at": round(time.time() * 1000)}
        return threads, cards

    async def _thread(self, c: int) -> Thread:
        entries: Thread = []
        while True:
            params = {"after": entries[-1]["seq"] if entries else 0, "limit": 200}
            page = await self._ask("GET", f"/api/conversations/{c}/entries", params=params)
            entries += [{"id": None, "text": "", **entry} for entry in page["entries"]]
            if not page["more"]:
                return entries
