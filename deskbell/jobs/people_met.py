"""Who writes over a messaging service: known again by the service's own id, the number only a second key (CHANNEL-2).

Nobody is taken for a customer of another channel because of a number or a name; staff merge.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from deskbell.channels.base import Person
from deskbell.kit.postgres import Connection
from deskbell.store import contacts
from deskbell.store.contacts import Contact, New

ID_FOLLOWS = timedelta(days=30)
"""After a change of number, the first new id that comes with that number is the same person's."""

Key = tuple[int, str]
"""(account, user id)."""


class Known(NamedTuple):
    by_id: Mapping[Key, Contact]
    by_phone: Mapping[Key, Contact]

    def of(self, account_id: int, person: Person, now: datetime) -> Contact | None:
        """Who it is. A number alone proves it only where no other id stands against it: numbers are given away again."""
        found = self.by_id.get((account_id, person.user_id))
        if found is not None or person.phone is None:
            return found
        found = self.by_phone.get((account_id, person.phone))
        if found is None or person.user_id == person.phone or found.user_id == person.phone:
            return found
        follows = found.renamed_at is not None and now - found.renamed_at < ID_FOLLOWS
        return found if follows else None


async def known(connection: Connection, people: Iterable[tuple[int, Person]]) -> Known:
    asked = sorted({(account, one.user_id, one.phone or "") for account, one in people})
    found = await contacts.find(connection, asked) if asked else []
    return Known(
        {(one.account_id, one.user_id): one for one in found},
        {(one.account_id, one.phone): one for one in found if one.phone is not None},
    )


async def meet(
    connection: Connection, people: Mapping[Key, Person], known_: Known, now: datetime
) -> dict[Key, Contact]:
    """The contact of each, made with a customer where there is none, and brought up to date."""
    met: dict[Key, Contact] = {}
    fresh: list[New] = []
    async with connection.transaction():
        for (account, user_id), person in people.items():
            contact = known_.of(account, person, now)
            if contact is None:
                fresh.append(New(account, user_id, person.phone, person.name, person.username))
                continue
            to = _updated(contact, person)
            if to != _as_is(contact):
                follows = contact.renamed_at if to.user_id == contact.user_id else None
                contact = await contacts.rename(connection, contact, to, follows)
            met[account, user_id] = contact
        if fresh:
            added = await contacts.add(connection, fresh, now)
            met.update({(one.account_id, one.user_id): one for one in added})
    return met


def renamed(contact: Contact, after: Person) -> tuple[New, bool]:
    """The contact under its new number or id; whether the id that goes with the number is still to be told."""
    only_number = after.user_id == after.phone and contact.user_id != contact.phone
    user_id = contact.user_id if only_number else after.user_id
    phone = after.phone or contact.phone
    return New(contact.account_id, user_id, phone, after.name, after.username), only_number


def shown(contact: Contact, after: Person) -> tuple[str, str]:
    """What changed, before and after, as people read it: the number, or else the id."""
    if after.phone is not None and after.phone != contact.phone:
        return f"+{contact.phone}" if contact.phone else contact.user_id, f"+{after.phone}"
    return contact.user_id, after.user_id


def _updated(contact: Contact, person: Person) -> New:
    user_id = contact.user_id if person.user_id == person.phone else person.user_id
    return New(
        contact.account_id,
        user_id,
        person.phone or contact.phone,
        person.name or contact.name,
        person.username or contact.username,
    )


def _as_is(contact: Contact) -> New:
    return New(contact.account_id, contact.user_id, contact.phone, contact.name, contact.username)
