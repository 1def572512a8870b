from collections.abc import AsyncIterator

import asyncpg
import pytest

from deskbell.kit.postgres import create_pool
from tests import cast


@pytest.fixture
async def peopled(database: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections as the desk has them, to a fresh database with the cast in it."""
    pool = await create_pool(database, size=4)
    await cast.move_in(pool)
    yield pool
    await pool.close()
