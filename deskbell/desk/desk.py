"""The desk on one node: writing path, routing, marks, presence and news from other nodes, put together."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from deskbell.domain.blocking import NEUTRAL
from deskbell.domain.channels import BUILT_IN, ChannelRules, rules_of
from deskbell.domain.commands import Command
from deskbell.domain.conversation import Conversation
from deskbell.domain.people import Staff
from deskbell.domain.standing import Block, Merge, Standing
from deskbell.kit.clock import Clock
from deskbell.kit.logs import Log
from deskbell.kit.postgres import AWAY, Pool
from deskbell.kit.seal import Seal
from deskbell.realtime.bus import PostgresBus
from deskbell.realtime.frames import (
    AvailabilityFrame,
    ChangedFrame,
    ErrorFrame,
    QueuePlace,
    TypingFrame,
    encode,
)
from deskbell.realtime.hub import Hub
from deskbell.realtime.publication import Missing, Note, Notice, Thread, to_publication
from deskbell.store import conversations, nodes, sessions
from deskbell.store.changes import Answer
from deskbell.store.marks import Marks

from .batcher import Batcher, Published
from .customers_here import CustomersHere
from .deliveries import Deliveries
from .directory import Directory
from .indexer import Indexer
from .ledger import Ledger
from .live_visitors import EVERY_S, LiveVisitors
from .marks import Marker
from .notices import Bell
from .presence import Presence
from .resume import Reader
from .router import Router
from .shown import Shown
from .task import Outcome
from .timekeeper import SWEEP_S, Timekeeper
from .tracker import Tracker

log = Log()

AWAY_FRAME = encode(ErrorFrame("unavailable", NEUTRAL))
"""What a blocked visitor's sockets get at once, and whenever they come again."""

HEADS_AT_ONCE = 1_000


class Desk:
    """`submit` and `perform` take commands; `reader` reads threads; the rest tells people and nodes."""

    def __init__(
        self,
        dsn: str,
        pool: Pool,
        clock: Clock,
        hub: Hub,
        *,
        node: str,
        lanes: int,
        channels: Mapping[str, ChannelRules] = BUILT_IN,
        seal: Seal | None = None,
    ) -> None:
        self.hub = hub
        self.node = node
        self._clock = clock
        self._newcomer = False
        self.directory = Directory(pool, clock, channels, seal)
        self.bus = PostgresBus(dsn, pool, node, self.receive, self.after_gap)
        self.batcher = Batcher(
            dsn,
            clock,
            self.directory,
            node=node,
            lanes=lanes,
            publish=self.publish,
            alone=lambda: self.bus.alone,
        )
        self.router = Router(dsn, pool, clock, self.batcher, self.directory, hub, self.bus)
        self.reader = Reader(pool, self.directory, self.router.place_of, hub.know)
        self.shown = Shown()
        self.marker = Marker(pool, clock, hub, self.bus, self.batcher.mark, self._agent_read)
        self.deliveries = Deliveries(pool, clock, hub, self.bus)
        self.bell = Bell(pool, clock, hub, self.bus)
        self.indexer = Indexer(pool)
        self.timekeeper = Timekeeper(pool, clock, self.batcher, self.directory)
        self.presence = Presence(pool, clock, hub, node, self.router.wake)
        self.tracker = Tracker(pool, clock, self.batcher)
        self.ledger = Ledger(dsn, clock)
        self.live_visitors = LiveVisitors(pool, clock, hub)
        self.customers_here = CustomersHere(pool, clock, hub, node)
        self.pool = pool
        hub.backfill = self.reader.backfill
        self._notes: dict[str, Callable[..., None]] = {
            "here": self._hear_node,
            "typing": self._hear_typing,
            "typed": self._hear_typed,
            "marks": self.marker.hear_marks,
            "seen": self.marker.hear_seen,
            "delivery": self.deliveries.hear,
            "notice": self.bell.hear_notice,
            "notices_read": self.bell.hear_read,
            "queue": lambda c, position, wait: self.router.hear_place(c, QueuePlace(position, wait)),
            "sessions": lambda *ids: hub.end_sessions(ids),
            "available": self._hear_availability,
            "settings": self._hear_settings,
            "standing": lambda *ids: self._hear_standing(ids),
            "left": self._hear_left,
            "changed": lambda *what: self._hear_changed(what),
        }

    # -- commands

    def submit(self, command: Command, answer: Callable[[Outcome], None]) -> None:
        self.batcher.submit(command, answer)

    async def perform(self, command: Command) -> Answer:
        """Raises Refused."""
        return await self.batcher.perform(command)

    # -- telling

    def publish(self, published: Published) -> None:
        """After a commit: push to the sockets here. The other nodes were told in the same transaction."""
        for publication in published.publications:
            self.hub.publish(publication)
        self.bell.ring(published.told)
        for standing in published.standing:
            self._tell_standing(standing)
        self.indexer.note(publication.conversation_id for publication in published.publications)
        if published.route:
            self.router.wake()
        if published.sends:
            self.deliveries.wake.set()

    def _tell_standing(self, standing: Standing) -> None:
        """Somebody was blocked, set free or merged: their sockets hear of it, here and on the other nodes."""
        self.hub.spawn(self.changed("customers", "blocks"))
        if isinstance(standing, Block):
            self._hear_standing(standing.customers)
            self.bus.send("standing", *standing.customers)
        elif isinstance(standing, Merge):
            self._hear_standing((0, standing.gone))
            self.bus.send("standing", 0, standing.gone)

    def _hear_standing(self, ids: Sequence[int]) -> None:
        """Who is blocked is told so; whose number is gone (after a 0) comes again, under the other one."""
        gone = ids[0] == 0
        for customer_id in ids:
            for connection in list(self.hub.customers.get(customer_id, ())):
                if gone:
                    connection.close(1001, "Please reconnect.", 100)
                else:
                    connection.push(AWAY_FRAME)

    def type(self, conversation_id: int, by: str, name: str, on: bool, owner: int) -> None:
        """Somebody types. Lossy, never stored."""
        self._hear_typing(conversation_id, by, name, on, owner)
        self.bus.send("typing", conversation_id, by, name, on, owner)

    def agent_types(self, conversation: Conversation, agent: Staff, on: bool) -> None:
        """To the customer, in the widget or by the service they use."""
        self.type(conversation.id, "agent", agent.name, on, agent.id)
        if on and self.reader.goes_out(conversation):
            self.shown.types(conversation.id)

    def _agent_read(self, mark: Marks) -> None:
        if mark.read and rules_of(self.directory.channels, mark.channel).outbox:
            self.shown.read(mark.conversation_id, mark.read)

    def typed(self, conversation_id: int, text: str, owner: int) -> None:
        """What a customer is typing (CHAT-11). Lossy, never stored, never logged."""
        self._hear_typed(conversation_id, text, owner)
        self.bus.send("typed", conversation_id, text, owner)

    async def session_ended(self, ids: Iterable[int]) -> None:
        """Their sockets close at once, on every node (PEOPLE-3)."""
        ended = list(ids)
        self.hub.end_sessions(ended)
        self.bus.send("sessions", *ended)

    async def staff_changed(self) -> None:
        """Names, roles, departments or activity of staff have changed."""
        await self.changed("team", "departments")

    async def availability_changed(self, staff_id: int, available: bool) -> None:
        self._hear_availability(staff_id, available)
        self.bus.send("available", staff_id, available)
        await self.presence.look()

    def settings_changed(self, staff_id: int) -> None:
        self._hear_settings(staff_id)
        self.bus.send("settings", staff_id)

    async def visitor_left(self, customer_id: int) -> None:
        """Their sockets close at once, on every node; those whose token still counts come back."""
        self._hear_left(customer_id)
        self.bus.send("left", customer_id)

    async def changed(self, *what: str) -> None:
        await self.directory.refresh()
        self._tell_changed(what)
        self.bus.send("changed", *what)

    # -- hearing

    def receive(self, notice: Notice) -> None:
        """News of another node."""
        for part in notice.parts:
            if isinstance(part, Thread):
                self._hear_thread(part)
            else:
                self._hear_note(part)

    def _hear_thread(self, thread: Thread) -> None:
        self.batcher.forget(thread.c)
        if not self.hub.listens(thread.c, thread.owners, thread.departments, thread.customer):
            self.hub.skip(thread.c, thread.last)
            return
        publication = to_publication(thread)
        if publication is not None:
            self.hub.publish(publication)
        elif thread.last >= thread.first:
            self.hub.missed(Missing(thread.c, thread.first, thread.last, thread.owners, thread.departments))

    def _hear_note(self, note: Note) -> None:
        hear = self._notes.get(note.what)
        if hear is not None:
            hear(*note.values)

    def _hear_node(self) -> None:
        """Another node has started: from now on it is told everything."""
        self.bus.alone = False
        self._newcomer = True

    def _hear_typing(self, conversation_id: int, by: str, name: str, on: bool, owner: int) -> None:
        frame = TypingFrame(conversation_id, by, on)
        if by == "agent":
            frame.name = name
            self.hub.tell_visitors(conversation_id, encode(frame))
        else:
            self.hub.tell_team(conversation_id, owner, encode(frame))

    def _hear_typed(self, conversation_id: int, text: str, owner: int) -> None:
        frame = TypingFrame(conversation_id, "customer", True)
        plain = encode(frame)
        frame.text = text
        self.hub.tell_typed(conversation_id, owner, encode(frame), plain)

    def _hear_availability(self, staff_id: int, available: bool) -> None:
        self.hub.tell_agent(staff_id, encode(AvailabilityFrame(available)))

    def _hear_left(self, customer_id: int) -> None:
        for connection in list(self.hub.customers.get(customer_id, ())):
            connection.close(1001, "Signed out.", 500)

    def _hear_settings(self, staff_id: int) -> None:
        self.hub.tell_agent(staff_id, encode(ChangedFrame(["session"])))

    def _hear_changed(self, what: Sequence[str]) -> None:
        self.hub.spawn(self.directory.refresh())
        self._tell_changed(what)

    def _tell_changed(self, what: Sequence[str]) -> None:
        self.batcher.forget_all()
        self.hub.tell_staff(encode(ChangedFrame(list(what))))
        self.router.wake()
        if "team" in what:  # somebody's role or departments may be others now: sockets get theirs anew
            self.hub.reconnect_staff()

    async def after_gap(self) -> None:
        """News was missed while the listener was away: read where things stand."""
        self.batcher.forget_all()
        await self._renew_node()
        await self.check_sessions()
        await self.directory.refresh()
        await self.check_heads()
        what = ["counts", "team", "departments", "labels", "preferences", "notices", "channels"]
        self.hub.tell_staff(encode(ChangedFrame(what)))

    async def check_heads(self) -> None:
        """Compare what was pushed with what is stored, for all followed or owned here; read what is missing."""
        followed = sorted(self.hub.public.keys() | self.hub.team.keys())
        owners = sorted(self.hub.agents.keys())
        for start in range(0, max(1, len(followed)), HEADS_AT_ONCE):
            some = followed[start : start + HEADS_AT_ONCE]
            known = await conversations.heads(self.pool, some, [] if start else owners)
            for conversation_id, last in known:
                head = self.hub.head_of(conversation_id)
                if head is not None and head < last:
                    self.hub.missed(Missing(conversation_id, head + 1, last))

    async def check_sessions(self) -> None:
        """Close the sockets of sessions that have ended: the news of it may be lost (PEOPLE-3)."""
        here = sorted({c.session_id for c in self.hub.connections if c.session_id})
        if here:
            self.hub.end_sessions(await sessions.ended(self.pool, here, self._clock.now()))

    # -- running

    async def arrive(self) -> None:
        """Before the first socket: read the names, and make every other node tell us what it commits from now on."""
        await self.directory.refresh()
        await nodes.renew(self.pool, self.node)
        await self.bus.announce()

    async def run(self) -> None:
        """Everything that goes on by itself, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for work in (
                *self.batcher.workers(),
                self.router.run,
                self.marker.run,
                self.indexer.run,
                self.tracker.run,
                self.ledger.run,
                self.bus.run_listener,
                self.bus.run_sender,
            ):
                group.create_task(_for_ever(work))
            for seconds, work in (
                (0.5, self._close_silent),  # a session that has run out: its sockets close within a second
                (2, self.presence.look),
                (15, self.presence.renew),
                (3, self.customers_here.look),
                (20, self.customers_here.renew),
                (EVERY_S, self.live_visitors.look),
                (5, self._renew_node),
                (SWEEP_S, self.timekeeper.sweep),
                (60, self.timekeeper.archive),
                (30, self.check_heads),
                (30, self.check_sessions),
                (10, self.indexer.sweep),
            ):
                group.create_task(_for_ever(lambda s=seconds, w=work: _every(s, w)))  # type: ignore[misc]

    async def _close_silent(self) -> None:
        self.hub.close_silent()

    async def _renew_node(self) -> None:
        self._newcomer = False
        others = await nodes.renew(self.pool, self.node)
        self.bus.alone = others == 0 and not self._newcomer  # one may have come while we asked


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Repeat for ever; when the database is away, simply the next time."""
    while True:
        try:
            await work()
        except AWAY as error:
            log.warning(
                "periodic_work_waits", work=getattr(work, "__name__", "?"), error=type(error).__name__
            )
        await asyncio.sleep(seconds)


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    """One fault of ours must not stop the desk: it is logged, and the work begins again."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("work_failed", work=getattr(work, "__qualname__", "?"))
        await asyncio.sleep(1)
