"""Two nodes and the simulator's WhatsApp; people act on both sides, and what lies between is in the test's hand."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from deskbell.channels.base import Filled
from deskbell.domain.access import is_long_closed
from deskbell.domain.commands import CloseConversation, WriteMessage
from deskbell.domain.deliveries import SendAgain, SendTemplate
from deskbell.domain.errors import Refused
from deskbell.domain.ticks import ORDER
from deskbell.kit.clock import FixedClock
from deskbell.kit.postgres import AWAY, create_pool
from deskbell.kit.seal import Seal
from deskbell.settings import Settings
from deskbell.store import channel_accounts, conversations
from tests.cast import ADA, NOW, SUPPORT, switch
from tests.flows.node import Node, open_node
from tests.flows.wires import Letter, Mail, Wire
from tests.whatsapp_sim.sink import sink
from whatsapp_sim import defaults
from whatsapp_sim.client import Client
from whatsapp_sim.clock import Clock
from whatsapp_sim.server import serving
from whatsapp_sim.state import Message

DAY = timedelta(hours=24)
_NUMBER = """
SELECT v.id FROM conversation v JOIN contact c USING (customer_id) WHERE c.user_id = $1 ORDER BY v.id"""
_STANDS = """
SELECT e.client_id, d.state, p.part, p.attempt, p.state FROM dispatch d JOIN entry e USING (conversation_id, seq)
LEFT JOIN dispatch_part p USING (conversation_id, seq) ORDER BY d.conversation_id, d.seq, p.part"""
# The node dies when what a round did is committed and the ledger does not know of it yet.
_DIES = """
CREATE OR REPLACE FUNCTION dies() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
CREATE TRIGGER dies BEFORE UPDATE ON arrival FOR EACH ROW WHEN (NEW.state = 'done') EXECUTE FUNCTION dies()"""


class Act(NamedTuple):
    """What a person did, on either side. `name`: of the message it made; `about`: of the messages it is about."""

    at: datetime
    kind: str
    who: str
    name: str
    text: str = ""
    about: tuple[str, ...] = ()


class Mark(NamedTuple):
    """An attempt: the part of the message it is for, and how far it has got."""

    name: str
    part: int
    state: str


class Town:
    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn, self.folder = dsn, folder
        self.clock = FixedClock(NOW)
        self.stack = AsyncExitStack()
        self.nodes: dict[str, Node] = {}
        self.stacks: dict[str, AsyncExitStack] = {}

    async def open(self) -> None:
        """Everything that stays when people begin anew."""
        self.hook = await self.stack.enter_async_context(sink())
        clock = Clock(NOW.timestamp(), running=False)
        self.sim = await self.stack.enter_async_context(serving(webhook=self.hook.url, clock=clock))
        self.phone = await self.stack.enter_async_context(Client(self.sim.base))
        self.wire = Wire(self.sim, self.statuses_first)
        self.stack.push_async_callback(self.wire.hang_up)
        self.pool = await create_pool(self.dsn, size=2)
        self.stack.callback(self.pool.terminate)
        self.settings = Settings(
            data=self.folder,
            database_url=self.dsn,
            database_pool=4,
            writer_lanes=1,
            secret="s" * 32,
            whatsapp_api=self.sim.base,
        )
        await self._set_up()
        for name in ("one", "two"):
            await self.start(name)
        self.hello = await self._hello()

    async def _set_up(self) -> None:
        """Our number."""
        await self.pool.execute("TRUNCATE channel_account CASCADE")
        values = {"external_id": defaults.PHONE_NUMBER_ID, "name": "Shop", "department_id": SUPPORT}
        values |= {"enabled": True, "settings": {"waba_id": defaults.WABA_ID}}
        secrets = {"token": defaults.TOKEN, "app_secret": defaults.APP_SECRET}
        seal = Seal(self.settings.secret_key())
        added = await channel_accounts.add(self.pool, seal, "whatsapp", values, secrets, NOW)
        assert added is not None
        self.account = added.id

    async def begin(self) -> None:
        """Nobody has ever written, and nothing goes wrong."""
        if not self.nodes:
            await self.open()
        self.named: dict[str, str] = {}
        """The service's ids of what customers wrote, by name."""
        self.marks: dict[str, Mark] = {}
        """Every attempt there ever was."""
        self.ticks: dict[str, str] = {}
        self.again: Counter[str] = Counter()
        """How often somebody pressed "send again"."""
        self.unsure: set[str] = set()
        """Messages whose fate was unknown at some time."""
        self.overtaken: set[str] = set()
        """Customers who wrote something before their chat was closed that came after it."""
        await self.sim.reset()
        self.hook.posts.clear()
        self.mail = Mail(self.hook)
        await self.pool.execute("TRUNCATE customer, arrival, file, presence CASCADE")
        await self.pass_time(NOW - self.clock.now())
        await self.mend()

    async def _hello(self) -> Filled:
        """A template without places to fill in."""
        node = self.nodes["one"]
        account, channel = node.desk.directory.accounts.get(self.account), node.channel
        assert account is not None
        found = await channel.templates(account)
        return channel.fill(next(one for one in found if one.name == "hello_again"), {}, None, None)

    async def close(self) -> None:
        for name in list(self.nodes):
            await self.stop(name)
        await self.stack.aclose()

    async def start(self, name: str) -> None:
        stack = AsyncExitStack()
        self.nodes[name] = await stack.enter_async_context(open_node(self.settings, self.clock, self.wire))
        self.stacks[name] = stack

    async def stop(self, name: str) -> None:
        """At once, as when the power goes: nothing is written any more."""
        node = self.nodes.pop(name)
        sends = list(node.outbox._held.values())
        for send in sends:
            send.cancel()
        await asyncio.gather(*sends, return_exceptions=True)
        await self.stacks.pop(name).aclose()

    # -- what people do

    async def do(self, act: Act) -> bool:
        """Whether it could be done."""
        if act.kind in ("text", "file", "edit", "delete", "react", "read"):
            await self._of_customer(act)
            await self.sim.idle()
            self.mail.collect()
            return True
        number = await self.number(act.who)
        if number is None:
            return False
        return await self._of_agent(act, number)

    async def _of_customer(self, act: Act) -> None:
        match act.kind:
            case "text":
                self.named[act.name] = (await self.phone.text(act.who, act.name)).id
            case "file":
                self.named[act.name] = (await self.phone.send(act.who, "document", text=act.name)).id
            case "edit":
                await self.phone.edit(act.who, self.named[act.about[0]], act.text)
            case "delete":
                await self.phone.delete(act.who, self.named[act.about[0]])
            case "react":
                target = self.named.get(act.about[0]) or self.sent(act.about[0])[0].wamid
                await self.phone.react(act.who, target, act.text)
            case "read":
                for name in act.about:
                    for message in self.sent(name):
                        if message.state == "delivered":
                            self.sim.business.reach(message, "read")

    async def _of_agent(self, act: Act, number: int) -> bool:
        desk = next(iter(self.nodes.values())).desk
        command: Any
        match act.kind:
            case "write":
                command = WriteMessage(number, ADA, act.name, act.text)
            case "template":
                command = SendTemplate(number, ADA, act.name, *self.hello)
            case "close":
                command = CloseConversation(number, ADA, act.name)
            case "again":
                seq = await self.pool.fetchval(
                    "SELECT seq FROM entry WHERE conversation_id = $1 AND client_id = $2",
                    number,
                    act.about[0],
                )
                command = SendAgain(number, ADA, act.name, seq)
        late = await self._on_their_way(act.who, number) if act.kind == "close" else False
        state = await self._state(number)
        try:
            await desk.perform(command)
        except Refused as refused:
            await self._check_refusal(act, number, refused)
            return False
        self._check_allowed(act)
        assert state != "closed" or await self._state(number) == "closed", "only the customer opens it again"
        if late:
            self.overtaken.add(act.who)
        if act.kind == "again":
            self.again[act.about[0]] += 1
        return True

    async def _state(self, number: int) -> Any:
        return await self.pool.fetchval("SELECT state FROM conversation WHERE id = $1", number)

    async def _on_their_way(self, who: str, number: int) -> bool:
        """Whether the customer has written something that is not in the thread yet."""
        there = {
            line.entry.text for line in await conversations.after(self.pool, number, 0, 10_000, public=True)
        }
        written = {
            one.wamid for one in self.sim.world.thread(defaults.PHONE_NUMBER_ID, who).messages if one.inbound
        }
        return any(named in written and name not in there for name, named in self.named.items())

    async def look_at(self, who: str) -> None:
        """The agent reads what a customer has written, which shows there."""
        number, node = await self.number(who), next(iter(self.nodes.values()))
        if number is not None:
            node.desk.shown.read(number, 0)
            await node.seen.run_once()

    # -- LIFE-11

    def _check_allowed(self, act: Act) -> None:
        if act.kind == "write":
            heard = self.sim.world.thread(defaults.PHONE_NUMBER_ID, act.who).heard
            assert heard is not None
            assert self.clock.now().timestamp() - heard < DAY.total_seconds(), "written outside of the window"

    async def _check_refusal(self, act: Act, number: int, refused: Refused) -> None:
        assert refused.code not in ("retry", "busy"), refused
        if refused.code == "window":
            assert act.kind in ("write", "again")
            found = await conversations.get(self.pool, number)
            at = await self.pool.fetchval(
                "SELECT last_in_at FROM contact WHERE user_id = $1", self.sim.world.users[act.who].user_id
            )
            assert found is not None
            now = self.clock.now()
            assert is_long_closed(found.conversation, now) or now - at >= DAY, "refused inside the window"

    # -- what is between them

    async def come(self, letter: Letter, *names: str) -> None:
        """A webhook comes to these nodes at the same moment."""
        doors = [self.nodes[name].door for name in names or list(self.nodes)[:1]]
        headers = {
            name: letter.headers[name] for name in ("content-type", "x-hub-signature-256", "user-agent")
        }
        answers = await asyncio.gather(
            *(door.post("/hooks/whatsapp", content=letter.body, headers=headers) for door in doors)
        )
        assert [answer.status_code for answer in answers] == [200] * len(doors)
        self.mail.give(letter)

    async def all_come(self) -> None:
        for letter in list(self.mail.held):
            await self.come(letter)

    async def statuses_first(self) -> None:
        """Before a call is answered, what is told of it is here and was worked on."""
        self.mail.collect()
        for letter in list(self.mail.held):
            if not letter.said:
                await self.come(letter)
        await self.work(list(self.nodes)[-1])

    # -- our workers

    async def work(self, name: str) -> None:
        node = self.nodes[name]
        await node.ledger.work()
        await switch(self.pool, [ADA], self.clock.now())  # her console is still there
        await node.desk.router.run_once()
        await node.files.work()

    async def work_and_die(self, name: str) -> None:
        await self.pool.execute(_DIES)
        try:
            with suppress(*AWAY):
                await self.nodes[name].ledger.work()
        finally:
            await self.pool.execute("DROP TRIGGER dies ON arrival")
        await self.stop(name)
        await self.start(name)

    async def send(self, *names: str) -> None:
        """These nodes hand over what is due, until nothing is."""
        for node in self.nodes.values():
            await node.desk.directory.accounts.refresh()  # what the bus tells them
        await asyncio.gather(*(self.nodes[name].outbox.settle() for name in names))
        await self.tell(names[0])

    async def tell(self, name: str) -> None:
        await self.nodes[name].outbox.tell_threads()
        self.mail.collect()

    async def mend(self) -> None:
        """The account works again: what somebody who enters a new token does."""
        await channel_accounts.mended(self.pool, self.account)
        node = next(iter(self.nodes.values()))
        await node.outbox.release("whatsapp")

    async def pass_time(self, time: timedelta) -> None:
        self.clock.advance(time)
        self.sim.clock.set(self.clock.now().timestamp())
        await self.sim.idle()

    async def turn(self, name: str) -> None:
        """Whatever was posted comes, and everybody does what is due."""
        await self.all_come()
        await self.work(name)
        await self.send(name)
        if self.mail.held:
            await self.all_come()
            await self.work(name)
            await self.tell(name)

    async def settle(self) -> None:
        """Nothing goes wrong any more, and time passes until nothing waits."""
        self.wire.next.clear()
        await self.mend()
        for minutes in (0, 1, 6, 6, 16 * 60, 16 * 60):
            await self.pass_time(timedelta(minutes=minutes))
            for node in self.nodes.values():
                await node.outbox._probe()
            await self.turn(next(iter(self.nodes)))
            await self.look()

    # -- what stands where

    async def number(self, who: str) -> int | None:
        """Of the one conversation of a customer."""
        rows = await self.pool.fetch(_NUMBER, self.sim.world.users[who].user_id)
        assert len(rows) < 2
        return rows[0][0] if rows else None

    def sent(self, name: str) -> list[Message]:
        """What WhatsApp took of one of our messages: its parts, and once more what was sent again."""
        marks = {attempt for attempt, mark in self.marks.items() if mark.name == name}
        return [one for one in self.sim.world.messages.values() if not one.inbound and one.opaque in marks]

    async def look(self) -> None:
        """Ticks go forward, and nothing went out that we know nothing of, or twice."""
        for name, state, part, attempt, at in await self.pool.fetch(_STANDS):
            self.ticks[name] = state
            if state == "unknown":
                self.unsure.add(name)
            if attempt is not None:
                mark = self.marks.get(attempt, Mark(name, part, "waiting"))
                back = (mark.state, at) == ("sending", "waiting")  # WhatsApp said that it did not take it
                assert back or ORDER.index(at) >= ORDER.index(mark.state), f"{mark}, then {at}"
                self.marks[attempt] = mark._replace(state=at)
        taken = Counter(one.opaque for one in self.sim.world.messages.values() if not one.inbound)
        assert all(mark in self.marks and count == 1 for mark, count in taken.items()), taken
        attempts = Counter((mark.name, mark.part) for mark in self.marks.values())
        for (name, _), count in attempts.items():
            assert count <= 1 + self.again[name], f"{name} went again by itself"
