"""One batch of commands on its way through one transaction."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from deskbell.domain.closing import loses_comments
from deskbell.domain.commands import (
    Beginning,
    CloseConversation,
    Command,
    LinkTicket,
    StartByAgent,
    StartChat,
    TimeIsUp,
    TurnIntoTicket,
    WriteMessage,
)
from deskbell.domain.conversation import (
    Change,
    Conversation,
    Entry,
    Notification,
)
from deskbell.domain.deliveries import Amend, SendTemplate
from deskbell.domain.errors import NotFound, Refused
from deskbell.domain.facts import Facts, FileFact
from deskbell.domain.lifecycle import begin, decide, written
from deskbell.domain.standing import Block, Merge, Standing
from deskbell.domain.visits import approach
from deskbell.kit.logs import Log
from deskbell.kit.postgres import Connection
from deskbell.realtime.publication import Publication, pack
from deskbell.store import attachments, changes, standing
from deskbell.store.changes import Answer, Introduction, Key, Loaded, Saving
from deskbell.store.notifications import Stored

from .directory import Directory
from .lookup import companions, look_up
from .notices import save as save_notifications
from .outgoing import Outgoing
from .present import publication_of, shown_name
from .task import Outcome, Task

log = Log()

CARRIES = (StartChat, WriteMessage, Amend, SendTemplate)  # files
ENDING = (CloseConversation, TurnIntoTicket, TimeIsUp, WriteMessage)  # what may end an open chat


class Batch:
    """lock -> decide -> save -> (commit by the caller) -> settle. Answers are given only by `settle`.

    Or, for plain messages in conversations this lane knows: recall -> decide -> save_unlocked -> settle.
    """

    def __init__(self, tasks: list[Task], directory: Directory, now: datetime) -> None:
        names = directory.names
        self.publications: list[Publication] = []
        self.told: Sequence[Stored] = ()
        self.route = False
        self._tasks = tasks
        self._names = names
        self._now = now
        self._outcomes: list[tuple[Task, Outcome]] = []
        self._before: dict[int, Conversation] = {}
        self._after: dict[int, Conversation] = {}
        self._customers: dict[int, str] = {}
        self._entries: list[Entry] = []
        self._attached: list[tuple[str, int]] = []
        self._introductions: list[Introduction] = []
        self._answered: dict[Key, Answer] = {}
        self._places: dict[tuple[int, str], int] = {}
        self._opened: dict[int, int] = {}
        self._fresh: dict[tuple[int, str], int] = {}
        self._customer_names: dict[int, str] = {}
        self._files: dict[str, FileFact] = {}
        self._loads: dict[int, int] = {}
        self._written: dict[int, list[Entry]] = {}
        self._opted_out: frozenset[int] = frozenset()
        self.standing: list[Standing] = []
        self._wishes: dict[int, bool] = {}
        self._wiped: dict[int, int] = {}
        self._notifications: list[Notification] = []
        self.outgoing = Outgoing()
        self._preferences = directory.preferences
        self._facts = Facts(
            names.staff,
            names.departments,
            names.labels,
            self._files,
            directory.preferences,
            names.active,
            names.supervisors,
            names.closing_tags,
            conversations=self._after,
            channels=directory.channels,
        )

    async def lock(self, connection: Connection) -> None:
        """Lock every conversation the batch touches, then look what was answered before (in that order)."""
        starts = [task.command for task in self._tasks if isinstance(task.command, Beginning)]
        if starts:
            asked = [(s.customer_id, s.client_id, s.actor.author, s.actor.id) for s in starts]
            self._places = await changes.places_of(connection, asked)
        commands = [task.command for task in self._tasks]
        found = await companions(connection, commands, self._preferences, self._facts.channels)
        ids = {c.conversation_id for c in commands if not isinstance(c, Beginning)}
        locked = await changes.lock(connection, ids.union(self._places.values(), found.ids), self._now)
        self._opted_out = locked.opted_out
        self.recall(locked.loaded)
        keys = [key for command in commands if (key := self._key(command)) is not None]
        if keys:
            self._answered = await changes.earlier_answers(connection, keys)
        if starts:
            await self._number(connection, starts)
        files = [f for c in commands if isinstance(c, CARRIES) for f in c.files]
        if files:
            self._files.update(await attachments.facts(connection, files))
        links = [c for c in commands if isinstance(c, LinkTicket)]
        facts = self._facts._replace(
            opted_out=self._opted_out, blocked=locked.blocked, numbers=await _numbers(connection, links)
        )
        facts = await look_up(connection, commands, self._before, found, facts, self._now)
        self._loads = dict(facts.loads)
        self._written = {c: list(entries) for c, entries in facts.written.items()}
        self._facts = facts._replace(loads=self._loads, written=self._written)

    def recall(self, all_loaded: Iterable[Loaded]) -> None:
        """The conversations to decide on: just locked, or as this lane remembers them."""
        for conversation, customer_name in all_loaded:
            self._before[conversation.id] = conversation
            self._customers[conversation.id] = customer_name
        self._after.update(self._before)

    async def _number(self, connection: Connection, starts: Sequence[Beginning]) -> None:
        """Numbers for the customers who may need a new chat. Now that rows are locked, nothing closes behind our back."""
        ending = {task.command.conversation_id for task in self._tasks if isinstance(task.command, ENDING)}
        count = Counter(
            start.customer_id for start in starts
        )  # two in one batch: the first may be the word to end it
        wanted = sorted(
            {
                _fresh_key(start)
                for start in starts
                if (place := self._open_place(start)) is None
                or place in ending
                or count[start.customer_id] > 1
            }
        )
        if wanted:
            fresh = await changes.new_ids(connection, len(wanted))
            self._fresh = dict(zip(wanted, fresh, strict=True))
            customers = sorted({customer for customer, _ in wanted})
            self._customer_names, gone = await changes.customers(connection, customers)
            self._opted_out |= gone

    def _open_place(self, start: Beginning) -> int | None:
        """The customer's open chat, which a further start joins (a second tab)."""
        if isinstance(start, StartChat) and start.by_mail is not None:
            return None
        opened = self._opened.get(start.customer_id)
        if opened is not None:
            return opened
        place = self._places.get((start.customer_id, start.client_id))
        return place if place is not None and self._after[place].is_open_chat else None

    def _key(self, command: Command) -> Key | None:
        if command.client_id is None:
            return None
        place = (
            self._places.get((command.customer_id, command.client_id))
            if isinstance(command, Beginning)
            else command.conversation_id
        )
        return None if place is None else (place, command.actor.author, command.actor.id, command.client_id)

    def decide(self) -> None:
        """Pure decisions, in the order in which the commands came. A refusal or a fault is answered alone."""
        for task in self._tasks:
            try:
                self._outcomes.append((task, self._decide(task.command)))
            except Refused as refused:
                self._outcomes.append((task, refused))
            except Exception:
                log.exception("rule_failed", command=type(task.command).__name__)
                self._outcomes.append(
                    (task, Refused("internal", "Something went wrong here. Nothing was changed."))
                )

    def _decide(self, command: Command) -> Answer:
        if isinstance(command, StartChat):
            return self._start(command)
        if isinstance(command, StartByAgent):
            return self._approach(command)
        return self._apply(command)

    def _apply(self, command: Command) -> Answer:
        key = self._key(command)
        if key is not None and (given := self._answered.get(key)) is not None:
            return given
        assert not isinstance(command, Beginning)
        conversation = self._after.get(command.conversation_id)
        if conversation is None:
            raise NotFound
        return self._take(decide(conversation, command, self._facts, self._now), key)

    def _start(self, command: StartChat) -> Answer:
        key = self._key(command)
        if key is not None and (given := self._answered.get(key)) is not None:
            return given
        customer = command.actor.id
        place = self._open_place(command)
        if place is not None:
            return self._apply_start(command, place)
        conversation_id = self._fresh[_fresh_key(command)]
        change = begin(conversation_id, command, self._facts, self._now)
        if command.by_mail is None:
            self._opened[customer] = conversation_id
        name = command.name or self._customer_names.get(customer, "")
        self._customers[conversation_id] = shown_name(customer, name)
        if command.name or command.email or command.fields:
            fields = dict(command.fields)
            self._introductions.append(Introduction(customer, command.name, command.email, fields))
        return self._take(change, (conversation_id, "customer", customer, command.client_id))

    def _approach(self, command: StartByAgent) -> Answer:
        for place in (self._places.get((command.customer_id, command.client_id)), self._open_place(command)):
            key = (place or 0, "agent", command.actor.id, command.client_id)
            if (given := self._answered.get(key)) is not None:
                return given
        if self._open_place(command) is not None:
            raise Refused("taken", "This visitor has a chat open already.")
        customer = command.customer_id
        conversation_id = self._fresh[_fresh_key(command)]
        change = approach(conversation_id, command, self._facts, self._now)
        self._opened[customer] = conversation_id
        self._customers[conversation_id] = shown_name(customer, self._customer_names.get(customer, ""))
        return self._take(change, (conversation_id, "agent", command.actor.id, command.client_id))

    def _apply_start(self, command: StartChat, place: int) -> Answer:
        """The customer has an open chat already (a second tab): the message joins it."""
        message = written(command, place)
        key = (place, "customer", command.actor.id, command.client_id)
        if (given := self._answered.get(key)) is not None:
            return given
        return self._take(decide(self._after[place], message, self._facts, self._now), key)

    def _take(self, change: Change, key: Key | None) -> Answer:
        conversation = change.conversation
        self._count_loads(self._after.get(conversation.id), conversation)
        for other in change.others:
            self._take_other(other, conversation.id)
        self._note_end(conversation)
        self._after[conversation.id] = conversation
        self._entries.extend(change.entries)
        self._note_written(change.entries)
        self._notifications.extend(change.notifications)
        self.outgoing.note(change)
        if change.opted_out is not None:
            self._wishes[conversation.customer_id] = change.opted_out
        if change.standing is not None:
            self.standing.append(change.standing)
        for file_id in change.files:
            self._attached.append((file_id, conversation.id))
            self._files[file_id] = self._files[file_id]._replace(conversation_id=conversation.id)
        for file_id, conversation_id in change.moved_files:
            self._attached.append((file_id, conversation_id))
        self.route = self.route or change.route
        entry = change.answer
        if entry is None:
            return Answer(conversation.id, conversation.last_seq, self._now)
        answer = Answer(conversation.id, entry.seq, entry.at)
        if key is not None:
            self._answered[key] = answer._replace(dup=True)
        return answer

    def _take_other(self, other: Conversation, beside: int) -> None:
        """One that changes along; a linked ticket is new, and of the same customer."""
        before = self._after.get(other.id)
        if before is None or before.customer_id != other.customer_id:
            self._customers[other.id] = self._customers[beside]
        self._note_end(other)
        self._after[other.id] = other

    def _note_end(self, conversation: Conversation) -> None:
        """Comments up to the end go; one that is posted later in this batch, after a revival, stays (TEAM-5)."""
        if loses_comments(self._after.get(conversation.id), conversation):
            self._wiped[conversation.id] = conversation.last_seq

    def _note_written(self, entries: Iterable[Entry]) -> None:
        """What a customer writes in this batch goes along when its later commands merge the chat (TICKET-7)."""
        if self._written:
            for entry in entries:
                if entry.kind == "message" and entry.author == "customer":
                    self._written.setdefault(entry.conversation_id, []).append(entry)

    def _count_loads(self, before: Conversation | None, after: Conversation) -> None:
        """What this batch gives counts for its later commands (LIFE-3)."""
        for conversation, n in ((before, -1), (after, 1)):
            if conversation is not None and conversation.state in ("live", "offered"):
                agent = conversation.offered_to or conversation.owner_id
                if agent in self._loads:
                    self._loads[agent] += n

    @property
    def all_granted(self) -> bool:
        """Whether no command was refused."""
        return not any(isinstance(outcome, Refused) for _, outcome in self._outcomes)

    async def save(self, connection: Connection, node: str, *, alone: bool) -> None:
        """Write everything in few statements, with the notice to the other nodes if there are any."""
        changed = self._changed()
        if changed:
            notices = self._publish(changed, node, alone)
            saving = Saving(
                self._before,
                changed,
                self._entries,
                self._attached,
                self._introductions,
                self._wiped,
                self._wishes,
                notices,
            )
            await changes.save(connection, saving)
            if self.standing:
                await standing.save(connection, self.standing, self._now)
            await self.outgoing.save(connection, self._now)
            if self._notifications:
                others = None if alone else node
                self.told = await save_notifications(
                    connection, self._notifications, self._now, others=others
                )

    async def save_unlocked(self, connection: Connection, node: str, *, alone: bool) -> bool:
        """Write messages decided from memory, in one statement; False, and nothing written, if it was outdated."""
        changed = self._changed()
        notices = self._publish(changed, node, alone)
        return await changes.save_unlocked(connection, self._before, changed, self._entries, notices)

    def outcome_states(self) -> list[Loaded]:
        """The conversations as they are after the commit, but none of customers who have opted out or are blocked: what
        may be said is looked up each time."""
        gone = self._opted_out | self._wishes.keys() | self._facts.blocked | self._moved
        return [Loaded(c, self._customers[c.id]) for c in self._after.values() if c.customer_id not in gone]

    @property
    def _moved(self) -> set[int]:
        """Customers of whom more has changed in this batch than their conversations."""
        moved: set[int] = set()
        for one in self.standing:
            moved |= set(one.customers) if isinstance(one, Block) else set()
            moved |= {one.kept, one.gone} if isinstance(one, Merge) else set()
        return moved

    def _changed(self) -> dict[int, Conversation]:
        return {
            c.id: c
            for c in self._after.values()
            if (before := self._before.get(c.id)) is None or c is not before
        }

    def _publish(self, changed: dict[int, Conversation], node: str, alone: bool) -> list[str]:
        """Encode what has to be told of it; the notices for the other nodes."""
        by_conversation = attrgetter("conversation_id")
        entries = {
            c: list(group)
            for c, group in groupby(sorted(self._entries, key=by_conversation), by_conversation)
        }
        self.publications = [
            publication_of(
                self._before.get(c.id), c, entries.get(c.id, []), self._names.staff, self._customers[c.id]
            )
            for c in changed.values()
        ]
        return [] if alone else pack(node, self.publications)

    def settle(self) -> None:
        for task, outcome in self._outcomes:
            task.settle(outcome)


async def _numbers(connection: Connection, links: list[LinkTicket]) -> dict[tuple[int, int, str], int]:
    """A number for each linked ticket that may be made."""
    if not links:
        return {}
    fresh = await changes.new_ids(connection, len(links))
    keys = [(link.conversation_id, link.actor.id, link.client_id) for link in links]
    return dict(zip(keys, fresh, strict=True))


def _fresh_key(start: Beginning) -> tuple[int, str]:
    """A customer has one open chat, but as many tickets by mail as they write mails."""
    by_mail = isinstance(start, StartChat) and start.by_mail is not None
    return start.customer_id, start.client_id if by_mail else ""
