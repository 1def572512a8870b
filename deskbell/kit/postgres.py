"""Connections to PostgreSQL, all set up alike: jsonb as Python values, UTC, a bound on how long a statement may run."""

from typing import Any

import asyncpg
import msgspec

STATEMENT_TIMEOUT_S = 10
COMMAND_TIMEOUT_S = 15

_SETTINGS = {
    "application_name": "deskbell",
    "timezone": "UTC",
    "jit": "off",
    "statement_timeout": f"{STATEMENT_TIMEOUT_S}s",
    "idle_in_transaction_session_timeout": "30s",
    # A node that vanished without a word (power, network) must not hold its locks for hours.
    "tcp_keepalives_idle": "15",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}

# What it looks like when the database is away, stopping, or too slow to answer: worth another try later.
AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the driver, when a link breaks at an unlucky moment (seen under torture)
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
    asyncpg.DiskFullError,
    OSError,
    TimeoutError,
)

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
Pool = asyncpg.Pool


async def _set_up(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_to_json, decoder=msgspec.json.decode, format="text"
    )


def _to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


async def create_pool(dsn: str, *, size: int = 10) -> Pool:
    """A pool for reading and for small writes. The batcher keeps its own connections."""
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        server_settings=_SETTINGS,
        command_timeout=COMMAND_TIMEOUT_S,
        init=_set_up,
    )


async def connect(dsn: str, **settings: str) -> asyncpg.Connection:
    """One connection of its own, for a writer or a listener. `settings` are further ones of PostgreSQL."""
    connection = await asyncpg.connect(
        dsn, server_settings=_SETTINGS | settings, command_timeout=COMMAND_TIMEOUT_S, timeout=5
    )
    try:
        await _set_up(connection)
    except BaseException:
        connection.terminate()
        raise
    return connection
