from pathlib import Path

import asyncpg
import pytest

from tests.api.desk import EdgeDesk


@pytest.fixture
def desk(pool: asyncpg.Pool, tmp_path: Path) -> EdgeDesk:
    """The routes around the core over the test's own database, at https-less http://desk.test."""
    return EdgeDesk(pool, tmp_path)
