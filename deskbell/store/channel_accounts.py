"""Our addresses at messaging services, with what is secret about them sealed (kit/seal.py)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from deskbell.kit.seal import Seal, SealError
from deskbell.store.types import Database, Pool, from_json, to_json

MOST = 50
"""Accounts of one channel."""


class AccountRow(NamedTuple):
    """`settings`: what is no secret; `secrets`: sealed; `facts`: what the service says of it."""

    id: int
    channel: str
    external_id: str
    name: str
    department_id: int | None
    enabled: bool
    settings: dict[str, Any]
    secrets: bytes
    facts: dict[str, Any]
    checked_at: datetime | None
    trouble: str
    trouble_code: int
    trouble_at: datetime | None
    templates_at: datetime | None


_COLUMNS = """id, channel, external_id, name, department_id, enabled, settings::text AS settings, secrets,
    facts::text AS facts, checked_at, trouble, trouble_code, trouble_at, templates_at"""

_ALL = f"SELECT {_COLUMNS} FROM channel_account ORDER BY channel, id"
_ONE = f"SELECT {_COLUMNS} FROM channel_account WHERE id = $1"
_COUNT = "SELECT count(*) FROM channel_account WHERE channel = $1"
_LOCK = "SELECT pg_advisory_xact_lock(4021, 8)"

# A service's id that is taken gives no row.
_ADD = """
INSERT INTO channel_account (channel, external_id, name, department_id, enabled, settings, created_at)
VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, $7) ON CONFLICT (channel, external_id) DO NOTHING RETURNING id"""

_CHANGE = """
UPDATE channel_account SET external_id = $2, name = $3, department_id = $4, enabled = $5, settings = $6::text::jsonb
WHERE id = $1"""

_SECRETS = "UPDATE channel_account SET secrets = $2 WHERE id = $1"

# What the service answered about it.
_CHECKED = "UPDATE channel_account SET facts = facts || $2::text::jsonb, checked_at = $3 WHERE id = $1"

_TROUBLE = """
UPDATE channel_account SET trouble = $2, trouble_code = $3, trouble_at = $4
WHERE id = $1 AND (trouble, trouble_code) IS DISTINCT FROM ($2, $3)"""

_MENDED = """
UPDATE channel_account SET trouble = '', trouble_code = 0, trouble_at = NULL WHERE id = $1 AND trouble <> ''"""

# Who has written to it must not be lost with it.
_REMOVE = """
DELETE FROM channel_account WHERE id = $1
AND NOT EXISTS (SELECT FROM contact WHERE account_id = $1) AND NOT EXISTS (SELECT FROM arrival WHERE account_id = $1)"""


def place_of(account_id: int) -> str:
    """What the secrets of an account are bound to."""
    return f"channel_account:{account_id}:secrets"


def opened(seal: Seal, row: AccountRow) -> dict[str, str]:
    """Its secrets. Raises SealError. Never to be logged, shown or stored."""
    if not row.secrets:
        return {}
    values: dict[str, str] = from_json(seal.open(row.secrets, place_of(row.id)).decode())
    return values


def _row(record: asyncpg.Record) -> AccountRow:
    values: dict[str, Any] = dict(record)
    values["settings"], values["facts"] = from_json(values["settings"]), from_json(values["facts"])
    return AccountRow(**values)


async def everyone(db: Database) -> list[AccountRow]:
    return [_row(record) for record in await db.fetch(_ALL)]


async def get(db: Database, account_id: int) -> AccountRow | None:
    record = await db.fetchrow(_ONE, account_id)
    return _row(record) if record else None


async def add(
    pool: Pool, seal: Seal, channel: str, values: Mapping[str, Any], secrets: Mapping[str, str], now: datetime
) -> AccountRow | None:
    """`values`: external_id, name, department_id, enabled, settings. None when the service's id is taken, LookupError
    when there are too many."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_LOCK)
        if await connection.fetchval(_COUNT, channel) >= MOST:
            raise LookupError(f"There can be at most {MOST} numbers.")
        account_id = await connection.fetchval(_ADD, channel, *_values(values), now)
        if account_id is None:
            return None
        await _keep(connection, seal, account_id, secrets)
        return await get(connection, account_id)


async def change(
    pool: Pool, seal: Seal, account_id: int, values: Mapping[str, Any], secrets: Mapping[str, str]
) -> AccountRow | None:
    """What is not named stays, of the secrets too. None: there is no such account. Raises UniqueViolationError when the
    service's id is taken."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_LOCK)
        row = await get(connection, account_id)
        if row is None:
            return None
        await connection.execute(_CHANGE, account_id, *_values(row._asdict() | dict(values)))
        if secrets:
            try:
                known = opened(seal, row)
            except SealError:  # of a key that is lost: what is given now replaces it
                known = {}
            await _keep(connection, seal, account_id, known | dict(secrets))
        return await get(connection, account_id)


def _values(values: Mapping[str, Any]) -> tuple[Any, ...]:
    plain = ("external_id", "name", "department_id", "enabled")
    return (*(values[name] for name in plain), to_json(values["settings"]))


async def _keep(db: Database, seal: Seal, account_id: int, secrets: Mapping[str, str]) -> None:
    sealed = seal.seal(to_json(dict(secrets)).encode(), place_of(account_id))
    await db.execute(_SECRETS, account_id, sealed)


async def checked(db: Database, account_id: int, facts: Mapping[str, Any], now: datetime) -> None:
    """What the service says of it now."""
    await db.execute(_CHECKED, account_id, to_json(dict(facts)), now)


async def in_trouble(db: Database, account_id: int, why: str, code: int, now: datetime) -> bool:
    """Nothing goes out from here now. Whether that is news."""
    return bool((await db.execute(_TROUBLE, account_id, why, code, now)).endswith(" 1"))


async def mended(db: Database, account_id: int) -> bool:
    """It sends again. Whether that is news."""
    return bool((await db.execute(_MENDED, account_id)).endswith(" 1"))


async def remove_unused(db: Database, account_id: int) -> bool:
    """False: somebody has written to it, and it stays."""
    return bool((await db.execute(_REMOVE, account_id)).endswith(" 1"))
