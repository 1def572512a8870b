"""Customers and their browsers: an opaque token per browser and site, kept as a hash."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from deskbell.store.types import Database, from_json

CONVERSATIONS_SHOWN = 50


class Customer(NamedTuple):
    id: int
    name: str
    email: str
    email_verified: bool
    phone: str
    locale: str
    fields: dict[str, str]
    created_at: datetime
    company: str
    labels: list[int]
    blocked_until: datetime | None


class Visitor(NamedTuple):
    """Who a visitor's token is: the customer, and the site it was made for."""

    customer_id: int
    site_id: int
    name: str
    email: str
    blocked_until: datetime | None = None


class PastConversation(NamedTuple):
    """One line of a customer's history. `owner_id`: who has it, or had it last."""

    id: int
    kind: str
    state: str
    at: datetime
    preview: str
    owner_id: int | None
    closed_at: datetime | None


# A new customer nobody knows anything of yet, with the browser they came in.
_ADD = """
    WITH made AS (INSERT INTO customer (locale, created_at) VALUES ($3, $4) RETURNING id)
    INSERT INTO browser (token_hash, customer_id, site_id, created_at, seen_at)
    SELECT $1, made.id, $2, $4, $4 FROM made RETURNING customer_id
"""

_MOVE_IN = """
    INSERT INTO browser (token_hash, customer_id, site_id, created_at, seen_at) VALUES ($1, $2, $3, $4, $4)
"""

# Who a token is; the site must still be open.
_BY_TOKEN = """
    SELECT customer.id, browser.site_id, customer.name, customer.email, customer.blocked_until
    FROM browser JOIN customer ON customer.id = browser.customer_id JOIN site ON site.id = browser.site_id
    WHERE browser.token_hash = $1 AND site.active AND browser.seen_at > $2
"""

# The browser was here; written at most once an hour, so that a reload costs no write.
_TOUCH = (
    "UPDATE browser SET seen_at = $2 WHERE token_hash = $1 AND seen_at < $2::timestamptz - interval '1 hour'"
)

# One customer; the number of one who was merged finds whom they were merged into.
_ONE = """
    SELECT id, name, email, email_verified, phone, locale, fields::text AS fields, created_at, company, labels,
           blocked_until
    FROM customer WHERE id = (SELECT COALESCE(merged_into, id) FROM customer WHERE id = $1)
"""

# Whether an agent deals with this customer (PEOPLE-7): they may see one of the conversations, as access.may_see says.
_DEALS_WITH = """
    SELECT EXISTS (SELECT FROM conversation WHERE customer_id = $1 AND (
        owner_id = $2 OR offered_to = $2 OR transfer_to = $2 OR transfer_department = ANY ($3::int[])
        OR mentioned @> ARRAY[$2::int] OR owner_id IS NULL AND state IN ('unassigned', 'archived')
        AND (department_id IS NULL OR department_id = ANY ($3::int[]))))
"""

# Only the columns named in CHANGEABLE ever get here.
_CHANGE = "UPDATE customer SET {columns} WHERE id = $1"
CHANGEABLE = ("name", "email", "email_verified", "phone", "company")

# The newest conversations of a customer before a number.
_CONVERSATIONS = """
    SELECT id, kind, state, created_at, preview, owner_id, closed_at FROM conversation
    WHERE customer_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3
"""
_ABOVE_ALL = 2**63 - 1


async def add(db: Database, token_hash: bytes, site_id: int, locale: str, now: datetime) -> int:
    """A new customer in a new browser; the customer's id."""
    added: int = await db.fetchval(_ADD, token_hash, site_id, locale, now)
    return added


async def move_in(db: Database, token_hash: bytes, customer_id: int, site_id: int, now: datetime) -> None:
    """A further browser of a customer."""
    await db.execute(_MOVE_IN, token_hash, customer_id, site_id, now)


async def by_token(db: Database, token_hash: bytes, seen_after: datetime) -> Visitor | None:
    """Whose token this is, if the browser was seen after that moment and its site is open. One query."""
    record = await db.fetchrow(_BY_TOKEN, token_hash, seen_after)
    return Visitor(*record.values()) if record else None


async def touch(db: Database, token_hash: bytes, now: datetime) -> None:
    await db.execute(_TOUCH, token_hash, now)


async def get(db: Database, customer_id: int) -> Customer | None:
    record = await db.fetchrow(_ONE, customer_id)
    return _customer(record) if record else None


async def deals_with(db: Database, customer_id: int, staff_id: int, departments: Sequence[int]) -> bool:
    """Whether this agent deals with this customer, now or before."""
    found: bool = await db.fetchval(_DEALS_WITH, customer_id, staff_id, list(departments))
    return found


async def change(db: Database, customer_id: int, values: Mapping[str, object]) -> None:
    """Set columns of CHANGEABLE."""
    if unknown := set(values) - set(CHANGEABLE):
        raise ValueError(f"not to be changed so: {', '.join(sorted(unknown))}")
    if values:
        columns = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, start=2))
        await db.execute(_CHANGE.format(columns=columns), customer_id, *values.values())


async def conversations(
    db: Database, customer_id: int, before: int | None = None, limit: int = CONVERSATIONS_SHOWN
) -> list[PastConversation]:
    """The newest with a number below `before`, newest first, at most `limit`."""
    rows = await db.fetch(_CONVERSATIONS, customer_id, _ABOVE_ALL if before is None else before, limit)
    return [PastConversation(*record.values()) for record in rows]


def _customer(record: asyncpg.Record) -> Customer:
    values: dict[str, Any] = dict(record)
    values["fields"] = from_json(values["fields"])
    return Customer(**values)
