"""The demo is filled once, fast, and by the same rules as a real desk (OPS-1)."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from deskbell.desk.demo import PASSWORD, SIGN_INS, fill
from deskbell.kit.clock import FixedClock
from deskbell.kit.files import FileStore, preview_id
from deskbell.kit.tokens import Passwords
from deskbell.store import files, staff
from tests.rules import rule

CLOCK = FixedClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))


@pytest.fixture
async def store(tmp_path: Path) -> FileStore:
    return FileStore.local(tmp_path)


async def test_the_demo_is_filled_once(pool: asyncpg.Pool, store: FileStore) -> None:
    passwords = Passwords(memory_kib=64, passes=1)
    assert await fill(pool, CLOCK, store, passwords)
    before = await pool.fetchval("SELECT count(*) FROM entry")
    assert not await fill(pool, CLOCK, store, passwords)
    assert await pool.fetchval("SELECT count(*) FROM entry") == before > 150


async def test_every_state_that_exists_is_in_it(pool: asyncpg.Pool, store: FileStore) -> None:
    await fill(pool, CLOCK, store, Passwords(memory_kib=64, passes=1))
    rows = await pool.fetch("SELECT kind, state, closed_by, opened_at FROM conversation")
    found = Counter((row["kind"], row["state"], row["closed_by"]) for row in rows)
    assert len(rows) == 49
    assert {key for key in found if key[0] == "chat"} == {
        ("chat", "live", None),
        ("chat", "pending", None),
        ("chat", "queued", None),
        ("chat", "closed", "customer"),
        ("chat", "closed", "agent"),
        ("chat", "closed", "system"),
    }
    assert {key[1] for key in found if key[0] == "ticket"} == {"unassigned", "assigned", "closed"}
    assert any(row["state"] == "live" and row["opened_at"] is None for row in rows)


async def test_its_threads_have_no_holes_and_go_forward_in_time(pool: asyncpg.Pool, store: FileStore) -> None:
    await fill(pool, CLOCK, store, Passwords(memory_kib=64, passes=1))
    wrong = await pool.fetchval(
        """SELECT count(*) FROM conversation c WHERE last_seq <> (SELECT count(*) FROM entry WHERE conversation_id = c.id)
           OR last_seq <> (SELECT max(seq) FROM entry WHERE conversation_id = c.id)"""
    )
    back = await pool.fetchval(
        """SELECT count(*) FROM entry a JOIN entry b USING (conversation_id) WHERE b.seq = a.seq + 1 AND b.at < a.at"""
    )
    future = await pool.fetchval("SELECT count(*) FROM entry WHERE at > $1", CLOCK.now())
    assert (wrong, back, future) == (0, 0, 0)


async def test_a_new_conversation_gets_the_next_number(pool: asyncpg.Pool, store: FileStore) -> None:
    await fill(pool, CLOCK, store, Passwords(memory_kib=64, passes=1))
    highest = await pool.fetchval("SELECT max(id) FROM conversation")
    assert await pool.fetchval("SELECT nextval('conversation_id_seq')") == highest + 1
    assert await pool.fetchval("SELECT nextval('customer_id_seq')") == 49


async def test_its_pictures_lie_in_the_file_store(pool: asyncpg.Pool, store: FileStore) -> None:
    await fill(pool, CLOCK, store, Passwords(memory_kib=64, passes=1))
    for row in await pool.fetch("SELECT id FROM file"):
        file = await files.get(pool, row["id"])
        assert file is not None
        assert file.conversation_id is not None
        assert await store.size(file.id) == file.size
        assert await store.size(preview_id(file.id)) > 100


@rule("PEOPLE-2")
async def test_everybody_printed_can_sign_in_and_a_real_desk_gets_nobody(
    pool: asyncpg.Pool, store: FileStore
) -> None:
    passwords = Passwords(memory_kib=64, passes=1)
    await staff.add(
        pool,
        email="ada@x.test",
        name="Ada",
        role="admin",
        password_hash=None,
        max_chats=None,
        now=CLOCK.now(),
    )
    assert not await fill(pool, CLOCK, store, passwords)
    assert [row["email"] for row in await pool.fetch("SELECT email FROM staff")] == ["ada@x.test"]
    await pool.execute("DELETE FROM staff")
    assert await fill(pool, CLOCK, store, passwords)
    for _, email, password in SIGN_INS:
        known = await staff.credentials(pool, email)
        assert known is not None
        assert password == PASSWORD
        assert (await passwords.check(known.password_hash, password)).right


async def test_everybody_in_it_has_visited_the_site(pool: asyncpg.Pool, store: FileStore) -> None:
    await fill(pool, CLOCK, store, Passwords(memory_kib=64, passes=1))
    bare = await pool.fetchval(
        """SELECT count(*) FROM conversation c WHERE NOT EXISTS (
               SELECT FROM visit v JOIN page_view p ON p.visit_id = v.id WHERE v.customer_id = c.customer_id)"""
    )
    assert bare == 0
