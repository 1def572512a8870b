"""Customers and an agent write over WhatsApp while everything between them goes wrong (W3): nothing is lost, nothing is
doubled silently, and the end is the one it would have been had nothing gone wrong.
"""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from structlog.testing import capture_logs

from tests import cast, rules
from tests.flows.ends import check, check_nothing_waits, compare, end_of, is_settled, parts_of
from tests.flows.town import Act, Town
from tests.flows.wires import FAULTS, ON_THE_WAY

WHO = ("marta", "lena")
"""Lena hides her number."""
PEOPLE = st.sampled_from(WHO)
NODES = st.sampled_from(["one", "two"])
PICK = st.integers(0, 2)
SOME_NODES = st.sampled_from([("one",), ("two",), ("one", "two")])
PHONE_ACTS = ("text", "text", "file", "edit", "edit", "react", "take back", "delete", "read", "react to us")
ON_A_PHONE = st.tuples(PEOPLE, st.sampled_from(PHONE_ACTS), PICK)
AT_THE_DESK = st.tuples(
    PEOPLE, st.sampled_from(["short", "short", "long", "template", "close", "again", "look"]), PICK
)
COME = st.sampled_from(["", "in order", "backwards"])
"""Which webhooks come now: none, or all that were held, one way or the other."""
BETWEEN = (
    "a webhook", "a webhook again", "a webhook at two nodes", "work", "two work", "mended", "time", "time", "a day",
)  # fmt: skip
SOME_FAULT = st.sampled_from(["", "", *FAULTS, *ON_THE_WAY])
TEXTS = {"short": "Good day!", "long": f"{'a' * 4000}\n\n{'b' * 4000}"}
MOST_DAYS = 2
"""What is about a message that does not come is given up after a day of tries; so nothing is held for longer."""


class OverWhatsApp(RuleBasedStateMachine):
    town: ClassVar[Town]
    runner: ClassVar[asyncio.Runner]

    def __init__(self) -> None:
        super().__init__()
        self.acts: list[Act] = []
        self.days = 0
        self.whole = True

    def go(self, work: Coroutine[Any, Any, None]) -> None:
        """One step, and then the ticks are looked at."""

        async def step() -> None:
            await work
            await self.town.look()

        self.whole = False
        self.runner.run(step())
        self.whole = True

    @initialize()
    def begins(self) -> None:
        async def morning() -> None:
            await self.town.begin()
            for who in WHO:
                await self.act("text", who)
            await self.town.turn("one")

        self.go(morning())

    async def act(self, kind: str, who: str, text: str = "", *about: str) -> bool:
        """Somebody does something, a second after what was done before."""
        await self.town.pass_time(timedelta(seconds=1))
        act = Act(self.town.clock.now(), kind, who, f"{kind} {len(self.acts)}", text, about)
        done = await self.town.do(act)
        if done:
            self.acts.append(act)
        return done

    def names(self, who: str, *kinds: str) -> list[str]:
        return [act.name for act in self.acts if act.who == who and act.kind in kinds]

    # -- on the customers' side

    @rule(acts=st.lists(ON_A_PHONE, min_size=3, max_size=6), come=COME)
    def on_the_phones(self, acts: list[tuple[str, str, int]], come: str) -> None:
        async def do() -> None:
            for who, what, pick in acts:
                await self.on_a_phone(who, what, pick)
            await self.let(come, "one")

        self.go(do())

    async def on_a_phone(self, who: str, what: str, pick: int) -> None:
        """About one of the newest messages, where it is about one."""
        gone = {name for act in self.acts if act.kind == "delete" for name in act.about}
        kinds = ["text"] if what == "edit" else ["text", "file"]
        own = [name for name in self.names(who, *kinds)[::-1] if name not in gone]
        ours = [name for name in self.names(who, "write", "template")[::-1] if self.seen(name)]
        if what in kinds:
            await self.act(what, who)
        elif what == "read":
            await self.act(what, who, "", *ours)
        elif about := ours if what == "react to us" else own:
            text = {"take back": "", "delete": ""}.get(what, f"+{len(self.acts)}")
            kind = what if what in ("edit", "delete") else "react"
            await self.act(kind, who, text, about[pick % len(about)])

    def seen(self, name: str) -> bool:
        """Whether all of it is at the phone."""
        sent = self.town.sent(name)
        return len(sent) >= parts_of(self.town, name) and all(
            one.state in ("delivered", "read") for one in sent
        )

    # -- on ours

    @rule(
        acts=st.lists(AT_THE_DESK, min_size=1, max_size=4),
        nodes=SOME_NODES,
        faults=st.tuples(SOME_FAULT, SOME_FAULT),
        come=COME,
    )
    def at_the_desk(
        self, acts: list[tuple[str, str, int]], nodes: tuple[str, ...], faults: tuple[str, str], come: str
    ) -> None:
        async def do() -> None:
            for who, what, pick in acts:
                await self.by_the_agent(who, what, pick)
            await self.send(nodes, dict(zip(WHO, faults, strict=True)), come)

        self.go(do())

    async def by_the_agent(self, who: str, what: str, pick: int) -> None:
        if what == "look":
            await self.town.look_at(who)
        elif what == "again":
            await self.town.look()
            ours = self.names(who, "write", "template")
            if bad := [name for name in ours if self.town.ticks[name] in ("failed", "unknown")]:
                await self.act("again", who, "", bad[pick % len(bad)])
        else:
            await self.act("write" if what in TEXTS else what, who, TEXTS.get(what, ""))

    # -- between them

    async def let(self, come: str, node: str) -> None:
        """They come, and one node works on them."""
        if come:
            for letter in self.town.mail.held[:: -1 if come == "backwards" else 1]:
                await self.town.come(letter)
            await self.town.work(node)

    @rule(what=st.sampled_from(BETWEEN), pick=st.integers(0, 9), node=NODES)
    def between_them(self, what: str, pick: int, node: str) -> None:
        async def do() -> None:
            letters = self.town.mail.given if what == "a webhook again" else self.town.mail.held
            if "webhook" in what and letters:
                letter = letters[pick % len(letters)]
                await self.town.come(letter, *(("one", "two") if what.endswith("at two nodes") else (node,)))
            elif what == "work":
                await self.town.work(node)
            elif what == "two work":
                await asyncio.gather(self.town.work("one"), self.town.work("two"))
            elif what == "mended":
                await self.town.mend()
            elif what == "time":
                await self.town.pass_time(timedelta(minutes=(0.1, 1, 6)[pick % 3]))
            elif what == "a day" and self.days < MOST_DAYS:
                self.days += 1
                await self.town.pass_time(timedelta(hours=25))

        self.go(do())

    @rule(node=NODES, who=PEOPLE)
    def a_node_dies_when_the_ledger_does_not_know_yet_what_was_done(self, node: str, who: str) -> None:
        async def die() -> None:
            await self.act("text", who)
            await self.town.all_come()
            await self.town.work_and_die(node)

        self.go(die())

    async def send(self, nodes: tuple[str, ...], faults: dict[str, str], come: str) -> None:
        self.town.wire.next = dict(faults)
        await self.town.send(*nodes)
        self.town.wire.next = {}
        await self.town.look()
        for who in WHO:
            self.note_read(who)
        await self.let(come, nodes[0])

    def note_read(self, who: str) -> None:
        """Some are read as soon as they are there."""
        known = {name for act in self.acts if act.kind == "read" for name in act.about}
        read = [
            name
            for name in self.names(who, "write", "template")
            if name not in known and self.seen(name) and all(o.state == "read" for o in self.town.sent(name))
        ]
        if read:
            self.acts.append(Act(self.town.clock.now(), "read", who, "", "", tuple(read)))

    @rule(node=NODES, who=PEOPLE, taken=st.booleans(), dies=st.booleans())
    def a_node_stops_in_the_middle_of_a_send(self, node: str, who: str, taken: bool, dies: bool) -> None:
        async def stop() -> None:
            wire, other = self.town.wire, "two" if node == "one" else "one"
            await self.act("write", who, "Are you there?")
            wire.next = {who: "answer stuck" if taken else "stuck"}
            sending = asyncio.create_task(self.town.send(node))
            stuck = asyncio.create_task(wire.stuck.wait())
            await asyncio.wait([sending, stuck], return_when=asyncio.FIRST_COMPLETED)
            stuck.cancel()
            if dies and not sending.done():
                sending.cancel()
                await self.town.stop(node)
                await self.town.start(node)
            wire.next = {}
            await self.town.look()
            await self.town.pass_time(timedelta(seconds=21))  # its leases end
            await self.town.send(other)
            await self.town.look()
            wire.go_on.set()
            await asyncio.gather(sending, return_exceptions=dies)
            wire.stuck.clear()
            wire.go_on.clear()

        self.go(stop())

    # -- in the end

    def teardown(self) -> None:
        try:
            if self.whole:
                self.whole = False
                self.runner.run(self.check_the_end())
                self.whole = True
        finally:
            if not self.whole:
                self.runner.run(self.town.close())  # whatever is stuck there

    async def check_the_end(self) -> None:
        await self.town.settle()
        await check_nothing_waits(self.town)
        ends = {who: await end_of(self.town, who) for who in WHO}
        for who, end in ends.items():
            check(self.town, end, self.names(who, "text", "file"))
        settled = {
            name for end in ends.values() for name, shown in end.ours if is_settled(self.town, name, shown)
        }
        again, overtaken = set(self.town.again), set(self.town.overtaken)
        await self.town.begin()
        await self.replay(overtaken)
        for who, end in ends.items():
            plain = await end_of(self.town, who)
            compare(end, plain, settled, again, overtaken=who in overtaken)

    async def replay(self, overtaken: set[str]) -> None:
        """The same without anything that goes wrong."""
        for act in self.acts:
            await self.town.pass_time(act.at - self.town.clock.now())
            if act.kind != "again":
                done = await self.town.do(act)
                assert done or act.who in overtaken, act
            if self.town.mail.held:
                await self.town.all_come()
                await self.town.work("one")
            if act.kind in ("write", "template"):
                await self.town.send("one")
                await self.town.look()
        await self.town.turn("one")


@pytest.fixture
async def cast_database(database: str, pool: asyncpg.Pool) -> str:
    await cast.move_in(pool)
    return database


@rules.rule("CHANNEL-2", "CHANNEL-3", "LIFE-10", "LIFE-11")
def test_whatever_goes_wrong_between_us_and_whatsapp_the_end_is_the_same(
    cast_database: str, tmp_path: Path
) -> None:
    with capture_logs(), asyncio.Runner() as here:  # what goes wrong on purpose is told at length

        class Here(OverWhatsApp):
            town, runner = Town(cast_database, tmp_path), here

        try:
            run_state_machine_as_test(
                Here,
                settings=settings(
                    max_examples=8,
                    stateful_step_count=10,
                    deadline=None,
                    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
                ),
            )
        finally:
            here.run(Here.town.close())
