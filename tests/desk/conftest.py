from collections.abc import AsyncIterator

import asyncpg
import pytest

from deskbell.kit.clock import FixedClock
from tests import cast
from tests.desk.house import House, open_house


@pytest.fixture
async def cast_database(database: str, pool: asyncpg.Pool) -> str:
    """Address of a fresh database with the cast in it."""
    await cast.move_in(pool)
    return database


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(cast.NOW)


@pytest.fixture
async def house(cast_database: str, clock: FixedClock) -> AsyncIterator[House]:
    """A desk on a fresh database, with the cast and a clock that stands still."""
    async with open_house(cast_database, clock=clock) as house:
        yield house


@pytest.fixture
async def other(cast_database: str, clock: FixedClock, house: House) -> AsyncIterator[House]:
    """A second node on the same database."""
    async with open_house(cast_database, clock=clock, node="two") as other:
        yield other
