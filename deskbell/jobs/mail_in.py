"""What becomes of a mail that came in: a message, a ticket, a line in a thread, or nothing (CHANNEL-4, TICKET-9).

Everything goes through ordinary commands whose client id is made of what the mail says: worked on twice, it is there once.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from deskbell.channels.email import fold, kinds, match
from deskbell.channels.email.kinds import Ours
from deskbell.channels.email.match import Check, Place
from deskbell.channels.email.parse import Parsed, fingerprint, parse, short_digest
from deskbell.desk.desk import Desk
from deskbell.domain.commands import NoteLetter, NoteMail, StartChat, TicketByMail, WriteMessage
from deskbell.domain.errors import NotFound, Refused
from deskbell.domain.people import SYSTEM, Customer
from deskbell.kit.clock import Clock
from deskbell.kit.files import FileStore
from deskbell.kit.logs import Log
from deskbell.kit.postgres import AWAY, Pool
from deskbell.realtime.frames import MAX_TEXT
from deskbell.settings import Settings
from deskbell.store import inbound, mails
from deskbell.store.changes import Answer
from deskbell.store.inbound import WORKING, Arrived

from .mail_files import MailFiles

log = Log()

AT_ONCE = 20
PAUSE_S = 5.0
WAITS = tuple(timedelta(minutes=m) for m in (0.1, 1, 5, 30, 120, 720))
"""Between the tries with a mail that something goes wrong with; then it is put aside, and the state says so."""
SENDER_PER_HOUR = 60
"""Mails of one address that are worked on within an hour; the others wait. It ends every circle of two machines."""
KEPT_FOR_NOTHING = timedelta(days=30)


class Outcome(NamedTuple):
    what: str
    conversation_id: int | None = None
    seq: int = 0


class MailIn:
    def __init__(
        self, settings: Settings, pool: Pool, files: FileStore, clock: Clock, desk: Desk, ours: Ours
    ) -> None:
        self._server = settings.imap_auth_server
        self._pool = pool
        self._store = files
        self._clock = clock
        self._desk = desk
        self._ours = ours
        self._files = MailFiles(pool, files, clock, settings)
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Something new is stored."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled; one node at a time works. What was put aside gets another chance at each start."""
        reopened = False
        while True:
            self._wake.clear()
            try:
                if not reopened:
                    await inbound.reopen(self._pool, self._clock.now())
                    reopened = True
                await self.work()
            except AWAY as error:
                log.warning("mail_waits", error=type(error).__name__)
            try:
                async with asyncio.timeout(PAUSE_S):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def work(self) -> int:
        """Work on all that is due, unless another node is at it. How many mails were settled."""
        async with self._pool.acquire() as connection:
            if not await inbound.try_lock(connection, WORKING):
                return 0
            try:
                count = 0
                while found := await inbound.due(connection, self._clock.now(), AT_ONCE):
                    for arrived in found:
                        count += await self._settle(arrived)
                return count
            finally:
                if not connection.is_closed():
                    await inbound.unlock(connection, WORKING)

    async def forget(self) -> None:
        """Mails that made nothing, after a while."""
        while raw_ids := await inbound.forget(self._pool, self._clock.now() - KEPT_FOR_NOTHING, 100):
            await self._store.delete(raw_ids)

    async def _settle(self, arrived: Arrived) -> bool:
        now = self._clock.now()
        try:
            outcome = await self._work_on(arrived)
        except Refused as refused:
            await self._again(arrived, refused.code)
            return False
        except Exception as error:  # one bad mail stops no other
            log.exception("mail_failed", mail=arrived.id)
            await self._again(arrived, type(error).__name__)
            return False
        if outcome is None:
            await inbound.later(self._pool, arrived.id, now + timedelta(minutes=15), "", counts=False)
            return False
        await inbound.done(self._pool, arrived.id, *outcome, now)
        return True

    async def _again(self, arrived: Arrived, error: str) -> None:
        now = self._clock.now()
        if arrived.tries < len(WAITS):
            await inbound.later(self._pool, arrived.id, now + WAITS[arrived.tries], error)
        else:
            log.error("mail_put_aside", mail=arrived.id, error=error)
            await inbound.aside(self._pool, arrived.id, error, now)

    async def _work_on(self, arrived: Arrived) -> Outcome | None:
        """None: later, its sender has sent too many. Raises Refused when the desk cannot take it just now."""
        raw = await self._read(arrived.raw_id)
        mail = await asyncio.to_thread(parse, raw, arrived.size)
        said = fingerprint(mail, raw)
        if await inbound.know(self._pool, arrived.id, said, mail.sender):
            return Outcome("double")
        addresses = await inbound.department_addresses(self._pool)
        ours = self._ours._replace(addresses=frozenset(self._ours.addresses) | addresses.keys())
        sort = kinds.sort_of(mail, ours)
        if sort == "loop":
            return Outcome("loop")
        if sort == "bounce":
            return await self._bounced(mail, ours)
        since = self._clock.now() - timedelta(hours=1)
        if await inbound.worked_on(self._pool, mail.sender, since) >= SENDER_PER_HOUR:
            return None
        check = kinds.check_of(mail.headers, self._server)
        place, customer = await self._place(mail, check)
        if sort == "answer":
            return await self._automatic(mail, place, said)
        if place.number is not None and customer is not None:
            outcome = await self._reply(mail, place, customer, said, check)
            if outcome is not None:
                return outcome
        department = next((addresses[one] for one in mail.recipients if one in addresses), None)
        return await self._ticket(mail, place.answers, department, said, check)

    async def _read(self, raw_id: str) -> bytes:
        size = await self._store.size(raw_id)
        return b"".join([piece async for piece in self._store.read(raw_id, 0, size)]) if size else b""

    async def _place(self, mail: Parsed, check: Check) -> tuple[Place, Customer | None]:
        found = await mails.find(self._pool, mail.refers_to)
        known = {one.message_id: one.conversation_id for one in found}
        meant = match.meant(mail, self._ours.key, known)
        who = await inbound.acquaintances(self._pool, meant.all)
        place = match.place(mail, meant, {number: one.addresses for number, one in who.items()}, check)
        return place, Customer(who[place.number].customer_id) if place.number is not None else None

    async def _bounced(self, mail: Parsed, ours: Ours) -> Outcome:
        """The mail of ours that came back is marked in its thread; what cannot be found is nobody's."""
        bounce = kinds.bounce_of(mail, ours)
        for one in await mails.find(self._pool, bounce.ids):
            if one.direction != "out":
                continue
            if bounce.delayed:
                return Outcome("bounce", one.conversation_id)
            to = one.recipient or bounce.recipient
            kind = "reply" if one.seq else "transcript"
            client_id = f"bounce-{short_digest(one.message_id)}"
            note = NoteLetter(one.conversation_id, to, bounce.why, SYSTEM, client_id, kind, one.seq)
            answer = await self._desk.perform(note)
            await mails.failed(self._pool, one.message_id, self._clock.now())
            return Outcome("bounce", one.conversation_id, answer.seq)
        return Outcome("bounce")

    async def _automatic(self, mail: Parsed, place: Place, said: str) -> Outcome:
        """A line in the thread it answers; without one it is nothing to anybody."""
        if place.number is None:
            return Outcome("automatic")
        values = (("subject", mail.subject),)
        note = NoteMail(place.number, True, mail.sender, values, SYSTEM, said)
        answer = await self._desk.perform(note)
        return Outcome("automatic", place.number, answer.seq)

    async def _reply(
        self, mail: Parsed, place: Place, customer: Customer, said: str, check: Check
    ) -> Outcome | None:
        """None when that conversation takes nothing more: it becomes a ticket."""
        assert place.number is not None
        folded = fold.fold(mail.text)
        files, notes = await self._files.keep(mail, customer.id)
        text, carried = _message(mail, folded, files, notes, check)
        command = WriteMessage(place.number, customer, said, text, None, files, carries={"mail": carried})
        try:
            answer = await self._desk.perform(command)
        except Refused as refused:
            if refused.code == "unavailable":
                return Outcome("blocked")
            if refused.code == "closed" or isinstance(refused, NotFound):
                return None
            raise
        if place.proven and await inbound.proved(self._pool, customer.id, mail.sender):
            await self._desk.changed("customers")
        return await self._became("reply", mail, answer)

    async def _ticket(
        self, mail: Parsed, answers: int | None, department: int | None, said: str, check: Check
    ) -> Outcome:
        customer = Customer(await self._customer(mail, check))
        files, notes = await self._files.keep(mail, customer.id)
        text, carried = _message(mail, fold.unsigned(mail.text), files, notes, check)
        by_mail = TicketByMail(mail.subject, mail.sender or "an unknown sender", answers, carried)
        start = StartChat(customer, said, "email", None, department, text, files, by_mail=by_mail)
        try:
            answer = await self._desk.perform(start)
        except Refused as refused:
            if refused.code == "unavailable":
                return Outcome("blocked")
            raise
        if answers is not None:
            values = (("number", str(answer.conversation_id)),)
            note = NoteMail(answers, False, by_mail.sender, values, SYSTEM, said)
            await self._desk.perform(note)
        return await self._became("ticket", mail, answer)

    async def _customer(self, mail: Parsed, check: Check) -> int:
        proven = check == "pass"
        found = await inbound.customer_of(self._pool, mail.sender, proven=proven) if mail.sender else None
        if found is not None:
            return found
        now = self._clock.now()
        return await inbound.new_customer(self._pool, mail.sender_name, mail.sender, proven=proven, now=now)

    async def _became(self, what: str, mail: Parsed, answer: Answer) -> Outcome:
        if mail.message_id:
            await mails.received(
                self._pool, mail.message_id, answer.conversation_id, answer.seq, self._clock.now()
            )
        return Outcome(what, answer.conversation_id, answer.seq)


def _message(
    mail: Parsed, folded: fold.Folded, files: Sequence[str], notes: Sequence[str], check: Check
) -> tuple[str, dict[str, object]]:
    """The text of the message, and what staff see of the mail besides it."""
    text = folded.new.strip()
    cut = len(text) > MAX_TEXT
    if cut:
        text = f"{text[: MAX_TEXT - 1].rstrip()}…"
    if not text and not files:
        text = "(This mail has no text.)"
    carried: dict[str, object] = {"from": mail.sender, "subject": mail.subject}
    if folded.quoted or folded.signature or cut:
        carried["more"] = True
    if mail.html:
        carried["html"] = True
    if check != "none":
        carried["check"] = check
    if said := [*mail.notes, *notes]:
        carried["notes"] = said
    return text, carried
