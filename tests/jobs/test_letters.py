"""A reply on a chat that was closed a day ago goes by e-mail, and the chat stays closed (LIFE-10)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import asyncpg
import pytest

from deskbell.domain.errors import Refused
from deskbell.jobs.letters import WAITS, Letters
from deskbell.kit.clock import FixedClock
from deskbell.kit.files import FileStore
from deskbell.kit.mail import post_of
from deskbell.settings import Settings
from tests import cast
from tests.cast import ADA, BRUNO, MARTA, NOW
from tests.desk.house import House, open_house
from tests.mailbox import Mailbox, mailbox
from tests.rules import rule

DAY = timedelta(hours=24)
SECRET = "the secret of this installation, long"


class Desk:
    """A house with Marta's chat that Ada closed a day ago, a mailbox, and the job."""

    def __init__(self, house: House, clock: FixedClock, box: Mailbox, number: int, files: Path) -> None:
        self.house, self.clock, self.box, self.number = house, clock, box, number
        self.settings = Settings(smtp_host="127.0.0.1", smtp_port=box.port, smtp_tls="none", secret=SECRET)
        self.letters = Letters(
            house.pool, post_of(self.settings), clock, house.desk, FileStore.local(files), self.settings
        )

    async def address(self, email: str) -> None:
        await self.house.pool.execute("UPDATE customer SET email = $1 WHERE id = $2", email, MARTA.id)

    async def last_line(self) -> str:
        return (await self.house.thread(self.number))[-1].entry.text


@pytest.fixture
async def desk(database: str, pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Desk]:
    await cast.move_in(pool)
    clock = FixedClock(NOW)
    async with open_house(database, clock=clock) as house, mailbox() as box:
        number = await house.live()
        await house.close(number, ADA)
        clock.advance(DAY)
        yield Desk(house, clock, box, number, tmp_path)


@rule("LIFE-10")
async def test_an_outsider_or_a_reply_without_an_address_sends_nothing(desk: Desk) -> None:
    await desk.address("")
    for who in (ADA, BRUNO):
        with pytest.raises(Refused):
            await desk.house.write(desk.number, who, "Are you there?")
    assert await desk.letters.send() == 0
    assert desk.box.received == []


@rule("LIFE-10")
async def test_with_an_address_the_reply_goes_by_mail_once_and_the_chat_stays_closed(desk: Desk) -> None:
    await desk.address("marta@mail.example")
    await desk.house.write(desk.number, ADA, "Here is your label.")
    assert await desk.letters.send() == 1
    assert await desk.letters.send() == 0
    [mail] = desk.box.received
    assert mail.to == ["marta@mail.example"]
    message = message_from_bytes(mail.content, policy=policy.default)
    assert "Here is your label." in str(message)
    assert (await desk.house.now(desk.number)).state == "closed"
    assert await desk.last_line() == "Sent by e-mail to marta@mail.example"


@rule("LIFE-10")
async def test_a_mail_that_does_not_go_is_tried_again_and_at_last_shown_as_failed(desk: Desk) -> None:
    await desk.address("marta@mail.example")
    await desk.house.write(desk.number, ADA, "Here is your label.")
    desk.box.closed = True
    for wait in WAITS:
        assert await desk.letters.send() == 0
        assert "could not be delivered" not in await desk.last_line()
        desk.clock.advance(wait)
    await desk.letters.send()
    assert "could not be delivered" in await desk.last_line()


@rule("LIFE-10")
async def test_only_the_customers_reply_opens_it_again(desk: Desk) -> None:
    await desk.address("marta@mail.example")
    await desk.house.write(desk.number, ADA, "Here is your label.")
    assert (await desk.house.now(desk.number)).state == "closed"
    await desk.house.write(desk.number, MARTA, "Thank you")
    assert (await desk.house.now(desk.number)).state == "queued"
