"""The database every other test stands on."""

import asyncio

import asyncpg
import pytest

from deskbell.store.migrate import current_version, known_versions, migrate


async def test_a_fresh_database_has_the_newest_schema(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        assert await current_version(connection) == known_versions()[-1]


async def test_nothing_is_done_to_an_up_to_date_database(database: str) -> None:
    assert await migrate(database) is False


async def test_a_newer_database_is_left_alone(
    database: str, pool: asyncpg.Pool, caplog: pytest.LogCaptureFixture
) -> None:
    await pool.execute("UPDATE alembic_version SET version_num = '9999'")
    assert await migrate(database) is False
    assert "newer version (9999)" in caplog.text


async def test_two_nodes_that_start_at_once_migrate_once(database: str, pool: asyncpg.Pool) -> None:
    await pool.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    done = await asyncio.gather(migrate(database), migrate(database), migrate(database))
    assert sorted(done) == [False, False, True]
