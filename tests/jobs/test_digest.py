"""What is not read for five minutes goes out in one mail, over a real SMTP server (TEAM-6)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import asyncpg
import pytest

from deskbell.domain.conversation import Notification
from deskbell.jobs.digest import APART, NEWS_FOR, UNREAD_FOR, Digests
from deskbell.kit.clock import FixedClock
from deskbell.kit.mail import post_of
from deskbell.kit.postgres import create_pool
from deskbell.settings import Settings
from deskbell.store import notifications, staff
from tests import cast
from tests.cast import ADA, BRUNO, NOW, conversation
from tests.mailbox import Mailbox, mailbox
from tests.rules import rule

DESK = "https://desk.test"
SECOND = timedelta(seconds=1)


class Desk:
    """A database with the cast and Marta's chat 7, a mailbox, and the job, with a clock in the test's hand."""

    def __init__(self, pool: asyncpg.Pool, box: Mailbox) -> None:
        self.pool, self.box, self.clock = pool, box, FixedClock(NOW)
        self.digests = self.node()

    def node(self) -> Digests:
        settings = Settings(smtp_host="127.0.0.1", smtp_port=self.box.port, smtp_tls="none")
        return Digests(self.pool, post_of(settings), self.clock, DESK)

    async def tell(self, staff_id: int, kind: str = "mention", **data: Any) -> int:
        told = Notification(staff_id, kind, 7, data or {"who": "Bruno"})
        async with self.pool.acquire() as connection, connection.transaction():
            [stored] = await notifications.save(connection, [told], self.clock.now())
        return stored.id

    async def after(self, time: timedelta) -> int:
        self.clock.advance(time)
        return await self.digests.send()

    @property
    def to(self) -> list[str]:
        return [receiver for mail in self.box.received for receiver in mail.to]

    def text(self, n: int = -1) -> str:
        message = message_from_bytes(self.box.received[n].content, policy=policy.default)
        return str(message["Subject"]) + "\n" + str(message.get_content())


@pytest.fixture
async def desk(database: str) -> AsyncIterator[Desk]:
    pool = await create_pool(database, size=4)
    await cast.move_in(pool)
    await cast.shelve(pool, conversation())
    async with mailbox() as box:
        yield Desk(pool, box)
    await pool.close()


@rule("TEAM-6")
async def test_after_five_minutes_unread_one_mail_tells_all_of_it_once(desk: Desk) -> None:
    await desk.tell(ADA.id)
    await desk.tell(ADA.id, "transfer", who="Bruno", note="please, the customer is angry")
    assert await desk.after(UNREAD_FOR - SECOND) == 0
    assert await desk.after(SECOND) == 1
    assert desk.to == ["ada@desk.test"]
    for part in (
        "2 notifications",
        "Bruno mentioned you in chat 7.",
        f"{DESK}/live/7",
        "transfer chat 7 to you",
    ):
        assert part in desk.text()
    assert await desk.after(APART) == 0


@rule("TEAM-6")
async def test_no_mail_holds_what_anybody_wrote(desk: Desk) -> None:
    await desk.tell(ADA.id, "transfer", who="Bruno", note="the customer is angry")
    await desk.after(UNREAD_FOR)
    mail = desk.box.received[0].content.decode()
    assert "Bruno" in mail
    for secret in ("angry", "Marta", "Hello\r\n"):  # the note, the customer's name, the customer's message
        assert secret not in mail


@rule("TEAM-6")
async def test_what_was_read_in_time_is_not_mailed(desk: Desk) -> None:
    read, unread = await desk.tell(ADA.id), await desk.tell(BRUNO.id)
    await notifications.read(desk.pool, ADA.id, [read, unread], NOW)
    assert await desk.after(UNREAD_FOR) == 1
    assert desk.to == ["bruno@desk.test"]


@rule("TEAM-6")
async def test_mails_to_one_person_are_fifteen_minutes_apart(desk: Desk) -> None:
    await desk.tell(ADA.id)
    await desk.after(UNREAD_FOR)
    await desk.tell(ADA.id, "answered")
    await desk.tell(BRUNO.id)
    assert await desk.after(APART - SECOND) == 1
    assert desk.to == ["ada@desk.test", "bruno@desk.test"]
    assert await desk.after(SECOND) == 1
    assert "answered" in desk.text()
    assert "mentioned" not in desk.text()


@rule("TEAM-6")
async def test_nobody_is_mailed_who_does_not_want_it_or_has_left(desk: Desk) -> None:
    for person in (ADA, BRUNO):
        await desk.tell(person.id)
    await staff.change_settings(desk.pool, ADA.id, {"digest": False})
    await staff.change(desk.pool, BRUNO.id, {"active": False})
    assert await desk.after(UNREAD_FOR) == 0


@rule("TEAM-6", "OPS-2")
async def test_nodes_that_look_at_the_same_moment_send_one_mail(desk: Desk) -> None:
    for person in cast.STAFF:
        await desk.tell(person.id)
    desk.clock.advance(UNREAD_FOR)
    nodes = [desk.node() for _ in range(3)]
    sent = await asyncio.gather(*(node.send() for node in nodes for _ in range(2)))
    assert sum(sent) == len(cast.STAFF)
    assert sorted(desk.to) == sorted(f"{person.name.lower()}@desk.test" for person in cast.STAFF)


@rule("TEAM-6")
async def test_a_mail_that_did_not_go_goes_when_the_server_is_back(desk: Desk) -> None:
    await desk.tell(ADA.id)
    desk.box.closed = True
    assert await desk.after(UNREAD_FOR) == 0
    desk.box.closed = False
    assert await desk.after(SECOND) == 1


@rule("TEAM-6")
async def test_a_refused_address_harms_no_other_and_is_tried_again_later_for_a_day(desk: Desk) -> None:
    desk.box.refuses.add("ada@desk.test")
    for person in (ADA, BRUNO):
        await desk.tell(person.id)
    assert await desk.after(UNREAD_FOR) == 1
    desk.box.refuses.clear()
    assert await desk.after(APART - SECOND) == 0
    assert await desk.after(SECOND) == 1
    assert desk.to == ["bruno@desk.test", "ada@desk.test"]
    await desk.tell(ADA.id)
    assert await desk.after(NEWS_FOR) == 0


@rule("TEAM-6")
async def test_a_crash_between_sending_and_marking_repeats_the_mail_under_the_same_id(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.tell(ADA.id)

    async def power_cut(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(notifications, "mailed", power_cut)
        with pytest.raises(ConnectionError):
            await desk.after(UNREAD_FOR)
    assert await desk.after(SECOND) == 1
    ids = [message_from_bytes(mail.content)["Message-ID"] for mail in desk.box.received]
    assert len(ids) == 2
    assert ids[0] == ids[1]
