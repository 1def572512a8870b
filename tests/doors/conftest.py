import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from tests.doors.house import Door, House

BAD = ("error", "critical")


@pytest.fixture
async def house(
    pool: asyncpg.Pool, database: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[House]:
    """A desk with a shop and no node yet; when the test is over, no node may have logged an error."""
    caplog.set_level(logging.ERROR)
    with capture_logs() as said:
        async with AsyncExitStack() as stack:
            house = House(pool, database, tmp_path, stack)
            await house.site()
            yield house
    assert [line for line in said if line["log_level"] in BAD] == []
    assert [record.getMessage() for record in caplog.records] == []


@pytest.fixture
async def door(house: House) -> Door:
    """The only node of the house."""
    return await house.open()
