"""What every store function runs on: a pool, or one connection of it inside a transaction."""

from typing import Any

import asyncpg
import msgspec

Pool = asyncpg.Pool
Database = asyncpg.Pool | asyncpg.Connection | asyncpg.pool.PoolConnectionProxy


def from_json(text: str) -> Any:
    """A jsonb column read as `column::text`, which works with and without a codec on the connection."""
    return msgspec.json.decode(text)


def to_json(value: Any) -> str:
    """A value for a jsonb column, written as `$n::text::jsonb`."""
    return msgspec.json.encode(value).decode()
