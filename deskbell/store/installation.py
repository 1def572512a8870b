"""The one row about this installation: its setup token, while nobody is on the staff yet (PEOPLE-2)."""

from datetime import datetime

from deskbell.store.types import Database

# Keep the hash of a new setup token; the one before is worth nothing any more.
_SET_TOKEN = "UPDATE installation SET setup_token_hash = $1, setup_token_until = $2"

# The token is used up only if it is this one and its time is not over. The row lock makes it once.
_USE_TOKEN = """
    UPDATE installation SET setup_token_hash = NULL, setup_token_until = NULL
    WHERE setup_token_hash = $1 AND setup_token_until > $2 AND NOT EXISTS (SELECT FROM staff)
    RETURNING one
"""


async def set_setup_token(db: Database, token_hash: bytes, until: datetime) -> None:
    await db.execute(_SET_TOKEN, token_hash, until)


async def use_setup_token(db: Database, token_hash: bytes, now: datetime) -> bool:
    """Whether the token opened the desk; it never does again. Run in the transaction that adds the admin."""
    return bool(await db.fetchval(_USE_TOKEN, token_hash, now))
