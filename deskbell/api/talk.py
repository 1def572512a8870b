"""What a frame means: from the frames of one socket to commands, marks and topics.

Each door has its own class and knows only the frames of its side; both submit the same commands as HTTP does.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, get_args

from deskbell.desk.deliveries import delivery_frame
from deskbell.desk.desk import AWAY_FRAME, Desk
from deskbell.desk.task import Outcome
from deskbell.domain.commands import CloseConversation, Command, StartChat, WriteMessage
from deskbell.domain.errors import NotFound, Refused
from deskbell.domain.people import Customer, Staff
from deskbell.kit.clock import milliseconds
from deskbell.kit.limits import Buckets
from deskbell.kit.text import BadText, clean
from deskbell.realtime import frames
from deskbell.realtime.actions import Action
from deskbell.realtime.connection import Connection
from deskbell.realtime.presence_frames import FollowVisitors
from deskbell.store import conversations
from deskbell.store.customers import Visitor

from .actions import close_command, command_of
from .input import check_form, customer_text, formatted, start_command

IN_FLIGHT = 256
WATCHED = 100
TYPING_EVERY_S = 1.0


class Talk(Protocol):
    connection: Connection

    async def arrive(self, ready: frames.Ready) -> None:
        """The socket is welcome: join its topics, say ready."""

    async def watch(self, conversation_id: int, since: int | None) -> None: ...

    async def handle(self, frame: Any) -> None:
        """Raises Refused for what has no nack of its own."""


class Sender:
    """Submits commands of one socket and answers each with ack or nack."""

    def __init__(self, desk: Desk, connection: Connection) -> None:
        self._desk = desk
        self._connection = connection
        self._in_flight = 0
        self.joined: Callable[[int], None] | None = None

    def submit(self, client_id: str, make: Callable[[], Command]) -> None:
        if self._in_flight >= IN_FLIGHT:
            self.nack(
                client_id, Refused("busy", f"At most {IN_FLIGHT} messages may wait for their answer."), 500
            )
            return
        try:
            command = make()
        except BadText as error:
            self.nack(client_id, Refused("too_long" if error.limit else "bad_frame", str(error)))
            return
        except Refused as refused:
            self.nack(client_id, refused)
            return
        self._in_flight += 1

        def settle(outcome: Outcome) -> None:
            self._in_flight -= 1
            if isinstance(outcome, Refused):
                self.nack(client_id, outcome)
                return
            if self.joined is not None:
                self.joined(outcome.conversation_id)
            ack = frames.Ack(
                client_id, outcome.conversation_id, outcome.seq, milliseconds(outcome.at), outcome.dup
            )
            self._connection.push(frames.encode(ack))

        self._desk.submit(command, settle)

    def nack(self, client_id: str, refused: Refused, retry_ms: int | None = None) -> None:
        nack = frames.Nack(client_id, refused.code, refused.text)
        if retry_ms is None and refused.code in ("retry", "busy"):
            retry_ms = 1000
        if retry_ms is not None:
            nack.retry = retry_ms
        self._connection.push(frames.encode(nack))


class VisitorTalk:
    """A visitor: their own conversations, public entries only."""

    def __init__(
        self, desk: Desk, connection: Connection, visitor: Visitor, messages: Buckets, address: str
    ) -> None:
        """`address`: what counts as one client (kit/net.py: limit_key)."""
        self.connection = connection
        self._desk = desk
        self._visitor = visitor
        self._messages = messages
        self._me = Customer(connection.customer_id)
        self._address = address
        self._sender = Sender(desk, connection)
        self._sender.joined = self._join
        self._typed_at = 0.0

    async def arrive(self, ready: frames.Ready) -> None:
        self._desk.hub.join(self._desk.hub.customers, self._me.id, self.connection)
        current = await conversations.current_of(self._desk.pool, self._me.id)
        if current is not None:
            self._join(current)
            ready.c = current
        ready.typing_preview = self._desk.directory.preferences.typing_preview
        self.connection.push(frames.encode(ready))
        if self._turned_away:
            self.connection.push(AWAY_FRAME)

    def _join(self, conversation_id: int) -> None:
        if conversation_id not in self.connection.conversations:
            self.connection.conversations.add(conversation_id)
            self._desk.hub.join(self._desk.hub.public, conversation_id, self.connection)

    async def watch(self, conversation_id: int, since: int | None) -> None:
        await self._desk.reader.load(self._me, conversation_id)
        self._join(conversation_id)
        answer = await self._desk.reader.resume(self._me, conversation_id, since)
        self.connection.push(frames.encode(answer))

    async def handle(self, frame: Any) -> None:
        await _VISITOR[type(frame)](self, frame)

    async def send(self, frame: frames.Send) -> None:
        if self._has_room(frame.id):
            self._sender.submit(frame.id, lambda: self._message(frame))

    async def start(self, frame: frames.Start) -> None:
        if self._has_room(frame.id):
            self._sender.submit(frame.id, lambda: self._beginning(frame))

    async def close(self, frame: frames.Close) -> None:
        self._sender.submit(
            frame.id, lambda: CloseConversation(frame.c, self._me, frame.id, "ended the chat")
        )

    async def look(self, frame: frames.Watch) -> None:
        await self.watch(frame.c, frame.since)

    async def delivered(self, frame: frames.Delivered) -> None:
        self._check_own(frame.c)
        self._desk.marker.note(frame.c, 0, delivered=frame.seq)

    async def read(self, frame: frames.Read) -> None:
        self._check_own(frame.c)
        self._desk.marker.note(frame.c, 0, read=frame.seq)

    async def ping(self, _: frames.Ping) -> None:
        self.connection.push(PONG)

    async def pong(self, _: frames.Pong) -> None:
        """It was heard: that is all."""

    async def greeted(self, _: frames.Hello) -> None:
        raise Refused("bad_frame", "Hello was said already.")

    def _beginning(self, frame: frames.Start) -> StartChat:
        command = start_command(self._desk.directory, self._me, self._visitor.site_id, frame, self._address)
        check_form(self._desk.directory, command, self._visitor)
        return command

    def _message(self, frame: frames.Send) -> WriteMessage:
        text, files = customer_text(frame.text), tuple(frame.files)
        return WriteMessage(frame.c, self._me, frame.id, text, None, files, frame.quote, self._address)

    @property
    def _turned_away(self) -> bool:
        return self._desk.directory.turns_away(self._me.id, self._address)

    def _has_room(self, client_id: str) -> bool:
        wait = self._messages.take(self._me.id, time.monotonic())
        if wait > 0:
            refused = Refused("rate", "That was a little fast. It will be sent in a moment.")
            self._sender.nack(client_id, refused, int(wait * 1000) + 1)
        return wait <= 0

    def _check_own(self, conversation_id: int) -> None:
        if conversation_id not in self.connection.conversations:
            raise NotFound

    async def type(self, frame: frames.Typing) -> None:
        self._check_own(frame.c)
        now = time.monotonic()
        if frame.on and (self._turned_away or now - self._typed_at < TYPING_EVERY_S):
            return
        self._typed_at = now
        text = self._typed(frame)
        loaded = await conversations.get(self._desk.pool, frame.c)
        if loaded is None or (owner := loaded.conversation.owner_id) is None:
            return
        if text:
            self._desk.typed(frame.c, text, owner)
        else:
            self._desk.type(frame.c, "customer", "", frame.on, owner)

    def _typed(self, frame: frames.Typing) -> str:
        """What may be shown of the text: nothing unless the preference is on now (CHAT-11)."""
        if not frame.on or not frame.text or not self._desk.directory.preferences.typing_preview:
            return ""
        try:
            return clean(frame.text, frames.MAX_TYPED)
        except BadText as error:
            raise Refused("bad_frame", str(error)) from None


class StaffTalk:
    """A member of staff: the threads they watch, and the lists that are theirs."""

    def __init__(self, desk: Desk, connection: Connection, me: Staff) -> None:
        self.connection = connection
        self._desk = desk
        self._me = me
        self._sender = Sender(desk, connection)
        self._typed_at = 0.0

    async def arrive(self, ready: frames.Ready) -> None:
        hub = self._desk.hub
        hub.join(hub.agents, self._me.id, self.connection)
        for department_id in self.connection.departments | {0}:
            hub.join(hub.departments, department_id, self.connection)
        self.connection.push(frames.encode(ready))
        self._desk.customers_here.greet(self.connection)
        await self._desk.presence.arrived(self._me.id)

    async def watch(self, conversation_id: int, since: int | None) -> None:
        conversation, _ = await self._desk.reader.load(self._me, conversation_id)
        if conversation_id not in self.connection.conversations:
            if len(self.connection.conversations) >= WATCHED:
                raise Refused("busy", f"At most {WATCHED} conversations are followed at once.")
            self.connection.conversations.add(conversation_id)
            self._desk.hub.join(self._desk.hub.team, conversation_id, self.connection)
        try:
            answer = await self._desk.reader.resume(self._me, conversation_id, since)
        except NotFound:  # it changed hands before the joining: nobody else would end it
            self._leave(conversation_id)
            raise
        self.connection.push(frames.encode(answer))
        if since:
            for stands in await self._desk.reader.deliveries_up_to(conversation, since):
                self.connection.push(frames.encode(delivery_frame(stands)))

    def _leave(self, conversation_id: int) -> None:
        self.connection.conversations.discard(conversation_id)
        self._desk.hub.leave(self._desk.hub.team, conversation_id, self.connection)

    async def handle(self, frame: Any) -> None:
        await _STAFF[type(frame)](self, frame)

    async def send(self, frame: frames.Send) -> None:
        self._sender.submit(frame.id, lambda: self._message(frame))

    async def close(self, frame: frames.Close) -> None:
        self._sender.submit(frame.id, lambda: close_command(frame, self._me))

    async def act(self, frame: Action) -> None:
        self._sender.submit(frame.id, lambda: command_of(frame, self._me))

    async def look(self, frame: frames.Watch) -> None:
        await self.watch(frame.c, frame.since)

    async def unwatch(self, frame: frames.Unwatch) -> None:
        self._leave(frame.c)

    async def follow(self, frame: frames.Follow) -> None:
        if not self._me.supervises:
            raise Refused("forbidden", "Only supervisors follow everybody's conversations.")
        members = self._desk.hub.supervisors
        (members.add if frame.all else members.discard)(self.connection)

    async def follow_visitors(self, frame: FollowVisitors) -> None:
        if frame.on:
            await self._desk.live_visitors.follow(self.connection)
        else:
            self._desk.live_visitors.unfollow(self.connection)

    async def delivered(self, frame: frames.Delivered) -> None:
        self._desk.marker.note(frame.c, self._me.id, delivered=frame.seq)

    async def read(self, frame: frames.Read) -> None:
        await self._check_visible(frame.c)
        self._desk.marker.note(frame.c, self._me.id, read=frame.seq)

    async def ping(self, _: frames.Ping) -> None:
        self.connection.push(PONG)

    async def pong(self, _: frames.Pong) -> None:
        """It was heard: that is all."""

    async def greeted(self, _: frames.Hello) -> None:
        raise Refused("bad_frame", "Hello was said already.")

    def _message(self, frame: frames.Send) -> WriteMessage:
        text, html = formatted(frame.text, frame.html)
        return WriteMessage(frame.c, self._me, frame.id, text, html, tuple(frame.files), frame.quote)

    async def _check_visible(self, conversation_id: int) -> None:
        if conversation_id not in self.connection.conversations:
            await self._desk.reader.load(self._me, conversation_id)

    async def type(self, frame: frames.Typing) -> None:
        now = time.monotonic()
        if frame.on and now - self._typed_at < TYPING_EVERY_S:
            return
        self._typed_at = now
        loaded = await self._desk.reader.load(self._me, frame.c)
        if loaded.conversation.owner_id == self._me.id:
            self._desk.agent_types(loaded.conversation, self._me, frame.on)


PONG = frames.encode(frames.PongFrame())

_VISITOR: dict[type, Callable[[VisitorTalk, Any], Awaitable[None]]] = {
    frames.Send: VisitorTalk.send,
    frames.Start: VisitorTalk.start,
    frames.Close: VisitorTalk.close,
    frames.Watch: VisitorTalk.look,
    frames.Delivered: VisitorTalk.delivered,
    frames.Read: VisitorTalk.read,
    frames.Typing: VisitorTalk.type,
    frames.Ping: VisitorTalk.ping,
    frames.Pong: VisitorTalk.pong,
    frames.Hello: VisitorTalk.greeted,
}
_STAFF: dict[type, Callable[[StaffTalk, Any], Awaitable[None]]] = {
    frames.Send: StaffTalk.send,
    frames.Close: StaffTalk.close,
    frames.Watch: StaffTalk.look,
    frames.Unwatch: StaffTalk.unwatch,
    frames.Follow: StaffTalk.follow,
    FollowVisitors: StaffTalk.follow_visitors,
    frames.Delivered: StaffTalk.delivered,
    frames.Read: StaffTalk.read,
    frames.Typing: StaffTalk.type,
    frames.Ping: StaffTalk.ping,
    frames.Pong: StaffTalk.pong,
    frames.Hello: StaffTalk.greeted,
    **dict.fromkeys(get_args(Action), StaffTalk.act),
}
