"""What becomes of some arrivals: messages, amendments, ticks, changed numbers (CHANNEL-2, LIFE-10).

Everything goes through ordinary commands, whose client id is made of the service's id: worked on twice, it is there once.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from deskbell.channels.base import AccountNews, Amended, Arrived, Person, Renamed, Said, Status
from deskbell.desk.desk import Desk
from deskbell.domain.blocking import NEUTRAL
from deskbell.domain.commands import StartChat, WriteMessage
from deskbell.domain.deliveries import Amend, NoteContact
from deskbell.domain.errors import NotFound, Refused
from deskbell.domain.people import SYSTEM, Customer
from deskbell.kit.clock import milliseconds
from deskbell.kit.postgres import Connection, Pool
from deskbell.realtime.frames import MAX_TEXT
from deskbell.store import arrivals, contacts
from deskbell.store.arrivals import Arrival, Place, Settled
from deskbell.store.coming import Coming
from deskbell.store.contacts import Contact

from . import people_met
from .message_text import cleaned, pieces

TRIES = 3
"""Between looking where a message belongs and writing it there, that place may close or be archived."""


class Later(Exception):
    """It is about something that we do not know, or not yet."""


class Hears(NamedTuple):
    """Who else must know: of statuses (False: no such message), and of news about an account."""

    status: Callable[[int, str, str, str, datetime, int, str], Awaitable[bool]]
    news: Callable[[int, AccountNews], Awaitable[None]]


class Told(NamedTuple):
    arrival: Arrival
    means: Sequence[Arrived]


Result = Settled | Exception


class Round:
    """One round over some arrivals: everything that can be is asked and written for all of them at once."""

    def __init__(self, connection: Connection, pool: Pool, desk: Desk, hears: Hears, now: datetime) -> None:
        self._connection = connection
        self._pool = pool
        self._desk = desk
        self._hears = hears
        self._now = now
        self._people = people_met.Known({}, {})
        self._met: dict[people_met.Key, Contact] = {}
        self._entries: dict[tuple[int, str], Place] = {}
        self._made: dict[str, Place] = {}
        self._places: dict[tuple[int, str], int] = {}
        self.coming: list[Coming] = []

    async def work(self, told: Sequence[Told]) -> list[tuple[Arrival, Result]]:
        """What became of each; of those a sender said after one that failed, nothing yet."""
        await self._look_up(told)
        chains: dict[object, list[Told]] = {}
        for one in told:
            arrival = one.arrival
            key = (arrival.account_id, arrival.sender) if arrival.sender else arrival.id
            chains.setdefault(key, []).append(one)
        found = await asyncio.gather(*(self._chain(chain) for chain in chains.values()))
        return [result for results in found for result in results]

    async def _look_up(self, told: Sequence[Told]) -> None:
        """Who they are, where their messages belong, and what of it is there already."""
        all_ = [(one.arrival, means) for one in told for means in one.means]
        people = [(arrival.account_id, who) for arrival, means in all_ for who in _people_in(means)]
        self._people = await people_met.known(self._connection, people)
        said = [
            (arrival, means) for arrival, means in all_ if isinstance(means, Said) and means.person.user_id
        ]
        if said:
            await self._meet(said)
        about = {(a.account_id, named) for a, means in all_ if (named := _about(means))}
        if about:
            self._entries = await arrivals.entries(self._connection, sorted(about))

    async def _meet(self, said: Sequence[tuple[Arrival, Said]]) -> None:
        wanted = {(a.account_id, means.person.user_id): means.person for a, means in said}
        self._met = await people_met.meet(self._connection, wanted, self._people, self._now)
        times = [(self._contact(a, means).id, min(_time(a, means.at), a.received_at)) for a, means in said]
        # Before the message is written: whoever sees it may answer it (LIFE-11).
        await contacts.wrote(self._connection, times)
        whose = {(self._contact(a, means).customer_id, a.channel) for a, means in said}
        for channel in {channel for _, channel in whose}:
            asked = sorted(one for one in whose if one[1] == channel)
            found = await arrivals.places(self._connection, asked)
            self._places |= {(customer, channel): place for customer, place in found.items()}
        asked_ids = [(self._contact(a, means).customer_id, _client_id(a, means.id)) for a, means in said]
        self._made = await arrivals.made(self._connection, asked_ids)

    def _contact(self, arrival: Arrival, said: Said) -> Contact:
        return self._met[arrival.account_id, said.person.user_id]

    async def _chain(self, chain: Sequence[Told]) -> list[tuple[Arrival, Result]]:
        """One sender's, in order. Who fails keeps the others back; who only waits does not."""
        results: list[tuple[Arrival, Result]] = []
        for one in chain:
            try:
                results.append((one.arrival, await self._one(one)))
            except Later as later:
                results.append((one.arrival, later))
            except Exception as error:
                results.append((one.arrival, error))
                if one.arrival.tries < arrivals.HOLDS:
                    break
        return results

    async def _one(self, told: Told) -> Settled:
        settled = Settled(told.arrival, "nothing")
        for means in told.means:
            match means:
                case Said():
                    became = await self._said(told.arrival, means)
                case Amended():
                    became = await self._amended(told.arrival, means)
                case Status():
                    became = await self._status(told.arrival, means)
                case Renamed():
                    became = await self._renamed(told.arrival, means)
                case AccountNews():
                    await self._hears.news(told.arrival.account_id, means)
                    became = Settled(told.arrival, "news")
            settled = became._replace(messages=(*settled.messages, *became.messages))
        return settled

    # -- messages

    async def _said(self, arrival: Arrival, said: Said) -> Settled:
        if not said.person.user_id:
            return Settled(arrival, "nobody")
        contact = self._contact(arrival, said)
        client_id = _client_id(arrival, said.id)
        first, *rest = pieces(cleaned(said.text), MAX_TEXT)
        try:
            place = self._made.get(client_id)
            if place is None:
                place = await self._write(arrival, contact, said, client_id, first)
            me = Customer(contact.customer_id)
            for n, piece in enumerate(rest, 2):
                await self._desk.perform(WriteMessage(place.conversation_id, me, f"{client_id}-{n}", piece))
        except Refused as refused:
            if refused.text == NEUTRAL:
                return Settled(arrival, "blocked")
            raise
        self._entries[arrival.account_id, said.id] = place
        self.coming += [
            Coming(*place, n, arrival.account_id, file.id, file.kind, file.type, file.name, file.sha256)
            for n, file in enumerate(said.media)
        ]
        return Settled(arrival, "message", place, ((said.id, place),))

    async def _write(
        self, arrival: Arrival, contact: Contact, said: Said, client_id: str, text: str
    ) -> Place:
        """Into the conversation it belongs to: the open one, the newest closed one, which it revives, or a new one."""
        who = (contact.customer_id, arrival.channel)
        me, carried = Customer(contact.customer_id), _carried(said, text)
        row = self._desk.directory.accounts.row(arrival.account_id)
        department = row.department_id if row is not None else None
        if department not in self._desk.directory.names.departments:
            department = None
        for left in range(TRIES, 0, -1):
            where = self._places.get(who)
            quoted = self._entries.get((arrival.account_id, said.answers or ""))
            command: StartChat | WriteMessage
            if where is None:
                command = StartChat(me, client_id, arrival.channel, None, department, text, carries=carried)
            else:
                quote = quoted.seq if quoted is not None and quoted.conversation_id == where else None
                command = WriteMessage(where, me, client_id, text, quote=quote, carries=carried)
            try:
                answer = await self._desk.perform(command)
            except Refused as refused:
                if left == 1 or not self._can_mend(refused, arrival, said):
                    raise
                department = None if refused.code == "department" else department
                found = await arrivals.places(self._pool, [who])
                self._places.pop(who, None)
                if contact.customer_id in found:
                    self._places[who] = found[contact.customer_id]
            else:
                self._places[who] = answer.conversation_id
                return Place(answer.conversation_id, answer.seq)
        raise AssertionError("the last try returns or raises")

    def _can_mend(self, refused: Refused, arrival: Arrival, said: Said) -> bool:
        """Whether it can be written another way: elsewhere, without the quote, without the department."""
        if refused.code == "quote":
            self._entries.pop((arrival.account_id, said.answers or ""), None)
        return refused.code in ("closed", "quote", "department")

    # -- what became of messages

    async def _amended(self, arrival: Arrival, amended: Amended) -> Settled:
        place = self._entries.get((arrival.account_id, amended.about))
        person = amended.person
        contact = self._met.get((arrival.account_id, person.user_id))
        contact = contact or self._people.of(arrival.account_id, person, self._now)
        if place is None or contact is None:
            raise Later
        at = milliseconds(_time(arrival, amended.at))
        newest, withdrawn = await arrivals.amended(self._pool, place, amended.what)
        if withdrawn or newest > at:
            return Settled(arrival, "outdated", place)  # what was said later came earlier
        command = Amend(
            place.conversation_id,
            Customer(contact.customer_id),
            _client_id(arrival, amended.id),
            place.seq,
            amended.what,
            (*_values(amended), ("at", str(at))),
        )
        try:
            answer = await self._desk.perform(command)
        except NotFound:
            return Settled(arrival, "not_theirs")
        except Refused as refused:
            if refused.text == NEUTRAL:
                return Settled(arrival, "blocked")
            raise
        return Settled(arrival, amended.what, Place(answer.conversation_id, answer.seq))

    async def _status(self, arrival: Arrival, status: Status) -> Settled:
        at = _time(arrival, status.at)
        known = await self._hears.status(
            arrival.account_id, status.id, status.attempt, status.state, at, status.code, status.error
        )
        if not known:
            raise Later
        return Settled(arrival, status.state)

    # -- people

    async def _renamed(self, arrival: Arrival, renamed: Renamed) -> Settled:
        """They stay the customer they are; the newest conversation there says so."""
        contact = self._people.of(arrival.account_id, renamed.before, self._now)
        if contact is None:
            raise Later
        to, id_follows = people_met.renamed(contact, renamed.after)
        other = self._people.by_id.get((arrival.account_id, to.user_id))
        other = other if other is not None and other.id != contact.id else None
        if other is not None:
            to, id_follows = to._replace(user_id=contact.user_id, phone=contact.phone), False
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                await contacts.rename(connection, contact, to, self._now if id_follows else None)
        except asyncpg.UniqueViolationError:
            raise Refused("busy", "Somebody wrote from there just now.") from None
        found = await arrivals.newest(self._pool, contact.customer_id, arrival.channel)
        if found is not None:
            before, after = people_met.shown(contact, renamed.after)
            client_id = f"in-{hashlib.sha256(arrival.key.encode()).hexdigest()[:40]}"
            number = other.customer_id if other is not None else 0
            await self._desk.perform(NoteContact(found, SYSTEM, client_id, before, after, number))
        return Settled(arrival, "renamed" if other is None else "two_contacts")


def _people_in(means: Arrived) -> Iterable[Person]:
    match means:
        case Said() | Amended():
            return (means.person,)
        case Renamed():
            return (means.before, means.after)
    return ()


def _time(arrival: Arrival, at: datetime) -> datetime:
    """When it was, by the service; if it does not say, when we got it."""
    return at if at.timestamp() > 0 else arrival.received_at


def _about(means: Arrived) -> str | None:
    """The service's id of an earlier message that this one needs."""
    match means:
        case Said():
            return means.answers
        case Amended():
            return means.about
    return None


def _client_id(arrival: Arrival, named: str) -> str:
    said = f"{arrival.account_id}:{named or arrival.key}"
    return f"in-{hashlib.sha256(said.encode('utf-8', 'replace')).hexdigest()[:40]}"


def _carried(said: Said, text: str) -> dict[str, Any] | None:
    carried: dict[str, Any] = {}
    if said.shared:
        carried["shared"] = dict(said.shared)
    if said.media:
        carried["coming"] = [{"kind": m.kind, "type": m.type, "name": m.name} for m in said.media]
    if not carried and not text:
        carried["shared"] = {"kind": "unsupported", "type": "empty"}
    return carried or None


def _values(amended: Amended) -> tuple[tuple[str, str], ...]:
    match amended.what:
        case "reacted":
            return (("emoji", cleaned(amended.text)[:40]), ("by", "customer"))
        case "edited":
            return (("text", pieces(cleaned(amended.text), MAX_TEXT)[0]),)
    return ()
