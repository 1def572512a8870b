"""What lies between a desk and the simulator's WhatsApp, in a test's hand: every call, and every webhook."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import httpx

from tests.whatsapp_sim.sink import Sink
from whatsapp_sim.delivery import trust
from whatsapp_sim.faults import Faults
from whatsapp_sim.simulator import Simulator

FAULTS: Mapping[str, dict[str, Any]] = {
    "busy": {"graph_errors": {130429: 1}},
    "too fast": {"graph_errors": {131056: 1}},
    "trouble there": {"graph_errors": {131000: 1}},
    "token": {"graph_errors": {190: 1}},
    "never": {"graph_errors": {131026: 1}},
    "503": {"http_errors": {503: 1}},
    "502": {"http_errors": {502: 1}},
    "cut": {"cut_after_accept": 1},
    "fails later": {"failed": {131049: 1}},
    "no delivered": {"no_delivered": 1},
    "no status": {"no_status": 1},
    "read first": {"read_first": 1},
}
"""What the simulator does to one call."""
ON_THE_WAY = ("lost", "answer lost", "status first")
"""A timeout before and after it was taken; its statuses are worked on before it is answered."""
STUCK = ("stuck", "answer stuck")
"""Until `go_on`, before or after it was taken."""


class Wire(httpx.AsyncBaseTransport):
    """The calls of our nodes. `next`: what happens to the next message for somebody, by the simulator's name of them."""

    def __init__(self, sim: Simulator, before_answer: Callable[[], Awaitable[None]]) -> None:
        self.next: dict[str, str] = {}
        self.stuck, self.go_on = asyncio.Event(), asyncio.Event()
        self._sim, self._before_answer = sim, before_answer
        self._line = httpx.AsyncHTTPTransport(verify=trust(), trust_env=False)
        self._turn = asyncio.Lock()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        whom = self._whom(request)
        fault = self.next.pop(whom, "") if whom else ""
        if fault in ("lost", "stuck"):
            await self._wait(fault)
            if fault == "lost":
                raise httpx.ReadTimeout("nothing came", request=request)
        async with self._turn:
            self._sim.faults = Faults()
            self._sim.turn(**FAULTS.get(fault, {}))
            try:
                answer = await self._line.handle_async_request(request)
                await answer.aread()
            finally:
                await self._sim.idle()
                self._sim.faults = Faults()
            if fault == "status first":
                await self._before_answer()
        await self._wait(fault)
        if fault == "answer lost":
            raise httpx.ReadTimeout("nothing came", request=request)
        return answer

    async def _wait(self, fault: str) -> None:
        if fault in STUCK and not self.go_on.is_set():
            self.stuck.set()
            await self.go_on.wait()

    def _whom(self, request: httpx.Request) -> str:
        """Who gets this message; "" when it is none."""
        if request.method != "POST" or not request.url.path.endswith("/messages"):
            return ""
        body = json.loads(request.content)
        to = (body.get("to") or body.get("recipient") or "").removeprefix("+")
        user = self._sim.world.by_phone(to) or self._sim.world.by_user_id(to)
        return user.id if user else ""

    async def hang_up(self) -> None:
        await self._line.aclose()


class Letter(NamedTuple):
    """A webhook as it was posted. `said`: the messages of customers in it, (who, the service's id)."""

    headers: Mapping[str, str]
    body: bytes
    said: tuple[tuple[str, str], ...]


class Mail:
    """Webhooks that were posted: `held` until the test lets them come, `given` from then on."""

    def __init__(self, sink: Sink) -> None:
        self._sink, self._seen = sink, 0
        self.held: list[Letter] = []
        self.given: list[Letter] = []
        self.order: dict[str, list[str]] = {}
        """The messages of each customer in the order in which they first came, by the service's ids."""
        self.told: dict[str, set[str]] = {}
        """Every status that was posted of each message of ours."""

    def collect(self) -> None:
        posts, self._seen = self._sink.posts[self._seen :], len(self._sink.posts)
        for headers, body in posts:
            (entry,) = json.loads(body)["entry"]
            (change,) = entry["changes"]
            said = []
            for one in change["value"].get("messages", ()):
                if one["type"] not in ("reaction", "edit", "revoke"):
                    said.append((one["from_user_id"], one["id"]))
            for one in change["value"].get("statuses", ()):
                self.told.setdefault(one["id"], set()).add(one["status"])
            self.held.append(Letter(headers, body, tuple(said)))

    def give(self, letter: Letter) -> None:
        """It has come."""
        if letter in self.held:
            self.held.remove(letter)
            self.given.append(letter)
        for who, named in letter.said:
            order = self.order.setdefault(who, [])
            if named not in order:
                order.append(named)
