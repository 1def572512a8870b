"""The two WebSocket doors (docs/protocol.md): from frames to commands, and the life of one socket.

A plain ASGI application: the framework's socket classes would cost time on every frame.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from deskbell.api import auth
from deskbell.api.doorstep import Doorstep
from deskbell.api.origin import is_own
from deskbell.api.ports import Edge
from deskbell.api.security import JSON_DEPTH, depth
from deskbell.api.talk import StaffTalk, Talk, VisitorTalk
from deskbell.desk.desk import Desk
from deskbell.domain.errors import Refused
from deskbell.kit import net
from deskbell.kit.clock import milliseconds
from deskbell.kit.ids import public_id
from deskbell.kit.limits import Buckets
from deskbell.kit.logs import Log
from deskbell.kit.postgres import AWAY
from deskbell.realtime import frames
from deskbell.realtime.actions import decode_staff
from deskbell.realtime.connection import Connection
from deskbell.settings import Settings
from deskbell.store.customers import Visitor

log = Log()

HELLO_S = 5.0
HEARTBEAT_MS = 25_000
VISITOR_SOCKETS = 8
STAFF_SOCKETS = 20
BAD_FRAMES_A_MINUTE = 10
LATE_HELLO = "The first frame must be hello, within 5 seconds."

# Codes with which a socket is closed: RFC 6455 knows the first two, docs/protocol.md the others.
GOING_AWAY, AGAIN = 1001, 1013
AUTH, FORBIDDEN, RATE, DRAIN, BAD_FRAME, VERSION = 4001, 4003, 4008, 4013, 4014, 4015

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Allowance:
    """What one socket may send: `rate` frames a second with a burst, and few bad ones."""

    def __init__(self, rate: int, burst: int) -> None:
        self.rate = rate
        self._burst = burst
        self._room, self._refilled = float(burst), time.monotonic()
        self._bad: deque[float] = deque(maxlen=BAD_FRAMES_A_MINUTE)

    def has_room(self, now: float) -> bool:
        self._room = min(self._burst, self._room + (now - self._refilled) * self.rate) - 1
        self._refilled = now
        return self._room >= 0

    def bad_enough(self, now: float) -> bool:
        """One more bad frame; true when it was one too many within a minute."""
        self._bad.append(now)
        return len(self._bad) == BAD_FRAMES_A_MINUTE and now - self._bad[0] < 60


class Sockets:
    """Serves `/api/socket` and `/api/widget/socket`."""

    def __init__(self, desk: Desk, edge: Edge, messages: Buckets) -> None:
        self._desk = desk
        self._edge = edge
        self._messages = messages
        self._doorstep = Doorstep()
        self._draining = False

    async def staff(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        await receive()
        if not is_own(self._edge.settings, headers.get("origin"), headers.get("host")):
            await send({"type": "websocket.close", "code": FORBIDDEN})  # before accept: HTTP 403
            return
        await send({"type": "websocket.accept"})
        cookies = _cookies(headers.get("cookie", ""))
        try:
            found = await auth.session_of(self._edge, cookies)
        except AWAY:
            await _bye(send, AGAIN, "The desk cannot be reached just now.")
            return
        if found is None:
            await _bye(send, AUTH, "Please sign in.")
            return
        connection = self._connection(send)
        connection.staff_id = found.staff.id
        connection.session_id = found.session_id
        connection.name = found.staff.name
        connection.supervises = found.staff.role in ("supervisor", "admin")
        connection.departments = frozenset(found.staff.departments)
        connection.expires_at = time.monotonic() + (found.expires_at - self._edge.clock.now()).total_seconds()
        talk = StaffTalk(self._desk, connection, auth.actor(found.staff))

        async def turned_away() -> tuple[int, str] | None:
            again = await auth.session_of(self._edge, cookies)
            if again is None:
                return AUTH, "Please sign in."
            if auth.actor(again.staff) != auth.actor(found.staff):
                return GOING_AWAY, "Your rights have changed."
            if len(self._desk.hub.agents.get(connection.staff_id, ())) >= STAFF_SOCKETS:
                return RATE, f"At most {STAFF_SOCKETS} consoles at once."
            return None

        await self._converse(talk, receive, decode_staff, None, turned_away)

    async def visitor(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        address = net.limit_key(client_address(scope, self._edge.settings))
        with self._doorstep.place(address) as has_room:
            await send({"type": "websocket.accept"})
            if not has_room:
                await _bye(send, AGAIN, "Too many connections are being opened just now.")
                return
            entered = await self._entered(receive, send)
        if entered is None:
            return
        hello, visitor = entered
        if len(self._desk.hub.customers.get(visitor.customer_id, ())) >= VISITOR_SOCKETS:
            await _bye(send, RATE, f"At most {VISITOR_SOCKETS} connections at once.")
            return
        connection = self._connection(send)
        connection.customer_id = visitor.customer_id
        connection.name = visitor.name
        talk = VisitorTalk(self._desk, connection, visitor, self._messages, address)
        await self._converse(talk, receive, frames.decode_visitor, hello)

    async def _entered(self, receive: Receive, send: Send) -> tuple[frames.Hello, Visitor] | None:
        """The first frame and whose token is in it; None for a stranger, who has been told."""
        hello = await _hello_in_time(receive)
        if hello is None or not hello.token:
            await _bye(
                send, AUTH, LATE_HELLO if hello is None else "The first frame must be hello with a token."
            )
            return None
        try:
            visitor = await auth.find_visitor(self._edge.pool, hello.token, self._edge.clock.now())
        except AWAY:
            await _bye(send, AGAIN, "The desk cannot be reached just now.")
            return None
        if visitor is None:
            await _bye(send, AUTH, "This token is unknown.")
            return None
        return hello, visitor

    def _connection(self, send: Send) -> Connection:
        connection = Connection(public_id()[:16], send, self._desk.hub.mark_dirty)
        connection.heard_at = time.monotonic()
        return connection

    async def _converse(
        self,
        talk: Talk,
        receive: Receive,
        decode: Callable[[str], Any],
        hello: frames.Hello | None,
        turned_away: Callable[[], Awaitable[tuple[int, str] | None]] | None = None,
    ) -> None:
        """Greet, then handle frames until the socket goes.

        `turned_away` looks again at the rights, once news of a change can reach the socket: a code and why, or None.
        """
        connection, hub = talk.connection, self._desk.hub
        if (task := asyncio.current_task()) is not None:
            connection.on_stuck = task.cancel
        hub.add(connection)  # before anything is waited for: from now on the end of its session reaches it
        try:
            hello = hello or await _hello_in_time(receive)
            reason = self._refusal(hello) or (await turned_away() if turned_away is not None else None)
            if reason is not None:
                connection.close(*reason)
            elif hello is not None and not connection.is_closing:
                await self._greet(talk, hello)
            await self._listen(talk, receive, decode)
        except AWAY:
            connection.close(AGAIN, "The desk cannot be reached just now.", 1000)
        except asyncio.CancelledError:
            if not connection.is_stuck:
                raise
        finally:
            hub.remove(connection)
            if not connection.is_stuck:
                await _settle(connection)

    def _refusal(self, hello: frames.Hello | None) -> tuple[int, str, int] | None:
        """The code, why, and when to come back."""
        if hello is None:
            return AUTH, LATE_HELLO, 0
        if hello.v != frames.PROTOCOL:
            return VERSION, f"This desk speaks version {frames.PROTOCOL}. Please reload.", 0
        return (DRAIN, "This server is stopping.", 500) if self._draining else None

    async def _greet(self, talk: Talk, hello: frames.Hello) -> None:
        ready = frames.Ready(
            frames.PROTOCOL,
            talk.connection.id,
            self._desk.node,
            milliseconds(self._edge.clock.now()),
            HEARTBEAT_MS,
        )
        await talk.arrive(ready)
        for key, seq in hello.have.items():
            if key.isascii() and key.isdecimal() and len(key) < 19:
                with _errors_of(talk.connection, int(key)):
                    await talk.watch(int(key), seq)

    async def _listen(self, talk: Talk, receive: Receive, decode: Callable[[str], Any]) -> None:
        connection, limits = talk.connection, self._edge.settings
        if connection.staff_id:
            allowance = Allowance(limits.staff_frames_per_s, limits.staff_frames_burst)
        else:
            allowance = Allowance(limits.visitor_frames_per_s, limits.visitor_frames_burst)
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return
            now = connection.heard_at = time.monotonic()
            text = message.get("text")
            if text is None or len(text) > frames.MAX_MESSAGE_BYTES:
                connection.close(BAD_FRAME, "Only text frames of at most 64 KiB are understood.")
                continue
            for part in text.split("\n"):
                if connection.is_closing:
                    break
                if not allowance.has_room(now):
                    connection.close(RATE, f"At most {allowance.rate} frames a second.", 10_000)
                    break
                problem = await self._handle(talk, part, decode)
                if problem is not None:
                    connection.push(frames.encode(frames.ErrorFrame("bad_frame", problem)))
                    if allowance.bad_enough(now):
                        connection.close(BAD_FRAME, "Too many frames could not be understood.", 10_000)

    async def _handle(self, talk: Talk, part: str, decode: Callable[[str], Any]) -> str | None:
        """Handle one frame; a sentence if it could not be understood."""
        if part.count("{") + part.count("[") > JSON_DEPTH and depth(part.encode()) > JSON_DEPTH:
            return f"A frame may be nested at most {JSON_DEPTH} deep."
        try:
            frame = decode(part)
        except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError) as error:
            return f"This frame could not be understood: {str(error)[:200]}"
        with _errors_of(talk.connection, getattr(frame, "c", 0)):
            await talk.handle(frame)
        return None

    async def drain(self, spread_ms: int) -> None:
        """Tell every socket to come back elsewhere, spread over a while, resumable."""
        self._draining = True
        for n, connection in enumerate(list(self._desk.hub.connections)):
            connection.close(DRAIN, "This server is stopping.", 100 + n % max(1, spread_ms))
        self._desk.hub.flush()
        for _ in range(50):
            if not self._desk.hub.connections:
                return
            await asyncio.sleep(0.02)


async def _first_hello(receive: Receive) -> frames.Hello | None:
    message = await receive()
    text = message.get("text")
    if message["type"] != "websocket.receive" or text is None or len(text) > frames.MAX_MESSAGE_BYTES:
        return None
    try:
        hello = frames.decode_visitor(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError):
        return None
    return hello if isinstance(hello, frames.Hello) else None


async def _hello_in_time(receive: Receive) -> frames.Hello | None:
    try:
        return await asyncio.wait_for(_first_hello(receive), HELLO_S)
    except TimeoutError:
        return None


@contextmanager
def _errors_of(connection: Connection, conversation_id: int) -> Iterator[None]:
    """What goes wrong with one frame is told to its sender, and harms nothing else."""
    error = frames.ErrorFrame("internal", "Something went wrong here.")
    try:
        yield
    except Refused as refused:
        error = frames.ErrorFrame(refused.code, refused.text)
    except AWAY:
        error = frames.ErrorFrame("retry", "The desk is away just now.")
    except Exception:
        log.exception("frame_failed")
    else:
        return
    if conversation_id:
        error.c = conversation_id
    connection.push(frames.encode(error))


async def _bye(send: Send, code: int, text: str) -> None:
    bye = frames.encode(frames.Bye(code, text, 1000))
    await send({"type": "websocket.send", "text": bye.decode()})
    await send({"type": "websocket.close", "code": code, "reason": text})


async def _settle(connection: Connection) -> None:
    """Let what still waits (a bye) leave before the application returns and the server cuts the line."""
    connection.flush()
    await connection.written()


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def client_address(scope: Scope, settings: Settings) -> str:
    """Where a socket comes from, forwarding headers believed only from trusted proxies (BLOCK-4)."""
    forwarded = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    client = scope.get("client")
    return net.client_address(client[0] if client else None, forwarded, settings.trusted_proxies)


def _cookies(header: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in header.split(";"))
    return {name.strip(): value.strip().strip('"') for name, _, value in pairs}
