"""Whom a site has proven to be its user (VISITOR-6), and the browsers in which they are signed in."""

from datetime import datetime
from typing import NamedTuple

from deskbell.kit.postgres import Connection
from deskbell.store.types import Database


class Proven(NamedTuple):
    """What a site has signed: its own name for the person, and what it says of them ("": nothing)."""

    subject: str
    email: str
    name: str
    signed_at: datetime


class Settled(NamedTuple):
    """`moved`: the browser goes on by its fresh token. `left`: the anonymous customer it was until now."""

    customer_id: int
    moved: bool
    left: int | None


class Browser(NamedTuple):
    customer_id: int
    subject: str | None


_BROWSER = "SELECT customer_id, subject FROM browser WHERE token_hash = $1 AND site_id = $2 FOR UPDATE"
_IDENTITY = "SELECT customer_id, refused_before FROM identity WHERE site_id = $1 AND subject = $2 FOR UPDATE"
_IS_PROVEN = "SELECT EXISTS (SELECT FROM identity WHERE customer_id = $1)"
_NEW_CUSTOMER = "INSERT INTO customer (locale, created_at) VALUES ($1, $2) RETURNING id"
_ADD = "INSERT INTO identity (site_id, subject, customer_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
_MARK = "UPDATE browser SET subject = $2, seen_at = $3 WHERE token_hash = $1"
_MOVE_IN = """
    INSERT INTO browser (token_hash, customer_id, site_id, subject, created_at, seen_at) VALUES ($1, $2, $3, $4, $5, $5)
"""
_MOVE_OUT = "DELETE FROM browser WHERE token_hash = $1 RETURNING site_id, subject"
_LEARN = """
    UPDATE customer SET name = CASE WHEN $2 = '' THEN name ELSE $2 END,
        email = CASE WHEN $3 = '' THEN email ELSE $3 END, email_verified = email_verified OR $3 <> ''
    WHERE id = $1 AND ($2 <> '' AND name <> $2 OR $3 <> '' AND (email <> $3 OR NOT email_verified))
"""
_REFUSE = "UPDATE identity SET refused_before = $3 WHERE site_id = $1 AND subject = $2"


async def settle(
    connection: Connection,
    site_id: int,
    proven: Proven,
    token_hash: bytes | None,
    fresh_hash: bytes,
    locale: str,
    now: datetime,
) -> Settled:
    """In a transaction: whose the browser is from now on.

    All browsers of one subject are one customer. A browser nobody was proven in brings what was said in it along.
    Raises PermissionError for what was signed before the subject last signed out.
    """
    found = await connection.fetchrow(_IDENTITY, site_id, proven.subject)
    if found is not None and proven.signed_at < found["refused_before"]:
        raise PermissionError
    row = None if token_hash is None else await connection.fetchrow(_BROWSER, token_hash, site_id)
    browser = Browser(*row) if row else None
    if found is None:
        customer_id = await _first(connection, site_id, proven, browser, locale, now)
    else:
        customer_id = found["customer_id"]
    await connection.execute(_LEARN, customer_id, proven.name, proven.email)
    if browser is not None and browser.customer_id == customer_id:
        await connection.execute(_MARK, token_hash, proven.subject, now)
        return Settled(customer_id, False, None)
    if browser is not None:
        await connection.execute(_MOVE_OUT, token_hash)
    await connection.execute(_MOVE_IN, fresh_hash, customer_id, site_id, proven.subject, now)
    left = browser.customer_id if browser is not None and browser.subject is None else None
    return Settled(customer_id, True, left)


async def _first(
    connection: Connection, site_id: int, proven: Proven, browser: Browser | None, locale: str, now: datetime
) -> int:
    """The customer of somebody who is proven for the first time: the browser's own, unless that is somebody else."""
    customer_id: int
    if browser is not None and not await connection.fetchval(_IS_PROVEN, browser.customer_id):
        customer_id = browser.customer_id
    else:
        customer_id = await connection.fetchval(_NEW_CUSTOMER, locale, now)
    await connection.execute(_ADD, site_id, proven.subject, customer_id)
    record = await connection.fetchrow(_IDENTITY, site_id, proven.subject)
    assert record is not None
    kept: int = record["customer_id"]  # another browser of theirs may have been faster
    return kept


async def sign_out(db: Database, token_hash: bytes, now: datetime) -> None:
    """The token is nobody's any more, and what the site signed before for this person counts no more."""
    row = await db.fetchrow(_MOVE_OUT, token_hash)
    if row is not None and row["subject"] is not None:
        await db.execute(_REFUSE, row["site_id"], row["subject"], now)
