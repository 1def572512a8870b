"""After the end the customer is mailed the transcript: once per closing, only the new and public part (LIFE-13)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import asyncpg
import pytest

from deskbell.domain.commands import AddComment, NoteLetter, SendTranscript, TimeIsUp
from deskbell.domain.errors import Refused
from deskbell.domain.people import SYSTEM, Customer, Staff
from deskbell.jobs import letters as job
from deskbell.jobs.letters import WAITS, Letters
from deskbell.kit.clock import FixedClock
from deskbell.kit.files import FileStore
from deskbell.kit.mail import Post, post_of
from deskbell.settings import Settings
from tests import cast
from tests.cast import ADA, BRUNO, MARTA, NOW, OLGA, SVEN, THEO
from tests.desk.house import House, codes, fresh_id, open_house
from tests.mailbox import Mailbox, mailbox
from tests.rules import rule

HOME = "marta@mail.example"
SECRET = "the secret of this installation, long"


def read(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


class Desk:
    """A house, a mailbox, and the job that sends."""

    def __init__(self, house: House, clock: FixedClock, box: Mailbox, files: Path) -> None:
        self.house, self.clock, self.box = house, clock, box
        self.settings = Settings(
            smtp_host="127.0.0.1", smtp_port=box.port, smtp_tls="none", secret=SECRET,
            mail_from="Desk <desk@desk.test>", mail_address="help@desk.test",
        )  # fmt: skip
        self.files = FileStore.local(files)
        self.letters = self.another(post_of(self.settings))

    def another(self, post: Post) -> Letters:
        """The job of another node."""
        house = self.house
        return Letters(house.pool, post, self.clock, house.desk, self.files, self.settings)

    async def knows(self, email: str, who: Customer = MARTA, *, verified: bool = True) -> None:
        await self.house.pool.execute(
            "UPDATE customer SET email = $1, email_verified = $3 WHERE id = $2", email, who.id, verified
        )

    async def talk(self, *, owner: bool = True) -> int:
        """Marta's chat with Ada, who has answered."""
        number = await self.house.live()
        await self.house.write(number, ADA, "Try the blue button")
        return number

    async def mails(self) -> list[EmailMessage]:
        await self.letters.send()
        return [read(one.content) for one in self.box.received]

    async def lines(self, number: int) -> list[str]:
        return [one.entry.text for one in await self.house.thread(number)]


@pytest.fixture
async def desk(database: str, pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Desk]:
    await cast.move_in(pool)
    clock = FixedClock(NOW)
    async with open_house(database, clock=clock) as house, mailbox() as box:
        yield Desk(house, clock, box, tmp_path)


@rule("LIFE-13")
async def test_nothing_goes_without_an_address_to_who_opted_out_or_was_blocked_or_when_switched_off(
    desk: Desk,
) -> None:
    await desk.house.close(await desk.talk(), MARTA)
    await desk.knows(HOME)
    number = await desk.talk()
    await desk.house.write(number, MARTA, "//stop")
    await desk.house.write(number, MARTA, "Hello again")
    await desk.house.pool.execute("INSERT INTO preference (name, value) VALUES ('transcripts', 'false')")
    await desk.house.desk.directory.refresh()
    await desk.house.close(number, MARTA)
    await desk.house.pool.execute("DELETE FROM preference")
    await desk.house.desk.directory.refresh()
    blocked = await desk.talk()
    await desk.house.pool.execute("UPDATE customer SET blocked_until = $1", NOW + timedelta(days=1))
    await desk.house.close(blocked, ADA)
    assert await desk.mails() == []


@rule("LIFE-13", "VISITOR-10")
async def test_the_mail_speaks_the_language_of_the_site_as_the_widget_does(desk: Desk) -> None:
    await desk.knows(HOME)
    number = await desk.talk()
    pool = desk.house.pool
    site = await pool.fetchval(
        "INSERT INTO site (key, name, look) VALUES ('shop', 'Laden', '{\"locale\": \"de\"}') RETURNING id"
    )
    await pool.execute("UPDATE conversation SET site_id = $1", site)
    await pool.execute("UPDATE customer SET locale = 'en-GB'")
    await desk.house.close(number, MARTA)
    [mail] = await desk.mails()
    assert mail["Subject"] == f"Ihr Gespräch #{number}"


@rule("LIFE-13")
@pytest.mark.parametrize("by", ["customer", "keyword", "agent", "supervisor", "system"])
async def test_whoever_closes_it_the_customer_gets_what_was_said_once(desk: Desk, by: str) -> None:
    await desk.knows(HOME)
    number = await desk.talk()
    await desk.house.desk.perform(AddComment(number, ADA, fresh_id(), "She is angry"))
    match by:
        case "keyword":
            await desk.house.write(number, MARTA, "//end")
        case "system":
            desk.clock.advance(timedelta(hours=2))
            await desk.house.desk.perform(TimeIsUp(number, "inactivity", SYSTEM))
        case _:
            people: dict[str, Customer | Staff] = {"customer": MARTA, "agent": ADA, "supervisor": SVEN}
            await desk.house.close(number, people[by])
    [mail] = await desk.mails()
    assert await desk.letters.send() == 0
    assert (mail["To"], mail["From"]) == (HOME, "Desk <help@desk.test>")
    for said in (text_of(mail), text_of(mail, "html")):
        assert said.index("Hello") < said.index("Try the blue button")
        assert "angry" not in said
        assert "Given to" not in said
    assert (await desk.lines(number))[-1] == f"Transcript sent to {HOME}"


@rule("LIFE-13")
async def test_the_next_closing_mails_only_what_came_since_in_the_same_thread(desk: Desk) -> None:
    await desk.knows(HOME)
    number = await desk.talk()
    await desk.house.close(number, ADA)
    [first] = await desk.mails()
    await desk.house.write(number, MARTA, "It broke again")
    await desk.house.close(number, MARTA)
    _, second = await desk.mails()
    assert "It broke again" in text_of(second)
    assert "blue button" not in text_of(second)
    assert first["Message-ID"] != second["Message-ID"]
    assert first["Message-ID"] in second["References"]
    assert first["References"].split()[0] == second["References"].split()[0]


@rule("LIFE-13")
async def test_a_closing_after_which_nothing_new_was_said_mails_nothing(desk: Desk) -> None:
    await desk.knows(HOME)
    number = await desk.talk()
    await desk.house.close(number, ADA)
    await desk.mails()
    await desk.house.pool.execute(
        "UPDATE conversation SET state = 'live', closed_at = NULL WHERE id = $1", number
    )
    await desk.house.close(number, ADA)
    assert len(await desk.mails()) == 1


@rule("LIFE-13", "VISITOR-9")
async def test_outsiders_cannot_ask_for_a_transcript(desk: Desk) -> None:
    await desk.knows(HOME)
    number = await desk.talk()
    asks = [SendTranscript(number, who, fresh_id(), "thief@evil.test") for who in (THEO, OLGA, BRUNO)]
    assert codes(await desk.house.together(*asks)) == ["not_found"] * 3
    assert await desk.mails() == []


@rule("VISITOR-9")
async def test_the_customer_names_an_address_which_stays_unverified_and_gets_all_of_it(desk: Desk) -> None:
    number = await desk.talk()
    await desk.house.close(number, MARTA)
    with pytest.raises(Refused, match="address is needed"):
        await desk.house.desk.perform(SendTranscript(number, MARTA, fresh_id()))
    await desk.house.desk.perform(SendTranscript(number, MARTA, fresh_id(), "new@home.test"))
    [mail] = await desk.mails()
    assert mail["To"] == "new@home.test"
    assert "If that was not you" in text_of(mail)
    known = await desk.house.pool.fetchrow(
        "SELECT email, email_verified FROM customer WHERE id = $1", MARTA.id
    )
    assert known is not None
    assert tuple(known) == ("new@home.test", False)


@rule("VISITOR-6", "VISITOR-9")
async def test_who_has_a_verified_address_and_staff_send_it_nowhere_else(desk: Desk) -> None:
    await desk.knows(HOME)
    number = await desk.talk()
    for who in (MARTA, ADA):
        await desk.house.desk.perform(SendTranscript(number, who, fresh_id(), "elsewhere@evil.test"))
    assert {mail["To"] for mail in await desk.mails()} == {HOME}


@rule("VISITOR-9")
async def test_asking_has_a_limit_per_day_and_so_has_a_strangers_address(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "TO_A_STRANGER", 3)
    number = await desk.talk()
    for _ in range(5):
        await desk.house.desk.perform(SendTranscript(number, MARTA, fresh_id(), "victim@home.test"))
    with pytest.raises(Refused, match="5 times a day"):
        await desk.house.desk.perform(SendTranscript(number, MARTA, fresh_id(), "victim@home.test"))
    assert len(await desk.mails()) == 3
    assert len([one for one in await desk.lines(number) if "unverified address" in one]) == 2


@rule("LIFE-13")
async def test_what_cannot_be_delivered_is_tried_again_and_at_last_shown(desk: Desk) -> None:
    await desk.knows(HOME)
    number = await desk.talk()
    await desk.house.close(number, ADA)
    desk.box.closed = True
    for wait in WAITS:
        assert await desk.mails() == []
        desk.clock.advance(wait)
    assert await desk.mails() == []
    assert (await desk.lines(number))[-1].startswith(f"The transcript to {HOME} could not be delivered: ")
    desk.box.closed = False
    desk.clock.advance(timedelta(days=9))
    assert await desk.mails() == []


@rule("LIFE-13")
@pytest.mark.parametrize(("answer", "goes_later"), [("450 4.2.1 Later", True), ("550 5.1.1 Nobody", False)])
async def test_a_greylisted_mail_goes_later_a_refused_one_never(
    desk: Desk, answer: str, goes_later: bool
) -> None:
    await desk.knows(HOME)
    await desk.house.close(await desk.talk(), ADA)
    desk.box.says[HOME] = answer
    assert await desk.mails() == []
    desk.box.says.clear()
    desk.clock.advance(WAITS[0])
    assert len(await desk.mails()) == goes_later


@rule("LIFE-13")
async def test_two_nodes_and_a_crash_before_the_note_leave_one_message_id(desk: Desk) -> None:
    await desk.knows(HOME)
    number = await desk.talk()
    await desk.house.close(number, ADA)
    await desk.letters.send()
    await desk.house.pool.execute("UPDATE transcript SET due_at = $1, done_at = NULL", NOW)
    await desk.another(post_of(desk.settings)).send()
    ids = [read(one.content)["Message-ID"] for one in desk.box.received]
    assert (len(ids), len(set(ids))) == (2, 1)
    assert (await desk.lines(number)).count(f"Transcript sent to {HOME}") == 1


@rule("LIFE-13", "OPS-2")
async def test_of_two_nodes_that_look_at_the_same_moment_one_sends(desk: Desk) -> None:
    await desk.knows(HOME)
    await desk.house.close(await desk.talk(), ADA)
    other = desk.another(post_of(desk.settings))
    assert sorted(await asyncio.gather(desk.letters.send(), other.send())) == [0, 1]
    assert len(desk.box.received) == 1


@rule("LIFE-13")
async def test_what_names_and_preferences_hold_begins_no_header_and_is_no_markup(desk: Desk) -> None:
    evil = "<b>x</b>\r\nBcc: thief@evil.test"
    await desk.knows(HOME)
    await desk.house.pool.execute("UPDATE department SET mail_name = $1", evil)
    await desk.house.pool.execute(
        "INSERT INTO preference (name, value) VALUES ('transcript_subject', $1::text::jsonb)",
        '"Bye {number} {site} {name}"',
    )
    await desk.house.desk.directory.refresh()
    await desk.house.unavailable(*cast.STAFF)
    await desk.house.available(ADA)
    number = await desk.house.start(MARTA, "<img src=x onerror=alert(1)>", department=cast.SUPPORT)
    await desk.house.route()
    await desk.house.close(number, ADA)
    mails = await desk.mails()
    assert all("thief" not in str(one.to) for one in desk.box.received)
    assert all("Bcc" not in mail and "<img src=x" not in text_of(mail, "html") for mail in mails)
    assert "could not be delivered" in (await desk.lines(number))[-1]  # no line break goes into a name


async def test_one_mail_that_cannot_be_made_stops_no_other(desk: Desk) -> None:
    await desk.knows(HOME)
    await desk.knows("theo@mail.example", THEO)
    await desk.house.close(await desk.talk(), ADA)
    other = await desk.house.live(THEO)
    await desk.house.close(other, ADA)
    await desk.house.pool.execute(
        "UPDATE transcript SET recipient = 'no\naddress' WHERE conversation_id <> $1", other
    )
    assert [mail["To"] for mail in await desk.mails()] == ["theo@mail.example"]


async def test_a_note_for_a_mail_can_be_made_again_and_stands_once(desk: Desk) -> None:
    number = await desk.talk()
    note = NoteLetter(number, HOME, "it came back", SYSTEM, "bounce-1", "reply", 5)
    assert codes(await desk.house.together(note, note)) == ["ok", "again"]
