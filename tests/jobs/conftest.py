"""What several of the jobs' tests begin with."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests import cast
from tests.jobs.outbox import Outbox, outbox


@pytest.fixture
async def box(database: str, pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Outbox]:
    await cast.move_in(pool)
    async with outbox(database, tmp_path) as made:
        yield made
