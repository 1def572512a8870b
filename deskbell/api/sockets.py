"""The two WebSocket doors (docs/protocol.md): from frames to commands, and the life of one socket.

A plain ASGI application: the framework's socket classes would cost time on every frame.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import structlog

from deskbell.api import auth
from deskbell.api.origin import is_own
from deskbell.api.ports import Edge
from deskbell.api.security import JSON_DEPTH, depth
from deskbell.api.talk import StaffTalk, Talk, VisitorTalk
from deskbell.desk.desk import Desk
from deskbell.domain.errors import Refused
from deskbell.kit.clock import milliseconds
from deskbell.kit.ids import public_id
from deskbell.kit.limits import Buckets
from deskbell.kit.postgres import AWAY
from deskbell.realtime import frames
from deskbell.realtime.connection import Connection

log = structlog.get_logger()

HELLO_S = 5.0
HEARTBEAT_MS = 25_000
VISITOR_SOCKETS = 8
STAFF_SOCKETS = 20
BAD_FRAMES_A_MINUTE = 10

AUTH, FORBIDDEN, RATE, BAD_FRAME, VERSION, DRAIN = 4001, 4003, 4008, 4014, 4015, 4013

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Sockets:
    """Serves `/api/socket` and `/api/widget/socket`."""

    def __init__(self, desk: Desk, edge: Edge, messages: Buckets) -> None:
        self._desk = desk
        self._edge = edge
        self._messages = messages
        self._draining = False

    async def staff(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        await receive()
        if not is_own(self._edge.settings, headers.get("origin"), headers.get("host")):
            await send({"type": "websocket.close", "code": FORBIDDEN})  # before accept: HTTP 403
            return
        await send({"type": "websocket.accept"})
        try:
            found = await auth.session_of(self._edge, _cookies(headers.get("cookie", "")))
        except AWAY:
            await _bye(send, 1013, "The desk cannot be reached just now.")
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
        if len(self._desk.hub.agents.get(connection.staff_id, ())) >= STAFF_SOCKETS:
            await _bye(send, RATE, f"At most {STAFF_SOCKETS} consoles at once.")
            return
        talk = StaffTalk(self._desk, connection, auth.actor(found.staff))
        await self._converse(talk, receive, frames.decode_staff, None)

    async def visitor(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        try:
            hello = await asyncio.wait_for(_first_hello(receive), HELLO_S)
        except TimeoutError:
            await _bye(send, AUTH, "The first frame must be hello, within 5 seconds.")
            return
        if hello is None or not hello.token:
            await _bye(send, AUTH, "The first frame must be hello with a token.")
            return
        try:
            visitor = await auth.find_visitor(self._edge.pool, hello.token, self._edge.clock.now())
        except AWAY:
            await _bye(send, 1013, "The desk cannot be reached just now.")
            return
        if visitor is None:
            await _bye(send, AUTH, "This token is unknown.")
            return
        if len(self._desk.hub.customers.get(visitor.customer_id, ())) >= VISITOR_SOCKETS:
            await _bye(send, RATE, f"At most {VISITOR_SOCKETS} connections at once.")
            return
        connection = self._connection(send)
        connection.customer_id = visitor.customer_id
        connection.name = visitor.name
        talk = VisitorTalk(self._desk, connection, visitor.site_id, self._messages)
        await self._converse(talk, receive, frames.decode_visitor, hello)

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
    ) -> None:
        """Greet, then handle frames until the socket goes."""
        connection, hub = talk.connection, self._desk.hub
        if hello is None:
            try:
                hello = await asyncio.wait_for(_first_hello(receive), HELLO_S)
            except TimeoutError:
                hello = None
        hub.add(connection)
        try:
            if hello is None:
                connection.close(AUTH, "The first frame must be hello, within 5 seconds.")
            elif hello.v != frames.PROTOCOL:
                connection.close(VERSION, f"This desk speaks version {frames.PROTOCOL}. Please reload.")
            elif self._draining:
                connection.close(DRAIN, "This server is stopping.", 500)
            else:
                await self._greet(talk, hello)
            await self._listen(talk, receive, decode)
        except AWAY:
            connection.close(1013, "The desk cannot be reached just now.", 1000)
        finally:
            hub.remove(connection)
            await _settle(connection)

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
                await talk.watch(int(key), seq)

    async def _listen(self, talk: Talk, receive: Receive, decode: Callable[[str], Any]) -> None:
        connection = talk.connection
        limits = self._edge.settings
        rate, burst = (
            (limits.staff_frames_per_s, limits.staff_frames_burst)
            if connection.staff_id
            else (limits.visitor_frames_per_s, limits.visitor_frames_burst)
        )
        room, refilled, bad = float(burst), time.monotonic(), 0
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return
            if connection.is_closing:
                continue
            now = connection.heard_at = time.monotonic()
            text = message.get("text")
            if text is None or len(text) > frames.MAX_MESSAGE_BYTES:
                connection.close(BAD_FRAME, "Only text frames of at most 64 KiB are understood.")
                continue
            room, refilled = min(burst, room + (now - refilled) * rate), now
            for part in text.split("\n") if "\n" in text else (text,):
                room -= 1
                if room < 0:
                    connection.close(RATE, f"At most {rate} frames a second.", 10_000)
                    break
                problem = await self._handle(talk, part, decode)
                if problem is not None:
                    bad += 1
                    connection.push(frames.encode(frames.ErrorFrame("bad_frame", problem)))
                    if bad >= BAD_FRAMES_A_MINUTE:
                        connection.close(BAD_FRAME, "Too many frames could not be understood.", 10_000)
                        break

    async def _handle(self, talk: Talk, part: str, decode: Callable[[str], Any]) -> str | None:
        """Handle one frame; a sentence if it could not be understood."""
        if part.count("{") + part.count("[") > JSON_DEPTH and depth(part.encode()) > JSON_DEPTH:
            return f"A frame may be nested at most {JSON_DEPTH} deep."
        try:
            frame = decode(part)
        except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError) as error:
            return f"This frame could not be understood: {str(error)[:200]}"
        try:
            await talk.handle(frame)
        except Refused as refused:
            talk.connection.push(frames.encode(frames.ErrorFrame(refused.code, refused.text)))
        except AWAY:
            talk.connection.push(frames.encode(frames.ErrorFrame("retry", "The desk is away just now.")))
        except Exception:
            log.exception("frame_failed", frame=type(frame).__name__)
            talk.connection.push(frames.encode(frames.ErrorFrame("internal", "Something went wrong here.")))
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


def _cookies(header: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in header.split(";"))
    return {name.strip(): value.strip().strip('"') for name, _, value in pairs}
