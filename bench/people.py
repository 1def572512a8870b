"""Staff with sessions and visitors with tokens, put straight into the database: hundreds in one statement.

The bench and the torture run need them at once and in numbers that the doors (rightly) refuse one address.
"""

import hashlib
import secrets
from typing import NamedTuple

import asyncpg

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

COOKIE = "deskbell_session"


class Member(NamedTuple):
    """A member of staff, signed in."""

    id: int
    token: str

    @property
    def cookie(self) -> str:
        return f"{COOKIE}={self.token}"


class Guest(NamedTuple):
    """A visitor's browser."""

    customer_id: int
    token: str


_STAFF = """
    INSERT INTO staff (email, name, role, available, max_chats)
    SELECT $1 || n || '@load.example', initcap($1) || ' ' || n, $2, true, $3 FROM generate_series(1, $4) AS n
    RETURNING id
"""
_SESSIONS = """
    INSERT INTO session (token_hash, staff_id, expires_at)
    SELECT hash, staff_id, now() + interval '1 day' FROM unnest($1::bytea[], $2::int[]) AS s (hash, staff_id)
"""
_CUSTOMERS = "INSERT INTO customer (name) SELECT 'Guest ' || n FROM generate_series(1, $1) AS n RETURNING id"
_BROWSERS = """
    INSERT INTO browser (token_hash, customer_id, site_id)
    SELECT hash, customer_id, $3 FROM unnest($1::bytea[], $2::bigint[]) AS b (hash, customer_id)
"""
_SITE = "INSERT INTO site (key, name, allowed_origins) VALUES ($1, 'Load', '{*}') RETURNING id"


async def add_staff(db: Connection, name: str, role: str, count: int, max_chats: int = 100) -> list[Member]:
    """`count` available members of staff called `name` 1, 2, 3..., each with a session."""
    ids = [row["id"] for row in await db.fetch(_STAFF, name, role, max_chats, count)]
    members = [Member(number, secrets.token_urlsafe(32)) for number in ids]
    await db.execute(_SESSIONS, [digest(m.token) for m in members], ids)
    return members


async def add_site(db: Connection) -> int:
    """A site that any page may embed."""
    number: int = await db.fetchval(_SITE, secrets.token_hex(8))
    return number


async def add_guests(db: Connection, site: int, count: int) -> list[Guest]:
    """`count` visitors of `site`, without a chat yet."""
    ids = [row["id"] for row in await db.fetch(_CUSTOMERS, count)]
    guests = [Guest(number, secrets.token_urlsafe(32)) for number in ids]
    await db.execute(_BROWSERS, [digest(g.token) for g in guests], ids, site)
    return guests


def digest(token: str) -> bytes:
    """How a token is kept in the database."""
    return hashlib.sha256(token.encode()).digest()
