"""A customer's profile beyond the row itself: further addresses, labels, look-alikes, and what a merge would move."""

from collections.abc import Sequence
from typing import NamedTuple

from deskbell.store import search
from deskbell.store.types import Database

EMAILS = 10
"""Further addresses of one customer."""
LABELS = 50
FIELD = 1_000
"""Characters of one own field."""


class Address(NamedTuple):
    email: str
    verified: bool


class Found(NamedTuple):
    """A customer in a list. `last`: the number of their newest conversation."""

    id: int
    name: str
    email: str
    email_verified: bool
    company: str
    conversations: int
    last: int | None


class Belongings(NamedTuple):
    """What would move with a customer."""

    conversations: int
    open: int
    notes: int
    browsers: int
    emails: int


_EMAILS = "SELECT email, verified FROM customer_email WHERE customer_id = $1 ORDER BY email"

# Those that stay keep whether they are verified; new ones are not: nobody has proven them (VISITOR-6).
_DROP_EMAILS = "DELETE FROM customer_email WHERE customer_id = $1 AND email <> ALL($2::text[])"
_ADD_EMAILS = """
    INSERT INTO customer_email (customer_id, email) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING
"""
_LABEL = """
    UPDATE customer SET labels = ARRAY(SELECT DISTINCT l FROM unnest(labels || $2::int[]) AS l
                                       WHERE l <> ALL($3::int[]) ORDER BY l)
    WHERE id = $1 RETURNING labels
"""
_FIELDS = """
    UPDATE customer SET fields = jsonb_strip_nulls(fields || $2::text::jsonb) WHERE id = $1
"""
_SHOWN = """
    SELECT cu.id, cu.name, cu.email, cu.email_verified, cu.company,
           (SELECT count(*) FROM conversation WHERE customer_id = cu.id),
           (SELECT max(id) FROM conversation WHERE customer_id = cu.id)
    FROM customer cu
"""
_FIND = f"""{_SHOWN}
    WHERE cu.merged_into IS NULL AND (cu.id = $1 OR cu.words @@ $2::text::tsquery)
    ORDER BY cu.id = $1 DESC, cu.id DESC LIMIT $3
"""

# Others with an address that both have proven.
_TWINS = f"""{_SHOWN}
    WHERE cu.id <> $1 AND cu.merged_into IS NULL AND cu.id IN (
        WITH known AS (
            SELECT lower(email) AS email FROM customer WHERE id = $1 AND email_verified AND email <> ''
            UNION SELECT lower(email) FROM customer_email WHERE customer_id = $1 AND verified)
        SELECT o.id FROM known JOIN customer o ON lower(o.email) = known.email AND o.email_verified AND o.email <> ''
        UNION SELECT o.customer_id FROM known JOIN customer_email o ON lower(o.email) = known.email AND o.verified)
    ORDER BY cu.id LIMIT $2
"""
_BELONGINGS = """
    SELECT (SELECT count(*) FROM conversation WHERE customer_id = $1),
           (SELECT count(*) FROM conversation WHERE customer_id = $1 AND state NOT IN ('closed', 'archived')),
           (SELECT count(*) FROM note WHERE customer_id = $1),
           (SELECT count(*) FROM browser WHERE customer_id = $1),
           (SELECT count(*) FROM customer_email WHERE customer_id = $1)
"""
_NEWEST = "SELECT max(id) FROM conversation WHERE customer_id = $1"


async def emails(db: Database, customer_id: int) -> list[Address]:
    """The further ones."""
    return [Address(*row) for row in await db.fetch(_EMAILS, customer_id)]


async def set_emails(db: Database, customer_id: int, wanted: Sequence[str]) -> None:
    """Exactly these further ones. In a transaction of the caller's."""
    await db.execute(_DROP_EMAILS, customer_id, list(wanted))
    await db.execute(_ADD_EMAILS, customer_id, list(wanted))


async def label(db: Database, customer_id: int, add: Sequence[int], remove: Sequence[int]) -> list[int]:
    labels: list[int] = await db.fetchval(_LABEL, customer_id, list(add), list(remove))
    return labels


async def set_fields(db: Database, customer_id: int, values: str) -> None:
    """`values`: JSON by key; null takes one away."""
    await db.execute(_FIELDS, customer_id, values)


async def find(db: Database, text: str, limit: int) -> list[Found]:
    """By number, or by the words of name, e-mail and phone."""
    asked = await search.wanted(db, text)
    if asked.words is None:
        return []
    return [Found(*row) for row in await db.fetch(_FIND, asked.number or 0, asked.words, limit)]


async def twins(db: Database, customer_id: int, limit: int = 20) -> list[Found]:
    """Other numbers of the same verified person."""
    return [Found(*row) for row in await db.fetch(_TWINS, customer_id, limit)]


async def belongings(db: Database, customer_id: int) -> Belongings:
    row = await db.fetchrow(_BELONGINGS, customer_id)
    assert row is not None  # a SELECT of counts always gives one
    return Belongings(*row)


async def newest(db: Database, customer_id: int) -> int | None:
    """The number of their newest conversation."""
    found: int | None = await db.fetchval(_NEWEST, customer_id)
    return found
