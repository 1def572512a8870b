"""One conversation's whole life: any commands of anybody in any order, and what always holds."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from deskbell.domain.commands import (
    AcceptTicket,
    Assign,
    ChangeDepartment,
    ChangeLabels,
    CloseConversation,
    Command,
    KeepWaiting,
    OpenChat,
    StartChat,
    TurnIntoTicket,
    WriteMessage,
)
from deskbell.domain.conversation import Conversation, Entry
from deskbell.domain.errors import Refused
from deskbell.domain.lifecycle import begin, decide
from deskbell.domain.people import SYSTEM, Staff
from tests import rules
from tests.cast import ADA, BRUNO, FACTS, MARTA, NOW, OLGA, SALES, STAFF, SUPPORT, SVEN, THEO

PEOPLE = st.sampled_from([*STAFF, SVEN._replace(role="admin"), MARTA, THEO])
TEAM = st.sampled_from(STAFF)
OWNED = ("live", "pending", "assigned")


class Life(RuleBasedStateMachine):
    """`self.c` and `self.thread` are what the store would hold."""

    c: Conversation
    thread: list[Entry]
    now: datetime

    @initialize(department=st.sampled_from([None, SUPPORT, SALES]))
    def begins(self, department: int | None) -> None:
        self.now = NOW
        change = begin(7, StartChat(MARTA, "0", "web", None, department, "Hello"), FACTS, NOW)
        self.c, self.thread = change.conversation, list(change.entries)

    def command(self, command: Command) -> None:
        before = self.c
        try:
            change = decide(before, command, FACTS, self.now)
        except Refused:
            return
        self.c = change.conversation
        self.thread += change.entries
        assert change.answer is None or change.answer in change.entries
        if self.c != before and not isinstance(command, OpenChat):
            assert change.entries, f"{command} changed something and left no trace"
        self.check_step(before, command)

    def check_step(self, before: Conversation, command: Command) -> None:
        actor: Any = command.actor
        if before.state in ("closed", "archived") and isinstance(actor, Staff):
            assert self.c.state == before.state
        if isinstance(actor, Staff) and self.c != before:
            assert actor != OLGA or before.owner_id == OLGA.id or before.state == "unassigned"
        if actor == THEO:
            assert self.c == before
        assert self.c.created_at == before.created_at
        assert self.c.last_seq >= before.last_seq

    @rule(who=PEOPLE, text=st.sampled_from(["", "Hi", "A longer text\nof two lines"]))
    def write(self, who: Any, text: str) -> None:
        self.command(WriteMessage(7, who, f"w{len(self.thread)}", text))

    @rule(who=st.one_of(PEOPLE, st.just(SYSTEM)))
    def close(self, who: Any) -> None:
        self.command(CloseConversation(7, who, f"c{len(self.thread)}", "over"))

    @rule(who=TEAM)
    def accept(self, who: Staff) -> None:
        self.command(AcceptTicket(7, who, f"a{len(self.thread)}"))

    @rule(who=TEAM)
    def open(self, who: Staff) -> None:
        self.command(OpenChat(7, who))

    @rule(who=TEAM, department=st.sampled_from([None, SUPPORT, SALES, 99]))
    def move(self, who: Staff, department: int | None) -> None:
        self.command(ChangeDepartment(7, who, f"d{len(self.thread)}", department))

    @rule(who=TEAM, add=st.sets(st.integers(1, 3)), remove=st.sets(st.integers(1, 3)))
    def label(self, who: Staff, add: set[int], remove: set[int]) -> None:
        self.command(ChangeLabels(7, who, f"l{len(self.thread)}", tuple(add), tuple(remove)))

    @rule(agent=st.sampled_from([ADA, BRUNO]))
    def assign(self, agent: Staff) -> None:
        self.command(Assign(7, agent.id, "fewest live chats (0)", 1, SYSTEM))

    @rule()
    def keep_waiting(self) -> None:
        self.command(KeepWaiting(7, SYSTEM))

    @rule()
    def give_up(self) -> None:
        self.command(TurnIntoTicket(7, "no agent is available", SYSTEM))

    @rule(minutes=st.sampled_from([0, 1, 60, 24 * 60]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @invariant()
    def numbers_have_no_holes(self) -> None:
        assert [e.seq for e in self.thread] == list(range(1, self.c.last_seq + 1))

    @invariant()
    def the_chain_of_what_the_customer_sees_is_whole(self) -> None:
        public = [e.seq for e in self.thread if e.public]
        assert [e.prev_public for e in self.thread if e.public] == [0, *public[:-1]]
        assert self.c.last_public_seq == public[-1]

    @invariant()
    def an_owner_stands_exactly_where_one_belongs(self) -> None:
        if self.c.state in OWNED:
            assert self.c.owner_id is not None
        if self.c.state in ("queued", "offered", "unassigned"):
            assert self.c.owner_id is None
        assert (self.c.state in ("unassigned", "assigned")) <= (self.c.kind == "ticket")
        assert (self.c.state in ("queued", "offered", "live", "pending")) <= (self.c.kind == "chat")

    @invariant()
    def counters_are_what_the_thread_holds(self) -> None:
        messages = [e for e in self.thread if e.kind == "message"]
        for author, count, last in (
            ("customer", self.c.customer_messages, self.c.last_customer_seq),
            ("agent", self.c.agent_messages, self.c.last_agent_seq),
        ):
            own = [e.seq for e in messages if e.author == author]
            assert (count, last) == (len(own), own[-1] if own else 0)
        assert self.c.preview_by == messages[-1].author

    @invariant()
    def closed_says_by_whom_and_open_says_nothing_of_it(self) -> None:
        closed = (self.c.closed_at, self.c.closed_by, self.c.close_reason)
        assert all(closed) if self.c.state == "closed" else not any(closed)

    @invariant()
    def labels_stand_there_once(self) -> None:
        assert len(set(self.c.labels)) == len(self.c.labels)


@rules.rule("LIFE-16", "LIFE-19")
class TestLife(Life.TestCase):  # type: ignore[misc,valid-type]
    settings = settings(max_examples=150, stateful_step_count=40, deadline=None)

    def test_numbers_owners_counters_and_events_hold_over_any_life(self) -> None:
        self.runTest()
