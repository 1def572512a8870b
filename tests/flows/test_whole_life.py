"""Anybody does anything, on two nodes, while people come and go, time passes and nodes restart: what always holds."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, ClassVar

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from deskbell.domain.commands import (
    AcceptTicket,
    AddComment,
    AnswerOffer,
    AnswerTransfer,
    AssignTo,
    CancelTransfer,
    ChangeDepartment,
    ChangeLabels,
    CloseConversation,
    Command,
    FlagChat,
    OfferTransfer,
    OpenChat,
    SetPending,
    StartChat,
    WriteMessage,
)
from deskbell.domain.people import Staff
from tests import cast, rules
from tests.cast import ADA, SALES, STAFF, SUPPORT, SVEN, URGENT
from tests.desk.house import fresh_id
from tests.flows.world import NIGHT, PSST, World

NODES = st.sampled_from(["one", "two"])
PEOPLE = st.sampled_from([*STAFF, ADA, ADA])
CUSTOMERS = st.integers(0, 2)
ACTS = (
    "write", "close", "accept", "label", "move", "flag", "unflag", "pend", "unpend", "transfer", "transfer to all",
    "take over", "leave it", "cancel", "pick up", "decline", "assign", "comment",
)  # fmt: skip
USUAL = {
    "queued": ("assign", "label"),
    "offered": ("pick up", "pick up", "decline"),
    "live": ("write", "write", "comment", "pend", "transfer", "transfer to all", "flag", "close", "move"),
    "pending": ("write", "comment", "unpend", "transfer", "flag"),
    "closed": ("write", "unflag", "assign", "unpend"),
    "unassigned": ("accept", "accept", "assign"),
    "assigned": ("write", "close", "assign"),
    "archived": ("write", "close", "assign", "accept"),
}
IN_TRANSFER = ("take over", "take over", "leave it", "cancel")
STAFF_ORDER = st.tuples(NODES, st.integers(0, 99), PEOPLE, st.integers(0, 5), PEOPLE)
CUSTOMER_ORDER = st.tuples(
    NODES, CUSTOMERS, st.sampled_from(["Hello"] * 8 + ["//end", "//stop"]), st.booleans()
)
MINUTES = st.sampled_from([1, 1, 20, 20, 20, 120, 480, 90 * 24 * 60])


def order(act: str, who: Staff, number: int, other: Staff) -> Command:
    """What a member of staff wants to do with a conversation."""
    name = fresh_id()
    orders: dict[str, Command] = {
        "write": WriteMessage(number, who, name, "How can I help?"),
        "close": CloseConversation(number, who, name),
        "accept": AcceptTicket(number, who, name),
        "label": ChangeLabels(number, who, name, (URGENT,), ()),
        "move": ChangeDepartment(number, who, name, (None, SUPPORT, SALES)[other.id % 3]),
        "flag": FlagChat(number, who, name, True),
        "unflag": FlagChat(number, who, name, False),
        "pend": SetPending(number, who, name, True),
        "unpend": SetPending(number, who, name, False),
        "transfer": OfferTransfer(number, who, name, other.id, None, "Please"),
        "transfer to all": OfferTransfer(number, who, name, None, (SUPPORT, SALES)[other.id % 2]),
        "take over": AnswerTransfer(number, who, name, True),
        "leave it": AnswerTransfer(number, who, name, False),
        "cancel": CancelTransfer(number, who, name),
        "pick up": AnswerOffer(number, who, name, True),
        "decline": AnswerOffer(number, who, name, False),
        "assign": AssignTo(number, who, name, other.id),
        "comment": AddComment(number, who, name, f"{PSST} @{other.name}", (other.id,)),
    }
    return orders[act]


class WholeLife(RuleBasedStateMachine):
    dsn: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.world = World(self.dsn)

    def go(self, work: Coroutine[Any, Any, None]) -> None:
        """One step, and then everything is looked at."""

        async def step() -> None:
            await work
            await self.world.check()

        self.runner.run(step())

    def teardown(self) -> None:
        self.runner.run(self.world.close())
        self.runner.close()

    @initialize(people=st.sets(PEOPLE, min_size=1), maximum=st.integers(1, 2))
    def begins(self, people: set[Staff], maximum: int) -> None:
        async def morning() -> None:
            await self.world.open()
            await self.world.prefer(max_chats=maximum)
            for who in sorted(people):
                await self.world.appear(who, on=True)
            for customer in self.world.customers:
                await self.world.nodes["one"].house.start(customer)
            await self.world.route()

        self.go(morning())

    def of_customer(self, node: str, who: int, text: str, department: bool) -> tuple[str, Command]:
        """A message in their newest conversation or, if `department` or there is none, a new chat."""
        customer = self.world.customers[who]
        own = [c.id for c in self.world.stored.values() if c.customer_id == customer.id]
        if department or not own:
            choice = (None, SUPPORT, SALES)[who]
            return node, StartChat(customer, fresh_id(), "web", None, choice, text)
        return node, WriteMessage(own[-1], customer, fresh_id(), text)

    def of_staff(
        self, node: str, act: int, who: Staff, pick: int, other: Staff
    ) -> tuple[str, Command] | None:
        """Mostly what somebody would do who has the conversation or is asked to take it; sometimes anything."""
        stored = sorted(self.world.stored.values(), key=lambda c: (c.state in ("closed", "archived"), -c.id))
        if not stored:
            return None
        c = stored[pick % len(stored)]
        if act < 20:
            return node, order(ACTS[act % len(ACTS)], who, c.id, other)
        acts = IN_TRANSFER if c.in_transfer and act % 2 else USUAL[c.state]
        chosen = acts[act // 2 % len(acts)]
        concerned = c.transfer_to if chosen in ("take over", "leave it") else c.owner_id or c.offered_to
        actor = next((person for person in STAFF if person.id == concerned), who)
        if chosen == "assign":
            actor = SVEN
        return node, order(chosen, actor, c.id, other)

    @rule(one=CUSTOMER_ORDER, looks=st.sampled_from([True, True, False]))
    def customer(self, one: tuple[str, int, str, bool], looks: bool) -> None:
        async def says() -> None:
            await self.world.together(self.of_customer(*one))
            if looks:
                await self.world.route()

        self.go(says())

    @rule(one=STAFF_ORDER)
    def staff(self, one: tuple[str, int, Staff, int, Staff]) -> None:
        self.go(self.world.together(*filter(None, [self.of_staff(*one)])))

    @rule(some=st.lists(STAFF_ORDER, min_size=2, max_size=5))
    def one_after_the_other(self, some: list[Any]) -> None:
        for one in some:
            self.go(self.world.together(*filter(None, [self.of_staff(*one)])))

    @rule(staff=st.lists(STAFF_ORDER, min_size=1, max_size=4), customers=st.lists(CUSTOMER_ORDER, max_size=2))
    def at_once(self, staff: list[Any], customers: list[Any]) -> None:
        wishes = [self.of_staff(*one) for one in staff] + [self.of_customer(*one) for one in customers]
        self.go(self.world.together(*filter(None, wishes)))

    @rule(node=NODES, who=PEOPLE, pick=st.integers(0, 3))
    def open(self, node: str, who: Staff, pick: int) -> None:
        own = [c.id for c in self.world.stored.values() if c.owner_id == who.id]
        if own:
            self.go(self.world.together((node, OpenChat(own[pick % len(own)], who))))

    @rule()
    def route(self) -> None:
        self.go(self.world.route())

    @rule(minutes=MINUTES)
    def time_passes(self, minutes: int) -> None:
        async def later() -> None:
            await self.world.wait(timedelta(minutes=minutes))
            await self.world.sweep()
            await self.world.route()

        self.go(later())

    @rule(who=CUSTOMERS)
    def everybody_leaves_and_a_customer_tries_anew(self, who: int) -> None:
        async def alone() -> None:
            for person in sorted(self.world.here):
                await self.world.appear(person, on=False)
            await self.world.together(self.of_customer("one", who, "Anybody?", True))
            await self.world.route()

        self.go(alone())

    @rule(node=NODES, pick=st.integers(0, 3), rest=st.sampled_from(["flag", "flag", "pend", "write"]))
    def an_answer_and_two_hours_of_silence(self, node: str, pick: int, rest: str) -> None:
        live = [c for c in self.world.stored.values() if c.state == "live"]
        if live:
            c = live[pick % len(live)]
            owner = next(person for person in STAFF if person.id == c.owner_id)

            async def silence() -> None:
                await self.world.together((node, order("write", owner, c.id, owner)))
                await self.world.together((node, order(rest, owner, c.id, owner)))
                await self.world.wait(timedelta(hours=2))
                await self.world.sweep()

            self.go(silence())

    @rule(node=NODES, pick=st.integers(0, 3), rest=st.sampled_from(["flag", "flag", "pend", "comment"]))
    def a_question_and_twenty_minutes_without_an_answer(self, node: str, pick: int, rest: str) -> None:
        live = [c for c in self.world.stored.values() if c.state == "live"]
        if live:
            c = live[pick % len(live)]
            owner = next(person for person in STAFF if person.id == c.owner_id)
            customer = next(one for one in self.world.customers if one.id == c.customer_id)

            async def unanswered() -> None:
                await self.world.together((node, WriteMessage(c.id, customer, fresh_id(), "And?")))
                await self.world.together((node, order(rest, owner, c.id, SVEN)))
                await self.world.appear(ADA if owner != ADA else SVEN, on=True)
                await self.world.wait(timedelta(minutes=20))
                await self.world.sweep()
                await self.world.route()

            self.go(unanswered())

    @rule(node=NODES, ends=st.permutations(["close", "customer", "clock"]))
    def comments_and_the_end(self, node: str, ends: list[str]) -> None:
        live = [c for c in self.world.stored.values() if c.state == "live"]
        if live:

            async def over() -> None:
                for c, end in zip(live, ends, strict=False):
                    owner = next(person for person in STAFF if person.id == c.owner_id)
                    customer = next(one for one in self.world.customers if one.id == c.customer_id)
                    for act in ("comment", "write", "unflag", *(["close"] if end == "close" else [])):
                        await self.world.together((node, order(act, owner, c.id, owner)))
                    if end == "customer":
                        await self.world.together((node, WriteMessage(c.id, customer, fresh_id(), "//end")))
                await self.world.wait(timedelta(hours=2))
                await self.world.sweep()

            self.go(over())

    @rule(
        node=NODES,
        pick=st.integers(0, 3),
        who=PEOPLE,
        answer=st.sampled_from(["take over", "leave it", "assign"]),
    )
    def a_transfer_and_its_answer(self, node: str, pick: int, who: Staff, answer: str) -> None:
        held = [c for c in self.world.stored.values() if c.state in ("live", "pending")]
        if held:
            c = held[pick % len(held)]
            owner = next(person for person in STAFF if person.id == c.owner_id)

            async def answered() -> None:
                await self.world.appear(who, on=True)
                await self.world.together((node, order("transfer", owner, c.id, who)))
                actor = SVEN if answer == "assign" else who
                await self.world.together((node, order(answer, actor, c.id, who)))

            self.go(answered())

    @rule(one=STAFF_ORDER, other=CUSTOMER_ORDER)
    def the_clock_strikes_while_somebody_acts(self, one: Any, other: Any) -> None:
        async def race() -> None:
            await self.world.wait(timedelta(minutes=20))
            wishes = [self.of_staff(*one), self.of_customer(*other)]
            routers = (node.house.route() for node in self.world.nodes.values())
            orders = self.world.together(*filter(None, wishes))
            await asyncio.gather(orders, self.world.sweep(), *routers)

        self.go(race())

    @rule(who=PEOPLE, on=st.booleans())
    def comes_or_goes(self, who: Staff, on: bool) -> None:
        self.go(self.world.appear(who, on=on))

    @rule(value=st.sampled_from(["averaged", "round_robin", "random", "offer", "offer"]))
    def distribution(self, value: str) -> None:
        self.go(self.world.prefer(distribution=value))

    @rule(night=st.booleans())
    def hours(self, night: bool) -> None:
        self.go(self.world.prefer(hours=NIGHT if night else None))

    @rule(name=NODES)
    def node_restarts(self, name: str) -> None:
        async def restart() -> None:
            await self.world.stop_node(name)
            await self.world.start_node(name)

        self.go(restart())


@pytest.fixture
async def cast_database(database: str, pool: asyncpg.Pool) -> str:
    await cast.move_in(pool)
    return database


@rules.rule(
    "LIFE-1", "LIFE-2", "LIFE-3", "LIFE-4", "LIFE-5", "LIFE-6", "LIFE-7", "LIFE-8", "LIFE-10", "LIFE-14", "LIFE-16",
    "LIFE-18", "LIFE-19", "TICKET-7", "TEAM-4", "TEAM-5", "LIST-6", "OPS-2",
)  # fmt: skip
def test_whatever_happens_on_two_nodes_the_rules_hold(cast_database: str) -> None:
    class Here(WholeLife):
        dsn = cast_database

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
