"""A desk at work on a database of its own, with its clock in the test's hand."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

import asyncpg

from deskbell.desk.desk import Desk
from deskbell.domain.channels import BUILT_IN, ChannelRules
from deskbell.domain.commands import CloseConversation, Command, StartChat, WriteMessage
from deskbell.domain.conversation import Conversation
from deskbell.domain.errors import Refused
from deskbell.domain.people import Customer, Staff
from deskbell.kit.clock import Clock, FixedClock
from deskbell.kit.postgres import create_pool
from deskbell.kit.seal import Seal
from deskbell.realtime.hub import Hub
from deskbell.store import conversations
from deskbell.store.changes import Answer
from deskbell.store.conversations import Line
from tests import cast
from tests.fakes import Ear

_ids = itertools.count(1)
SEAL = Seal(b"s" * 32)


def fresh_id() -> str:
    """A client id nobody has used."""
    return f"fresh-{next(_ids)}"


class House:
    """A Desk, the people in it, and short ways to what tests do all the time.

    Routing and marks happen when a test says so (`route`, `mark`), unless the whole desk runs by itself.
    """

    def __init__(
        self,
        dsn: str,
        pool: asyncpg.Pool,
        clock: Clock,
        node: str,
        lanes: int,
        channels: Mapping[str, ChannelRules] = BUILT_IN,
    ) -> None:
        self.dsn, self.pool, self.clock = dsn, pool, clock
        self.hub = Hub()
        self.desk = Desk(dsn, pool, clock, self.hub, node=node, lanes=lanes, channels=channels, seal=SEAL)

    def ear(self, who: Customer | Staff, *follows: int) -> Ear:
        """Somebody's open socket that follows these conversations."""
        ear = Ear(self.hub, who)
        for conversation_id in follows:
            ear.watch(conversation_id)
        return ear

    async def available(self, *people: Staff) -> None:
        await cast.switch(self.pool, people, self.clock.now())

    async def unavailable(self, *people: Staff) -> None:
        await cast.switch(self.pool, people, self.clock.now(), on=False)

    async def start(self, who: Customer, text: str = "Hello", *, department: int | None = None) -> int:
        """A new chat's number; nobody has looked at it yet."""
        command = StartChat(who, fresh_id(), "web", None, department, text)
        return (await self.desk.perform(command)).conversation_id

    async def live(self, who: Customer = cast.MARTA, owner: Staff = cast.ADA) -> int:
        """A chat that routing gave to `owner`, who alone was available meanwhile."""
        await self.unavailable(*cast.STAFF)
        await self.available(owner)
        number = await self.start(who)
        await self.route()
        return number

    async def ticket(self, who: Customer = cast.MARTA, *, department: int | None = None) -> int:
        """A ticket nobody has accepted: it came when nobody was available."""
        await self.unavailable(*cast.STAFF)
        number = await self.start(who, department=department)
        await self.route()
        return number

    async def together(self, *commands: Command) -> list[Answer | Refused]:
        """What comes of commands that arrive at the same moment; those of one lane share a batch."""
        outcomes = await asyncio.gather(*(self.desk.perform(c) for c in commands), return_exceptions=True)
        return _checked(outcomes)

    async def write(self, number: int, who: Customer | Staff, text: str = "Text") -> Answer:
        return await self.desk.perform(WriteMessage(number, who, fresh_id(), text))

    async def close(self, number: int, who: Customer | Staff) -> Answer:
        return await self.desk.perform(CloseConversation(number, who, fresh_id()))

    async def route(self) -> None:
        """Let routing look at the queue once."""
        await self.desk.router.run_once()

    async def mark(self, number: int, staff_id: int = 0, *, delivered: int = 0, read: int = 0) -> None:
        """Somebody (0: the customer) has received or read up to a number."""
        self.desk.marker.note(number, staff_id, delivered=delivered, read=read)
        await self.desk.marker.flush()

    async def now(self, number: int) -> Conversation:
        """The conversation as it is stored."""
        loaded = await conversations.get(self.pool, number)
        assert loaded is not None
        return loaded.conversation

    async def thread(self, number: int) -> list[Line]:
        return await conversations.after(self.pool, number, 0, 100_000, public=False)

    async def texts(self, number: int) -> list[str]:
        """The messages of a thread in order."""
        return [line.entry.text for line in await self.thread(number) if line.entry.kind == "message"]


def _checked(outcomes: Sequence[Answer | BaseException]) -> list[Answer | Refused]:
    """Raises what is neither an answer nor a refusal."""
    checked = []
    for outcome in outcomes:
        if not isinstance(outcome, Answer | Refused):
            raise outcome
        checked.append(outcome)
    return checked


def codes(outcomes: Sequence[Answer | Refused]) -> list[str]:
    """`ok`, `again` for a repeat, or the code of a refusal, one for each outcome."""
    return [o.code if isinstance(o, Refused) else "again" if o.dup else "ok" for o in outcomes]


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    """Wait for something that the desk does by itself. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110 - whoever waits is a test, not the desk
            await asyncio.sleep(0.01)


@asynccontextmanager
async def open_house(
    dsn: str,
    *,
    clock: Clock | None = None,
    node: str = "one",
    lanes: int = 2,
    whole: bool = False,
    listens: bool = False,
    channels: Mapping[str, ChannelRules] = BUILT_IN,
) -> AsyncIterator[House]:
    """A house on a database with the cast in it. `whole`: everything a desk does by itself goes on too.

    `listens`: only what other nodes commit is heard by itself.
    """
    pool = await create_pool(dsn, size=6)
    house = House(dsn, pool, clock or FixedClock(cast.NOW), node, lanes, channels)
    await house.desk.directory.refresh()
    going_on = [house.desk.run] if whole else house.desk.batcher.workers()
    if listens:
        going_on = [*going_on, house.desk.bus.run_listener]
    work = asyncio.gather(*(run() for run in going_on))
    try:
        yield house
        if work.done():
            work.result()
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        house.hub.flush()
        house.desk.router.close()
        pool.terminate()
        await asyncio.sleep(0)  # the sockets close in the next turn of the loop
