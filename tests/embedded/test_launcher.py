"""The embedded PostgreSQL survives what happens to programs: crashes, kills, neighbours, odd folders."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from deskbell.embedded import EmbeddedError, EmbeddedPostgres, binaries
from deskbell.embedded.parts import explain
from deskbell.embedded.postmaster import NO_PROCESS

SMALL = {"shared_buffers": "16MB", "max_wal_size": "64MB"}
STARTER = """
import sys
from pathlib import Path
from deskbell.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), options={"shared_buffers": "16MB"})
print(server.start_blocking(), flush=True)
sys.stdin.read()
server.stop_blocking()
"""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path / "postgres", options=SMALL)
    await server.start()
    yield server
    await server.stop()


async def _ask(dsn: str, question: str = "SELECT 1") -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def _comes_back(dsn: str) -> None:
    """Wait until it answers; the watcher looks five times a second."""
    async with asyncio.timeout(30):
        while True:
            try:
                await _ask(dsn)
                return
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(0.05)


def _closed_to_others(folder: Path) -> bool:
    return folder.stat().st_mode & 0o077 == 0


def _other_process(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", STARTER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


async def test_it_starts_from_nothing_in_unicode_and_keeps_what_is_written(server: EmbeddedPostgres) -> None:
    await _ask(server.dsn, "CREATE TABLE note AS SELECT 'Straße 你好' AS text")
    await server.stop()
    dsn = await server.start()
    assert await _ask(dsn, "SELECT upper(text) FROM note") == "STRAßE 你好"
    assert await _ask(dsn, "SHOW fsync") == await _ask(dsn, "SHOW synchronous_commit") == "on"


async def test_it_listens_on_no_network(server: EmbeddedPostgres) -> None:
    assert await _ask(server.dsn, "SHOW listen_addresses") == ""
    assert _closed_to_others(server.folder)
    assert _closed_to_others(Path(server.dsn.partition("host=")[2]))


async def test_a_killed_postmaster_is_started_again_with_what_was_committed(server: EmbeddedPostgres) -> None:
    await _ask(server.dsn, "CREATE TABLE note AS SELECT 7 AS number")
    first = server.pid
    server.kill()
    await _comes_back(server.dsn)
    assert await _ask(server.dsn, "SELECT number FROM note") == 7
    assert server.pid != first


@pytest.mark.parametrize("number", [NO_PROCESS - 1, os.getpid()], ids=["nobody's", "another program's"])
async def test_a_left_over_pid_file_is_survived(server: EmbeddedPostgres, number: int) -> None:
    await server.stop()
    sockets = server.folder.with_name("postgres.run")
    left = server.folder / "postmaster.pid"
    left.write_text(f"{number}\n{server.folder}\n1700000000\n5432\n{sockets}\n\n  1234  5678\nready   \n")
    os.chown(left, server.folder.stat().st_uid, server.folder.stat().st_gid)
    assert await _ask(await server.start()) == 1


async def test_a_second_process_joins_and_the_last_to_leave_stops_it(server: EmbeddedPostgres) -> None:
    with _other_process(server.folder) as other:
        assert other.stdout is not None
        assert (await asyncio.to_thread(other.stdout.readline)).strip() == server.dsn
        await server.stop()
        assert await _ask(server.dsn) == 1
        await asyncio.to_thread(other.communicate, "")
    with pytest.raises(OSError, match=r"No such file|refused"):
        await _ask(server.dsn)


async def test_a_killed_process_leaves_it_running_for_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    with _other_process(folder) as other:
        assert other.stdout is not None
        dsn = (await asyncio.to_thread(other.stdout.readline)).strip()
        other.send_signal(signal.SIGKILL)
    assert await _ask(dsn) == 1
    server = EmbeddedPostgres(folder)
    assert await server.start() == dsn
    await server.stop()
    with pytest.raises(OSError, match=r"No such file|refused"):
        await _ask(dsn)


async def test_a_joined_postmaster_that_dies_is_started_again_by_whoever_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    with _other_process(folder) as other:
        assert other.stdout is not None
        dsn = (await asyncio.to_thread(other.stdout.readline)).strip()
        server = EmbeddedPostgres(folder, options=SMALL)
        await server.start()
        other.send_signal(signal.SIGKILL)
    server.kill()
    await _comes_back(dsn)
    await server.stop()


async def test_a_start_that_was_cut_half_way_begins_afresh(tmp_path: Path) -> None:
    (tmp_path / "postgres.new" / "base").mkdir(parents=True)
    (tmp_path / "postgres").mkdir()
    server = EmbeddedPostgres(tmp_path / "postgres", options=SMALL)
    assert await _ask(await server.start()) == 1
    await server.stop()


async def test_a_folder_with_a_long_name_gets_its_socket_elsewhere(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / ("long" * 25) / "postgres", options=SMALL)
    assert await _ask(await server.start()) == 1
    sockets = server.dsn.partition("host=")[2]
    assert sockets.startswith(tempfile.gettempdir())
    await server.stop()
    assert not os.access(sockets, os.F_OK)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to start as root")
async def test_root_needs_no_account_that_reaches_the_folder(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o700)
    server = EmbeddedPostgres(tmp_path / "closed" / "data" / "postgres", options=SMALL)
    assert await _ask(await server.start()) == 1
    assert server.folder.stat().st_uid == 0
    await server.stop()


def test_an_unusable_place_is_one_clear_sentence() -> None:
    server = EmbeddedPostgres(Path("/dev/null/desk/postgres"))
    with pytest.raises(EmbeddedError, match=r"^/dev/null/desk cannot be used: Not a directory\.$"):
        server.start_blocking()


def test_missing_programs_are_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"^PG_BIN=\S+ holds no PostgreSQL 15 or newer"):
        binaries.find(tmp_path)
    with pytest.raises(EmbeddedError, match=r"^No PostgreSQL 99 was found on this machine: install"):
        binaries.find(major=99)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("FATAL: could not write: No space left on device", "The disk that holds /data is full."),
        ("initdb: error: could not access: Permission denied", "There is no permission to write in /data."),
        ("LOG:  starting\nFATAL:  out of luck\n", "It failed: out of luck."),
        ("", "It failed: it said nothing."),
    ],
)
def test_what_postgresql_says_becomes_one_sentence(said: str, sentence: str) -> None:
    assert explain(said, Path("/data"), "It failed") == sentence
