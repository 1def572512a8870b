"""Hands over what goes out over channels: the outbox of every messaging service (CHANNEL-2, decision 12).

One entry per customer is in flight, the next one follows it; other customers go on at once. A node holds what it works
on by a lease; what a node that died left in the middle is never sent again by itself: nobody knows whether it went.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

from deskbell.channels.base import Account, Channel, OutFile, Outgoing, Person, SendError
from deskbell.desk.desk import Desk
from deskbell.domain.deliveries import NoteDispatch
from deskbell.domain.errors import Refused
from deskbell.domain.people import SYSTEM
from deskbell.domain.ticks import SETTLED
from deskbell.kit.clock import Clock
from deskbell.kit.files import FileStore
from deskbell.kit.logs import Log
from deskbell.kit.postgres import AWAY, Pool
from deskbell.store import channel_accounts, dispatches
from deskbell.store.deliveries import Stands, Word
from deskbell.store.dispatches import Head, Part

from .pace import Pace

log = Log()

AT_ONCE = 300
"""Entries; most of them wait for a word about what was sent."""
CALLS_AT_ONCE = 60
FILES_AT_ONCE = 4
LEASE = timedelta(seconds=20)
RENEW_S = 5.0
POLL_S = 1.0
TRIES = 10
LONGEST_PAUSE_S = 300.0
GROWTH = 4
PROBE_S = 300.0
LINES = 50


class Patience(NamedTuple):
    """In seconds: how long the next message of a customer waits for a word about the one before, when the service took it
    and when nobody knows; how long a stopping node waits for its calls."""

    taken: float = 1.0
    unknown: float = 5.0
    drain: float = 8.0


USUAL = Patience()


class Dispatches:
    """`run` until cancelled, on every node."""

    def __init__(
        self,
        pool: Pool,
        clock: Clock,
        desk: Desk,
        files: FileStore,
        channels: Mapping[str, Channel],
        patience: Patience = USUAL,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._desk = desk
        self._files = files
        self._channels = channels
        self._patience = patience
        self._pace = Pace(time.monotonic)
        self._held: dict[tuple[int, int], asyncio.Task[None]] = {}
        self._leased: set[tuple[int, int]] = set()
        self._call_turn = asyncio.Semaphore(CALLS_AT_ONCE)
        self._file_turn = asyncio.Semaphore(FILES_AT_ONCE)

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for seconds, work in (
                    (RENEW_S, self._renew),
                    (POLL_S, self.tell_threads),
                    (PROBE_S, self._probe),
                ):
                    group.create_task(_again(seconds, work))
                group.create_task(self._claim())
        finally:
            await self._drain()

    async def _drain(self) -> None:
        """Calls that are out get to end: what they came to would be unknown for ever."""
        if self._held:
            _, late = await asyncio.wait(self._held.values(), timeout=self._patience.drain)
            for task in late:
                task.cancel()

    # -- taking up

    async def _claim(self) -> None:
        wake = self._desk.deliveries.wake
        while True:
            wake.clear()
            try:
                found = await self.take_up()
            except AWAY as error:
                log.warning("dispatches_wait", error=type(error).__name__)
                found = 0
            if not found:
                with suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), POLL_S)

    async def take_up(self) -> int:
        """Begin with what is due now. How many entries."""
        room = AT_ONCE - len(self._held)
        if room <= 0:
            return 0
        now = self._clock.now()
        heads = await dispatches.claim(self._pool, now, now + LEASE, room)
        for head in heads:
            self._leased.add(head.key)
            self._held[head.key] = asyncio.create_task(self._serve(head))
        return len(heads)

    async def settle(self) -> None:
        """Until nothing is due and nothing is in flight; for tests."""
        while await self.take_up() or self._held:
            await asyncio.wait(self._held.values())

    async def _renew(self) -> None:
        if self._leased:
            await dispatches.hold(self._pool, self._leased, self._clock.now() + LEASE)

    async def _serve(self, head: Head) -> None:
        try:
            await self._send(head)
        except AWAY as error:  # the lease ends, and somebody looks at what is stored
            log.warning("dispatch_waits", conversation=head.conversation_id, error=type(error).__name__)
        except Exception:
            log.exception("dispatch_failed", conversation=head.conversation_id, seq=head.seq)
            await self._give_up(head, "Something went wrong here.")
        finally:
            self._leased.discard(head.key)
            self._held.pop(head.key, None)
            self._desk.deliveries.wake.set()

    # -- one entry

    async def _send(self, head: Head) -> None:
        channel = self._channels.get(head.channel)
        if channel is None:
            await self._give_up(head, "The channel of this conversation is no longer set up.")
            return
        if head.again:
            stands = Stands(head.conversation_id, head.seq, "waiting", self._clock.now(), 0, "", 0)
            self._desk.deliveries.tell(stands)
        parts = await self._parts(head, channel)
        if not parts:
            await self._give_up(head, "Nothing in this message can be sent there.")
        for part in parts:
            if part.state in SETTLED:
                continue
            if part.state == "sending":  # who began it is gone
                await self._say(part, "unknown", "It is not known whether this was sent: the server stopped.")
                return
            if part.state != "waiting" or not await self._send_part(head, channel, part):
                return

    async def _parts(self, head: Head, channel: Channel) -> list[Part]:
        """As they were made the first time: an entry never changes under way."""
        parts = await dispatches.parts_of(self._pool, head)
        if parts:
            return parts
        route = await dispatches.route_of(self._pool, head.customer_id, head.channel)
        if route is None:
            return []
        said = await dispatches.said(self._pool, head, route.account_id)
        files = tuple(OutFile(f["id"], f["name"], f["type"], f["size"]) for f in said.files)
        outgoing = Outgoing(said.text, said.html, files, said.answers, head.content)
        await dispatches.prepare(self._pool, head, route, channel.parts(outgoing), self._clock.now())
        return await dispatches.parts_of(self._pool, head)

    async def _account(self, account_id: int) -> Account | None:
        """None: it was switched off."""
        accounts = self._desk.directory.accounts
        if accounts.get(account_id) is None:  # added a moment ago on another node
            await accounts.refresh()
        row = accounts.row(account_id)
        return accounts.get(account_id) if row is not None and row.enabled else None

    async def _send_part(self, head: Head, channel: Channel, part: Part) -> bool:
        """Whether the next part may follow."""
        account = await self._account(part.account_id)
        if account is None:
            await self._give_up(head, "The number this customer writes to is switched off.")
            return False
        await asyncio.sleep(self._pace.wait(account.id))
        if part.body.get("file") is None:
            return await self._call(head, channel, account, part, None)
        async with self._file_turn:
            try:
                content = await self._content(part)
            except FileNotFoundError:
                await self._give_up(head, "A file of this message is gone.")
                return False
            return await self._call(head, channel, account, part, content)

    async def _content(self, part: Part) -> bytes:
        file = part.body["file"]
        return b"".join([piece async for piece in self._files.read(file["id"], 0, file["size"])])

    async def _call(
        self, head: Head, channel: Channel, account: Account, part: Part, content: bytes | None
    ) -> bool:
        if not await dispatches.begin(self._pool, head, part.part, self._clock.now()):
            return False
        heard = self._desk.deliveries.expect(part.attempt)
        try:
            to = Person(part.user_id, part.phone, part.name, part.username)
            async with self._call_turn:
                sent = await channel.send(account, to, part.body, part.attempt, content)
        except SendError as error:
            return await self._not_sent(head, account, part, error, heard)
        except Exception as error:  # a fault of ours, perhaps after the call
            log.exception("channel_failed", channel=channel.name)
            ambiguous = SendError(f"Something went wrong here ({type(error).__name__}).", ambiguous=True)
            return await self._not_sent(head, account, part, ambiguous, heard)
        else:
            await self._say(part, "sent", "", external_id=sent.id)
            await self._mended(head.channel, account)
            await _wait(heard, self._patience.taken)
            return True
        finally:
            self._desk.deliveries.forget(part.attempt)

    async def _say(self, part: Part, state: str, error: str, *, code: int = 0, external_id: str = "") -> None:
        word = Word(part.account_id, external_id, part.attempt, state, self._clock.now(), code, error)
        await self._desk.deliveries.record(word)

    async def _not_sent(
        self, head: Head, account: Account, part: Part, error: SendError, heard: asyncio.Event
    ) -> bool:
        """False: the parts after it wait, or never go."""
        log.warning("not_sent", conversation=head.conversation_id, account=account.id, code=error.code)
        if error.ambiguous:
            await self._say(part, "unknown", str(error), code=error.code)
            await _wait(heard, self._patience.unknown)
        elif error.account:
            await self._back(head, part, None, error, counts=False)
            await self._trouble(account.id, str(error), error.code)
        elif error.retry is not None and head.tries + 1 < TRIES:
            pause = min(error.retry * GROWTH**head.tries, LONGEST_PAUSE_S)
            due = self._clock.now() + timedelta(seconds=pause)
            await self._back(head, part, due, error, counts=True)
        else:
            await self._say(part, "failed", str(error), code=error.code)
        return False

    async def _back(
        self, head: Head, part: Part, due: datetime | None, error: SendError, *, counts: bool
    ) -> None:
        now = self._clock.now()
        self._leased.discard(head.key)  # from here on its time is another one
        await dispatches.back(
            self._pool, head, part.part, due, now, error=str(error), code=error.code, counts=counts
        )
        stands = Stands(head.conversation_id, head.seq, "waiting", now, error.code, str(error), 0)
        self._desk.deliveries.tell(stands)

    async def _give_up(self, head: Head, why: str) -> None:
        now = self._clock.now()
        await dispatches.fail(self._pool, head, why, now)
        self._desk.deliveries.tell(Stands(head.conversation_id, head.seq, "failed", now, 0, why, 0))

    # -- what services say

    async def heard(
        self, account_id: int, external_id: str, attempt: str, state: str, at: datetime, code: int, error: str
    ) -> bool:
        """A status; False: we know no such message. Some failures are not about the message but about its account."""
        note = self._desk.deliveries.note
        if not await note(account_id, external_id, attempt, state, at, code, error):
            return False
        row = self._desk.directory.accounts.row(account_id)
        channel = self._channels.get(row.channel) if row is not None else None
        if state == "failed" and channel is not None and (why := channel.trouble(code)) is not None:
            await self._trouble(account_id, why, code)
        return True

    # -- accounts in trouble

    async def _trouble(self, account_id: int, why: str, code: int) -> None:
        """Nothing goes from there now: supervisors see it, and what is written waits."""
        if await channel_accounts.in_trouble(self._pool, account_id, why, code, self._clock.now()):
            log.warning("channel_account_in_trouble", account=account_id, code=code)
            await self._desk.changed("channels")

    async def _mended(self, channel: str, account: Account) -> None:
        row = self._desk.directory.accounts.row(account.id)
        if row is not None and row.trouble and await channel_accounts.mended(self._pool, account.id):
            await self.release(channel)
            await self._desk.changed("channels")

    async def release(self, channel: str) -> None:
        """What is parked goes on."""
        if await dispatches.release(self._pool, channel, self._clock.now()):
            self._desk.deliveries.wake.set()

    async def _probe(self) -> None:
        """Now and then one message finds out whether an account is well again; without trouble, nothing stays parked."""
        accounts = self._desk.directory.accounts
        for name in self._channels:
            troubled = any(row.trouble for one in accounts.of(name) if (row := accounts.row(one.id)))
            await dispatches.release(self._pool, name, self._clock.now(), 1 if troubled else None)

    # -- what threads are told

    async def tell_threads(self) -> None:
        """A line for each message that was given up, or whose fate nobody knows. On several nodes at once it is one line."""
        while found := await dispatches.to_tell(self._pool, self._clock.now(), LINES):
            for one in found:
                command = NoteDispatch(
                    one.conversation_id,
                    one.seq,
                    one.final,
                    one.why,
                    SYSTEM,
                    f"dispatch-{one.attempt}-{one.final:d}",
                )
                try:
                    await self._desk.perform(command)
                except Refused as refused:
                    if refused.code in ("retry", "busy"):
                        return
                    log.warning("dispatch_not_noted", conversation=one.conversation_id, code=refused.code)
                await dispatches.told(self._pool, one)


async def _wait(heard: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(heard.wait(), seconds)


async def _again(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except AWAY as error:
            log.warning("dispatches_wait", error=type(error).__name__)
        except Exception:
            log.exception("dispatches_failed", work=getattr(work, "__name__", "?"))
        await asyncio.sleep(seconds)
