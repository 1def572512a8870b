"""A real mailbox is read: nothing is lost, nothing is there twice, whatever breaks (CHANNEL-4)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deskbell.channels.email.imap import Mailbox, MailboxError
from deskbell.jobs import mail_fetch
from deskbell.kit.files import FileStore
from deskbell.store import inbound
from tests import cast
from tests.desk.house import eventually
from tests.imap import PASSWORD, ImapServer
from tests.jobs.mail_house import MailHouse, mail, mail_house
from tests.rules import rule


class Fetching:
    def __init__(self, database: str, folder: Path, server: ImapServer) -> None:
        self._database, self._folder, self.server = database, folder, server

    @asynccontextmanager
    async def node(self, **settings: Any) -> AsyncIterator[MailHouse]:
        """One that reads the mailbox, until it is torn down without a word."""
        async with mail_house(self._database, self._folder, **(self.server.settings | settings)) as house:
            work = asyncio.create_task(house.way.run())
            try:
                yield house
            finally:
                work.cancel()
                with suppress(asyncio.CancelledError):
                    await work


@pytest.fixture
async def fetching(pool: asyncpg.Pool, database: str, tmp_path: Path, imap: ImapServer) -> Fetching:
    await cast.move_in(pool)
    return Fetching(database, tmp_path, imap)


async def tickets(house: MailHouse, count: int, seconds: float = 30) -> None:
    async def there() -> bool:
        found: int = await house.pool.fetchval("SELECT count(*) FROM conversation WHERE channel = 'email'")
        assert found <= count
        return found == count

    await eventually(there, seconds)


async def settled(house: MailHouse, count: int) -> None:
    async def done() -> bool:
        rows = await house.pool.fetch("SELECT state FROM inbound_mail")
        return [row[0] for row in rows] == ["done"] * count

    await eventually(done)


async def trouble(house: MailHouse) -> str:
    """What stands in the way of reading; of a mailbox never read, that."""
    states = await inbound.states(house.pool)
    return states[0].error if states and (states[0].ok_at or states[0].error) else "never read"


async def reading(house: MailHouse) -> None:
    async def well() -> bool:
        return await trouble(house) == ""

    await eventually(well)


@rule("CHANNEL-4")
async def test_mail_comes_by_itself_and_is_marked_as_seen(fetching: Fetching) -> None:
    async with fetching.node(imap_poll_s=3_600) as house:  # asked by itself it would take an hour
        await reading(house)
        fetching.server.deliver(mail("Now"))
        await tickets(house, 1)

        async def seen() -> bool:
            return [b"\\Seen" in flags for flags in await asyncio.to_thread(fetching.server.flags)] == [True]

        await eventually(seen)


@pytest.mark.parametrize("tls", ["tls", "starttls"])
async def test_over_tls_the_server_must_prove_its_name_before_it_is_told_the_password(
    fetching: Fetching, monkeypatch: pytest.MonkeyPatch, tls: str
) -> None:
    server = fetching.server
    port = server.tls_port if tls == "tls" else server.port
    async with fetching.node(imap_tls=tls, imap_host="localhost", imap_port=port) as house:

        async def refused() -> bool:
            return "certificate" in (await trouble(house)).lower()

        await eventually(refused)
    monkeypatch.setenv("SSL_CERT_FILE", str(server.folder / "cert.pem"))
    async with fetching.node(imap_tls=tls, imap_host="localhost", imap_port=port) as house:
        await reading(house)


@rule("CHANNEL-4")
@pytest.mark.parametrize("step", ["bytes", "row", "mailbox"])
async def test_torn_down_between_the_steps_it_is_there_once(
    fetching: Fetching, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    fetching.server.deliver(mail("One"), mail("Two"))
    torn = asyncio.Event()

    async def tear(*_: object, **__: object) -> None:
        torn.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as broken:
        where: Any = {
            "bytes": (FileStore, "put"),
            "row": (inbound, "keep"),
            "mailbox": (Mailbox, "put_away"),
        }[step]
        broken.setattr(where[0], where[1], tear)
        async with fetching.node():
            await asyncio.wait_for(torn.wait(), 10)
    async with fetching.node() as house:
        await tickets(house, 2)
        await settled(house, 2)

    async def seen() -> bool:
        return all(b"\\Seen" in flags for flags in await asyncio.to_thread(fetching.server.flags))

    await eventually(seen)


@rule("CHANNEL-4")
async def test_numbered_anew_by_its_server_no_mail_is_there_twice(
    fetching: Fetching, pool: asyncpg.Pool
) -> None:
    fetching.server.deliver(mail("One"))
    async with fetching.node() as house:
        await tickets(house, 1)
        await reading(house)
    await pool.execute("UPDATE mailbox SET uidvalidity = 1")
    await pool.execute("UPDATE inbound_mail SET uidvalidity = 1")
    with fetching.server.client() as client:
        client.create_folder("Done")
    async with fetching.node(imap_done="Done") as house:
        await settled(house, 2)
        await tickets(house, 1)

        async def moved() -> bool:
            return len(await asyncio.to_thread(fetching.server.flags, "Done")) == 1

        await eventually(moved)


@rule("CHANNEL-4")
async def test_a_server_that_goes_away_is_found_again_and_said_to_be_away(
    fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_fetch, "FIRST_WAIT_S", 0.05)
    monkeypatch.setattr(mail_fetch, "LONGEST_WAIT_S", 0.2)
    async with fetching.node() as house:
        await reading(house)
        await asyncio.to_thread(fetching.server.stop)

        async def away() -> bool:
            return "refused" in await trouble(house)

        await eventually(away)
        await asyncio.to_thread(fetching.server.start)
        fetching.server.deliver(mail("Back"))
        await tickets(house, 1)
        await reading(house)


@rule("CHANNEL-4")
async def test_of_two_nodes_one_reads_and_what_somebody_else_read_first_is_not_lost(
    fetching: Fetching,
) -> None:
    async with fetching.node() as one, fetching.node() as two:
        await reading(one)
        fetching.server.deliver(mail("For one"))
        await tickets(two, 1)
    with fetching.server.client() as client:
        client.append("INBOX", mail("Seen elsewhere"), flags=[b"\\Seen"])
    async with fetching.node() as house:
        await tickets(house, 2)
        assert await house.pool.fetchval("SELECT count(*) FROM inbound_mail") == 2


@rule("CHANNEL-4")
async def test_a_mail_too_large_comes_as_its_beginning(fetching: Fetching) -> None:
    fetching.server.deliver(mail("The beginning\n" + "x" * 70 + "\n" + ("y" * 70 + "\n") * 40_000))
    async with fetching.node(imap_max_mb=1) as house:
        await tickets(house, 1)
        carried = await house.carried(await house.newest())
        assert "only its beginning" in carried["mail"]["notes"][0]


async def test_a_wrong_password_is_said_and_never_shown(fetching: Fetching) -> None:
    settings = fetching.server.settings | {"imap_password": f"not {PASSWORD}"}
    async with mail_house(fetching._database, fetching._folder, **settings) as house:
        with pytest.raises(MailboxError) as raised:
            await house.way.mailbox_side._read_alone()
        assert raised.value.refused
        assert PASSWORD not in str(raised.value)
