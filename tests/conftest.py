"""What every test may ask for: a real database of its own, and a Chromium."""

import asyncio
import contextlib
import hashlib
import itertools
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deskbell.embedded import EmbeddedError, EmbeddedPostgres
from deskbell.store.migrate import VERSIONS, migrate
from tests.imap import MISSING, PROGRAM, ImapServer, imap_server

ROOM = 2 * 1024**3
LONGEST_FIRST = ("flows", "browser", "torture", "doors", "embedded", "test_main.py", "desk", "jobs", "api")
"""Whoever of two workers is done last should be done with little: files are handed out in this order."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONGEST_FIRST)}
    here = Path(__file__).parent
    items.sort(key=lambda item: places.get(item.path.relative_to(here).parts[0], len(places)))


def _folder() -> Path:
    """In memory where there is room: a thousand databases are copied and dropped, which wears a disk out."""
    here, memory = Path(__file__).parent.parent, Path("/dev/shm")
    with contextlib.suppress(OSError):
        if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM:
            name = hashlib.sha256(f"{here} {os.geteuid()}".encode()).hexdigest()[:12]
            (memory / f"tests-{name}").mkdir(exist_ok=True)
            return memory / f"tests-{name}" / "postgres"
    return here / ".build" / "tests" / "postgres"


FOLDER = _folder()
# Nothing here outlives the run, so the disk need not be waited for; the torture and durability tests
# start servers of their own, with the product's settings.
OPTIONS = {"fsync": "off", "autovacuum": "off", "shared_buffers": "128MB", "max_connections": "200"}
PREFIX = "test_"
UNUSED = (
    # What Playwright switches off: the last list is the one that counts.
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding",
    "ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "TcpPortRandomizationWin",
    "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch",
    # Processes that draw the address bar of windows nobody sees: half of the time that opening a page takes.
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "PreloadTopChromeWebUI", "InitialWebUI",
    "SpareRendererForSitePerProcess",
)  # fmt: skip
"""Features of Chromium that no test needs."""
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Address of a real PostgreSQL, shared by all workers and runs at work; the last one out stops it."""
    server = EmbeddedPostgres(FOLDER, options=OPTIONS)
    try:
        dsn = server.start_blocking()
        asyncio.run(_sweep(dsn))
    except (EmbeddedError, OSError, asyncpg.PostgresError):
        # A run that crashed may have left anything behind.
        server.stop_blocking()
        server.wipe_if_unused()
        dsn = server.start_blocking()
    yield dsn
    server.stop_blocking()


@pytest.fixture(scope="session")
def template(postgres: str) -> str:
    """Name of a migrated database; made once per state of the migrations."""
    digest = hashlib.sha256()
    for path in sorted(VERSIONS.glob("[0-9]*")):
        digest.update(path.name.encode() + path.read_bytes())
    name = f"template_{digest.hexdigest()[:16]}"
    asyncio.run(_make_template(postgres, name))
    return name


@pytest.fixture
async def database(postgres: str, template: str) -> AsyncIterator[str]:
    """Address of a fresh, migrated database that only this test uses."""
    async with database_of_its_own(postgres, template) as address:
        yield address


@contextlib.asynccontextmanager
async def database_of_its_own(postgres: str, template: str) -> AsyncIterator[str]:
    """A copy of the template takes 20 ms."""
    name = f"{PREFIX}{os.getpid()}_{next(_numbers)}"
    async with _admin(postgres) as admin:
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield _address(postgres, name)
    async with _admin(postgres) as admin:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections to the test's own database."""
    async with asyncpg.create_pool(database, min_size=1, max_size=8) as pool:
        yield pool


@pytest.fixture(scope="session")
def chromium() -> dict[str, Any]:
    """Arguments for Playwright's `chromium.launch`: the system's, best one without windows, else Playwright's own."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    return {
        "executable_path": found,
        "args": [f"--disable-features={','.join(UNUSED)}", *(["--no-sandbox"] if os.geteuid() == 0 else [])],
    }


@pytest.fixture
def imap() -> Iterator[ImapServer]:
    """A real mailbox on a real server."""
    if not Path(PROGRAM).exists():
        pytest.skip(MISSING)
    with imap_server() as server:
        yield server


def _address(dsn: str, database: str) -> str:
    return dsn.replace("/deskbell?", f"/{database}?", 1)


@contextlib.asynccontextmanager
async def _admin(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(_address(dsn, "postgres"))
    try:
        yield connection
    finally:
        await connection.close()


async def _make_template(dsn: str, name: str) -> None:
    """Under a lock, and renamed when whole: a worker that dies half way leaves no half a template."""
    async with _admin(dsn) as admin:
        await admin.execute("SELECT pg_advisory_lock(1)")
        if await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            return
        for row in await admin.fetch(
            "SELECT datname FROM pg_database WHERE datname ~ '^(half_)?template(_[0-9a-f]+)?$'"
        ):
            await admin.execute(f"DROP DATABASE {row['datname']} WITH (FORCE)")
        await admin.execute("CREATE DATABASE half_template")
        await migrate(_address(dsn, "half_template"))
        await admin.execute(f"ALTER DATABASE half_template RENAME TO {name}")


async def _sweep(dsn: str) -> None:
    """Drop what runs that were killed have left."""
    async with _admin(dsn) as admin:
        for row in await admin.fetch("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'"):
            if not _lives(int(row["datname"].split("_")[1])):
                await admin.execute(f"DROP DATABASE IF EXISTS {row['datname']} WITH (FORCE)")


def _lives(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False
