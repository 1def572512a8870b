"""What is known of uploaded files; the bytes lie in the file store under the same id."""

from datetime import datetime
from typing import NamedTuple

import asyncpg

from deskbell.domain.conversation import Conversation
from deskbell.store.types import Database


class StoredFile(NamedTuple):
    """`owner` is 'customer' or 'agent'; `conversation_id` is None until a message carries the file."""

    id: str
    owner: str
    owner_id: int
    conversation_id: int | None
    name: str
    size: int
    type: str
    width: int | None
    height: int | None
    preview: bool
    created_at: datetime


class Usage(NamedTuple):
    files: int
    bytes: int


_COLUMNS = ", ".join(StoredFile._fields)

# A new file, loose until a message takes it.
_ADD = f"""
    INSERT INTO file ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""

# A file whose bytes could not be kept after all.
_FORGET = "DELETE FROM file WHERE id = $1 AND conversation_id IS NULL"

# One file.
_ONE = f"SELECT {_COLUMNS} FROM file WHERE id = $1"

# What decides who may see the conversation that a file is in.
_CONVERSATION = """
    SELECT id, kind, state, channel, site_id, customer_id, start_id, department_id, owner_id, labels,
        created_at, state_at FROM conversation WHERE id = $1
"""

# How much somebody has uploaded since a moment.
_USAGE = """
    SELECT count(*), coalesce(sum(size), 0)::bigint FROM file
    WHERE owner = $1 AND owner_id = $2 AND created_at > $3
"""

# Loose files older than a moment, some at a time; skipped ones are being taken by a message just now.
_LOOSE = """
    DELETE FROM file WHERE id IN (
        SELECT id FROM file WHERE conversation_id IS NULL AND created_at < $1
        ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING id
"""


async def forget(db: Database, file_id: str) -> None:
    await db.execute(_FORGET, file_id)


async def add(db: Database, file: StoredFile) -> None:
    await db.execute(_ADD, *file)


async def get(db: Database, file_id: str) -> StoredFile | None:
    record = await db.fetchrow(_ONE, file_id)
    return StoredFile(*record.values()) if record else None


async def conversation_of(db: Database, file: StoredFile) -> Conversation | None:
    """The conversation that carries the file, as far as access needs it."""
    if file.conversation_id is None:
        return None
    record: asyncpg.Record | None = await db.fetchrow(_CONVERSATION, file.conversation_id)
    return Conversation(**dict(record)) if record else None


async def usage(db: Database, owner: str, owner_id: int, since: datetime) -> Usage:
    record = await db.fetchrow(_USAGE, owner, owner_id, since)
    assert record is not None  # an aggregate always has its row
    return Usage(*record.values())


async def remove_loose(db: Database, before: datetime, limit: int) -> list[str]:
    """Forget loose files uploaded before a moment, at most `limit`; their ids, to delete the bytes."""
    return [record["id"] for record in await db.fetch(_LOOSE, before, limit)]
