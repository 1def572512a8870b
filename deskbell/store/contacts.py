"""Who writes to our accounts at messaging services: the service's own id of a person, and which customer that is."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from deskbell.kit.postgres import Connection
from deskbell.store.types import Database

_COLUMNS = "id, account_id, user_id, phone, customer_id, name, username, renamed_at"

_FIND = f"""
SELECT {_COLUMNS} FROM contact
WHERE (account_id, user_id) IN (SELECT * FROM unnest($1::integer[], $2::text[]))
UNION
SELECT {_COLUMNS} FROM contact
WHERE (account_id, phone) IN (SELECT * FROM unnest($1::integer[], $3::text[]))"""

_NEW_IDS = "SELECT nextval('customer_id_seq') FROM generate_series(1, $1)"
_NEW_CUSTOMERS = """
INSERT INTO customer (id, name, phone, created_at) OVERRIDING SYSTEM VALUE
SELECT id, name, phone, $4 FROM unnest($1::bigint[], $2::text[], $3::text[]) AS k(id, name, phone)"""
_NEW = f"""
INSERT INTO contact (account_id, user_id, phone, customer_id, name, username, created_at)
SELECT account, user_id, phone, customer, name, username, $7
FROM unnest($1::integer[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[])
    AS k(account, user_id, phone, customer, name, username)
RETURNING {_COLUMNS}"""

# A number belongs to one of an account's contacts, the one who used it last.
_LET_GO = "UPDATE contact SET phone = NULL WHERE account_id = $1 AND phone = $2 AND id <> $3"
_LET_ALL_GO = """
UPDATE contact SET phone = NULL WHERE (account_id, phone) IN (SELECT * FROM unnest($1::integer[], $2::text[]))"""
_RENAME = f"""
UPDATE contact SET user_id = $2, phone = $3, name = CASE WHEN $4 = '' THEN name ELSE $4 END,
    username = CASE WHEN $5 = '' THEN username ELSE $5 END, renamed_at = $6
WHERE id = $1 RETURNING {_COLUMNS}"""
# What the customer says of themselves fills what is empty; staff may have written something better.
_INTRODUCE = """
UPDATE customer SET name = CASE WHEN name = '' THEN $2 ELSE name END, phone = CASE WHEN phone = $3 OR phone = '' THEN $4
    ELSE phone END WHERE id = $1"""

# Only forward: a message that comes late does not close the window again.
_WROTE = """
UPDATE contact c SET last_in_at = k.at
FROM (SELECT id, max(at) AS at FROM unnest($1::bigint[], $2::timestamptz[]) AS u(id, at) GROUP BY id ORDER BY id) k
WHERE c.id = k.id AND (c.last_in_at IS NULL OR c.last_in_at < k.at)"""


class Contact(NamedTuple):
    id: int
    account_id: int
    user_id: str
    phone: str | None
    customer_id: int
    name: str
    username: str
    renamed_at: datetime | None = None


class New(NamedTuple):
    account_id: int
    user_id: str
    phone: str | None
    name: str
    username: str


async def find(db: Database, asked: Sequence[tuple[int, str, str | None]]) -> list[Contact]:
    """Who has one of these (account, user id, phone), by either."""
    return [Contact(*row) for row in await db.fetch(_FIND, *map(list, zip(*asked, strict=True)))]


async def add(connection: Connection, new: Sequence[New], now: datetime) -> list[Contact]:
    """New people, each a new customer; who had their numbers before has them no more. Call it inside a transaction."""
    await connection.execute(_LET_ALL_GO, [one.account_id for one in new], [one.phone for one in new])
    ids = [row[0] for row in await connection.fetch(_NEW_IDS, len(new))]
    phones = [f"+{one.phone}" if one.phone else "" for one in new]
    await connection.execute(_NEW_CUSTOMERS, ids, [one.name for one in new], phones, now)
    columns = [list(column) for column in zip(*new, strict=True)]
    rows = await connection.fetch(_NEW, *columns[:3], ids, *columns[3:], now)
    return [Contact(*row) for row in rows]


async def rename(
    connection: Connection, contact: Contact, to: New, renamed_at: datetime | None = None
) -> Contact:
    """They have another id, number or name now, and stay the same customer. `renamed_at`: the new id is still to be told.

    Call it inside a transaction; another contact with that number loses it, one with that id makes it raise
    UniqueViolationError.
    """
    if to.phone is not None:
        await connection.execute(_LET_GO, contact.account_id, to.phone, contact.id)
    row = await connection.fetchrow(
        _RENAME, contact.id, to.user_id, to.phone, to.name, to.username, renamed_at
    )
    assert row is not None  # contacts are never deleted while their account is there
    before, after = (f"+{phone}" if phone else "" for phone in (contact.phone, to.phone))
    await connection.execute(_INTRODUCE, contact.customer_id, to.name, before, after or before)
    return Contact(*row)


async def wrote(db: Database, times: Sequence[tuple[int, datetime]]) -> None:
    """When these contacts last wrote: it opens the window (LIFE-11)."""
    await db.execute(_WROTE, *map(list, zip(*times, strict=True)))
