"""Blocks: who may not come for a while, by what they are known again, and the list of them (BLOCK)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from deskbell.domain.standing import Block, Lift
from deskbell.kit.postgres import Connection
from deskbell.store.types import Database

RUNNING_MOST = 20_000
"""Addresses and browsers a node keeps in mind, to tell people early; the writing path asks the database."""


class Listed(NamedTuple):
    """One line of the supervisors' list."""

    id: int
    customer_id: int
    customer: str
    email: str
    conversation_id: int
    reason: str
    staff_id: int
    at: datetime
    until: datetime
    address: str | None
    lifted_by: int | None
    lifted_at: datetime | None


_ADD = """
INSERT INTO block (customer_id, conversation_id, reason, staff_id, at, until, address)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id"""

# By what they are known again: their browsers, accounts and verified e-mails, and the address that was asked for.
_MARK = """
INSERT INTO block_mark (block_id, kind, value)
SELECT $1::bigint, 'browser', encode(token_hash, 'hex') FROM browser WHERE customer_id = ANY($2::bigint[])
UNION SELECT $1::bigint, 'account', site_id || ':' || subject FROM identity WHERE customer_id = ANY($2::bigint[])
UNION SELECT $1::bigint, 'email', lower(email) FROM customer WHERE id = ANY($2::bigint[]) AND email_verified AND email <> ''
UNION SELECT $1::bigint, 'email', lower(email) FROM customer_email WHERE customer_id = ANY($2::bigint[]) AND verified
UNION SELECT $1::bigint, 'address', $3::text WHERE $3::text IS NOT NULL
ON CONFLICT DO NOTHING"""

_UNTIL = "UPDATE customer SET blocked_until = $2 WHERE id = ANY($1::bigint[])"

_LIFT = """
UPDATE block SET lifted_by = $2, lifted_at = $3
WHERE customer_id = ANY($1::bigint[]) AND lifted_at IS NULL AND until > $3"""

# The same verified person under several numbers: $1 are conversations, each row a customer of one and one of their kin.
_KIN = """
WITH known AS (
    SELECT cu.id, lower(cu.email) AS email FROM customer cu
    WHERE cu.email_verified AND cu.email <> ''
      AND cu.id IN (SELECT customer_id FROM conversation WHERE id = ANY($1::bigint[]))
    UNION
    SELECT ce.customer_id, lower(ce.email) FROM customer_email ce
    WHERE ce.verified AND ce.customer_id IN (SELECT customer_id FROM conversation WHERE id = ANY($1::bigint[]))
)
SELECT customer_id, customer_id FROM conversation WHERE id = ANY($1::bigint[])
UNION SELECT k.id, o.id FROM known k JOIN customer o ON lower(o.email) = k.email AND o.email_verified AND o.email <> ''
UNION SELECT k.id, o.customer_id FROM known k JOIN customer_email o ON lower(o.email) = k.email AND o.verified"""

# Which of these customers are blocked, by their number or by what they are known again. Locked, so that a block that is
# being made now comes before or after, never beside: conversations are locked before customers, everywhere.
_BLOCKED = """
WITH asking AS MATERIALIZED (
    SELECT id, blocked_until, email, email_verified FROM customer WHERE id = ANY($1::bigint[])
    ORDER BY id FOR NO KEY UPDATE
), running AS (
    SELECT m.kind, m.value FROM block b JOIN block_mark m ON m.block_id = b.id
    WHERE b.lifted_at IS NULL AND b.until > $2 AND m.kind <> 'address'
)
SELECT a.id FROM asking a
WHERE a.blocked_until > $2
   OR EXISTS (SELECT FROM running WHERE kind = 'email' AND a.email_verified AND value = lower(a.email))
   OR EXISTS (SELECT FROM browser w JOIN running ON kind = 'browser' AND value = encode(w.token_hash, 'hex')
              WHERE w.customer_id = a.id)
   OR EXISTS (SELECT FROM identity i JOIN running ON kind = 'account' AND value = i.site_id || ':' || i.subject
              WHERE i.customer_id = a.id)"""

_SHUT = """
SELECT DISTINCT m.value FROM block_mark m JOIN block b ON b.id = m.block_id
WHERE m.kind = 'address' AND m.value = ANY($1::text[]) AND b.lifted_at IS NULL AND b.until > $2"""

# What runs now, for the eyes of a node: (customer or null, address or null, until).
_RUNNING = """
SELECT id, NULL::text, blocked_until FROM customer WHERE blocked_until > $1
UNION ALL
SELECT NULL, address, until FROM block WHERE address IS NOT NULL AND lifted_at IS NULL AND until > $1
LIMIT $2"""

_LIST = """
SELECT b.id, b.customer_id, cu.name, cu.email, b.conversation_id, b.reason, b.staff_id, b.at, b.until, b.address,
       b.lifted_by, b.lifted_at
FROM block b JOIN customer cu ON cu.id = b.customer_id JOIN staff s ON s.id = b.staff_id
WHERE b.id < $1 AND (NOT $2 OR b.lifted_at IS NULL AND b.until > $3)
  AND ($4 = '' OR strpos(lower(cu.name || ' ' || cu.email || ' ' || b.reason || ' ' || s.name || ' '
       || COALESCE(b.address, '') || ' ' || b.customer_id), lower($4)) > 0)
ORDER BY b.id DESC LIMIT $5"""
_ABOVE_ALL = 2**63 - 1

_ONE = "SELECT conversation_id FROM block WHERE id = $1 AND lifted_at IS NULL AND until > $2"


async def add(connection: Connection, block: Block, now: datetime) -> None:
    """The block, by what it knows people again, and its end at every number of the person."""
    block_id = await connection.fetchval(
        _ADD,
        block.customers[0],
        block.conversation_id,
        block.reason,
        block.staff_id,
        now,
        block.until,
        block.address,
    )
    await connection.execute(_MARK, block_id, list(block.customers), block.address)
    await connection.execute(_UNTIL, list(block.customers), block.until)


async def lift(connection: Connection, lifted: Lift, now: datetime) -> None:
    await connection.execute(_LIFT, list(lifted.customers), lifted.staff_id, now)
    await connection.execute(_UNTIL, list(lifted.customers), None)


async def kin(connection: Connection, conversations: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Customer of one of these conversations -> everybody who is the same verified person, themselves first."""
    found: dict[int, set[int]] = {}
    for customer, relative in await connection.fetch(_KIN, conversations):
        found.setdefault(customer, set()).add(relative)
    return {customer: (customer, *sorted(all_ - {customer})) for customer, all_ in found.items()}


async def blocked(connection: Connection, customers: Sequence[int], now: datetime) -> frozenset[int]:
    """Those of them who are blocked. Locks all of them until the end of the transaction."""
    return frozenset(row[0] for row in await connection.fetch(_BLOCKED, customers, now))


async def shut(connection: Connection, addresses: Iterable[str], now: datetime) -> frozenset[str]:
    """Those of these addresses that are blocked (BLOCK-2)."""
    return frozenset(row[0] for row in await connection.fetch(_SHUT, list(addresses), now))


async def running(db: Database, now: datetime) -> tuple[dict[int, datetime], dict[str, datetime]]:
    """Customers and addresses that are blocked now, and until when."""
    rows = await db.fetch(_RUNNING, now, RUNNING_MOST)
    return {r[0]: r[2] for r in rows if r[0] is not None}, {r[1]: r[2] for r in rows if r[1] is not None}


async def page(
    db: Database, *, before: int | None, only_running: bool, text: str, limit: int, now: datetime
) -> list[Listed]:
    """Newest first. `text`: in the names, the address, the reason, the e-mail or the number."""
    rows = await db.fetch(_LIST, before or _ABOVE_ALL, only_running, now, text, limit)
    return [Listed(*row) for row in rows]


async def place_of(db: Database, block_id: int, now: datetime) -> int | None:
    """The conversation in which a block that still runs was made."""
    found: int | None = await db.fetchval(_ONE, block_id, now)
    return found
