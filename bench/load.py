"""The load generator: a process of its own that speaks docs/protocol.md to the desk and to the limit program.

`python -m bench.load` reads a Plan as JSON from standard input and prints a Report as JSON. Visitors write, each in
its own chat; agents receive; every acknowledgement and every delivery is counted.

- `closed`: each visitor keeps `window` messages unanswered. Measures what the server can do.
- `idle`: all only listen, until standard input ends.
- `open`: messages leave at moments drawn beforehand (Poisson, `rate` a second), whatever the server does; times
  count from the planned moment, so a stall is charged to every message it held up (no coordinated omission).
"""

import asyncio
import gc
import random
import sys
import threading
import time
from array import array
from typing import Any

import msgspec
import uvloop
from msgspec import Struct
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

TEXT = "Hello, my parcel was to come on Tuesday and the page says it is still on its way. "
DRAIN_STEPS = 300
DRAIN_STEP_SECONDS = 0.05
HEARTBEAT_SECONDS = 15.0
CONNECT_AT_ONCE = 50


class Visitor(Struct):
    """A token and the conversation it writes in (0: it only listens)."""

    token: str
    c: int


class Plan(Struct):
    """`url` without path, as in ws://127.0.0.1:8384; `agents` are cookies."""

    url: str
    origin: str
    visitors: list[Visitor]
    agents: list[str]
    kind: str
    seconds: float
    warm_up: float = 1.0
    window: int = 2
    rate: float = 1000.0


class Report(Struct):
    """Times in milliseconds. `per_s` counts acknowledgements within the measured seconds; `server_us` is the
    server's CPU per message, put in by whoever watched it."""

    acked: int
    sent: int
    at_agents: int
    at_visitors: int
    nacks: int
    closed: int
    per_s: float
    ack_p50: float = 0.0
    ack_p99: float = 0.0
    delivery_p50: float = 0.0
    delivery_p99: float = 0.0
    late_p99: float = 0.0
    cpu_s: float = 0.0
    server_us: float = 0.0


class _Entry(Struct):
    text: str = ""


class _Frame(Struct):
    """The few fields of any frame that the generator looks at; the rest is skipped."""

    t: str
    id: str = ""
    e: _Entry | None = None


_decode = msgspec.json.Decoder(_Frame).decode


class Load:
    """All sockets and counters of one plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.run = f"{random.getrandbits(40):x}"
        self.writers: list[Socket] = []
        self.sockets: list[Socket] = []
        self.planned = array("d")
        self.acked_at = array("d")
        self.delivered_at = array("d")
        self.sent_at = array("d")
        self._acks_before = 0
        self._chance = random.Random(7)
        self.acks = self.nacks = self.at_agents = self.at_visitors = self.closed = 0
        self.open = plan.kind == "open"
        self.sending = False

    async def connect(self) -> None:
        turn = asyncio.Semaphore(CONNECT_AT_ONCE)
        people = [Socket(self, "/api/socket", 0, "", cookie) for cookie in self.plan.agents]
        people += [Socket(self, "/api/widget/socket", v.c, v.token, "") for v in self.plan.visitors]
        await asyncio.gather(*(person.connect(turn) for person in people))
        self.sockets = people
        self.writers = [person for person in people if person.c]

    def send(self, socket: "Socket", planned: float) -> None:
        """One message with the next number; its id and its text carry the number."""
        number = len(self.planned)
        self.planned.append(planned)
        self.acked_at.append(0.0)
        self.delivered_at.append(0.0)
        self.sent_at.append(time.monotonic())
        socket.write(
            f'{{"t":"send","id":"{self.run}-{number}","c":{socket.c},"text":"{self.run}-{number} {TEXT}"}}'
        )

    def acked(self, socket: "Socket", frame_id: str) -> None:
        number = self._number(frame_id)
        if number is None or self.acked_at[number]:
            return
        self.acked_at[number] = time.monotonic()
        self.acks += 1
        if self.sending and not self.open:
            self.send(socket, time.monotonic())

    def delivered(self, text: str, to_agent: bool) -> None:
        number = self._number(text.partition(" ")[0])
        if number is None:
            return
        if to_agent:
            self.at_agents += 1
            self.delivered_at[number] = time.monotonic()
        else:
            self.at_visitors += 1

    def _number(self, name: str) -> int | None:
        run, _, number = name.partition("-")
        return int(number) if run == self.run else None

    async def measure(self) -> Report:
        self.sending = True
        cpu = time.process_time()
        if self.open:
            first, seconds = await self._open_loop()
        else:
            first, seconds = await self._closed_loop()
        self.sending = False
        last = len(self.planned)
        cpu = time.process_time() - cpu
        acks_within = self._within(first, last, seconds)
        await self._drain()
        return self._report(first, last, acks_within / seconds, cpu)

    def _within(self, first: int, last: int, seconds: float) -> int:
        if self.open:
            return sum(1 for n in range(first, last) if self.acked_at[n])
        return self.acks - self._acks_before

    async def _closed_loop(self) -> tuple[int, float]:
        now = time.monotonic()
        for socket in self.writers:
            for _ in range(self.plan.window):
                self.send(socket, now)
        await asyncio.sleep(self.plan.warm_up)
        self._acks_before, began, first = self.acks, time.monotonic(), len(self.planned)
        await asyncio.sleep(self.plan.seconds)
        return first, time.monotonic() - began

    async def _open_loop(self) -> tuple[int, float]:
        """A thread wakes the loop at the planned moments: the loop's own timers are a millisecond coarse."""
        whole = self.plan.warm_up + self.plan.seconds
        moments = array("d")
        moment = 0.0
        while moment < whole:
            moment += self._chance.expovariate(self.plan.rate)
            moments.append(moment)
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        start = time.monotonic() + 0.05
        thread = threading.Thread(target=_ring, args=(loop, moments, start, self._due, done), daemon=True)
        thread.start()
        await done.wait()
        first = next(n for n, at in enumerate(self.planned) if at - start >= self.plan.warm_up)
        return first, self.plan.seconds

    def _due(self, planned: float) -> None:
        self.send(self._chance.choice(self.writers), planned)

    async def _drain(self) -> None:
        """Until everything sent is answered and delivered, or for 15 s."""
        for _ in range(DRAIN_STEPS):
            if self._complete():
                return
            await asyncio.sleep(DRAIN_STEP_SECONDS)

    def _complete(self) -> bool:
        want = len(self.planned)
        agents_have = self.at_agents >= want or not self.plan.agents
        return self.acks + self.nacks >= want and agents_have and self.at_visitors >= want

    def _report(self, first: int, last: int, per_s: float, cpu: float) -> Report:
        report = Report(
            acked=self.acks,
            sent=len(self.planned),
            at_agents=self.at_agents,
            at_visitors=self.at_visitors,
            nacks=self.nacks,
            closed=self.closed,
            per_s=per_s,
            cpu_s=cpu,
        )
        counted = range(first, last)
        acks = sorted(self.acked_at[n] - self.planned[n] for n in counted if self.acked_at[n])
        seen = sorted(self.delivered_at[n] - self.planned[n] for n in counted if self.delivered_at[n])
        late = sorted(self.sent_at[n] - self.planned[n] for n in counted)
        report.ack_p50, report.ack_p99 = percentile(acks, 0.5) * 1e3, percentile(acks, 0.99) * 1e3
        report.delivery_p50, report.delivery_p99 = percentile(seen, 0.5) * 1e3, percentile(seen, 0.99) * 1e3
        report.late_p99 = percentile(late, 0.99) * 1e3
        return report

    async def idle(self) -> Report:
        """Hold the sockets; prints a line when all are there."""
        beats = asyncio.create_task(self.beat())
        print("connected", flush=True)
        await asyncio.to_thread(sys.stdin.buffer.read)
        beats.cancel()
        return self._report(0, 0, 0.0, 0.0)

    async def beat(self) -> None:
        """Idle sockets say so now and then, as the protocol asks."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            for n, socket in enumerate(self.sockets):
                socket.write('{"t":"ping"}')
                if n % 200 == 199:
                    await asyncio.sleep(0.01)


class Socket(WSListener):
    """One client of either kind. `c` is the conversation it writes in."""

    def __init__(self, load: Load, path: str, c: int, token: str, cookie: str) -> None:
        super().__init__()
        self.load = load
        self.path = path
        self.c = c
        self.token = token
        self.cookie = cookie
        self.is_agent = bool(cookie)
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: Any = None

    async def connect(self, turn: asyncio.Semaphore) -> None:
        headers = {"Origin": self.load.plan.origin}
        if self.cookie:
            headers["Cookie"] = self.cookie
        async with turn:
            self.transport, _ = await ws_connect(
                lambda: self,
                self.load.plan.url + self.path,
                extra_headers=headers,
                websocket_handshake_timeout=20,
                read_buffer_init_size=2048,
                use_aiofastnet=False,
            )
            await asyncio.wait_for(self.ready, 20)

    def write(self, text: str) -> None:
        self.transport.send(WSMsgType.TEXT, text.encode())

    def on_ws_connected(self, transport: WSTransport) -> None:
        token = f',"token":"{self.token}"' if self.token else ""
        transport.send(WSMsgType.TEXT, f'{{"t":"hello","v":1{token}}}'.encode())

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        for line in frame.get_payload_as_bytes().split(b"\n"):
            said = _decode(line)
            kind = said.t
            if kind == "entry":
                if said.e is not None:
                    self.load.delivered(said.e.text, self.is_agent)
            elif kind == "ack":
                self.load.acked(self, said.id)
            elif kind == "nack":
                self.load.nacks += 1
            elif kind == "ready":
                self.ready.set_result(None)
            elif kind == "ping":
                self.write('{"t":"pong"}')

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.load.closed += 1
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"{self.path} was closed before it was ready"))


def _ring(
    loop: asyncio.AbstractEventLoop, moments: "array[float]", start: float, due: Any, done: asyncio.Event
) -> None:
    for moment in moments:
        wait = start + moment - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        loop.call_soon_threadsafe(due, start + moment)
    loop.call_soon_threadsafe(done.set)


def percentile(ordered: list[float], share: float) -> float:
    """The smallest value that `share` of them do not exceed; 0 if there are none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


async def work(plan: Plan) -> Report:
    """Connect everybody, carry out the plan, report."""
    load = Load(plan)
    await load.connect()
    if plan.kind == "idle":
        return await load.idle()
    beats = asyncio.create_task(load.beat())
    gc.freeze()
    gc.disable()
    try:
        return await load.measure()
    finally:
        beats.cancel()


def main() -> None:
    plan = msgspec.json.decode(sys.stdin.buffer.readline(), type=Plan)
    report = uvloop.run(work(plan))
    print(msgspec.json.encode(report).decode(), flush=True)


if __name__ == "__main__":
    main()
