"""What becomes of mail: the outsider first (CHANNEL-4, TICKET-9)."""

from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import asyncpg
import pytest

from deskbell.domain.people import Customer
from deskbell.store import inbound, mails
from tests import cast
from tests.cast import ADA, HOUR, MARTA, NOW, SUPPORT
from tests.jobs.mail_house import BASE, MALLORYS, MARTAS, MailHouse, mail, mail_house
from tests.rules import rule

LETTERS = "SELECT seq, recipient, unless_read FROM letter ORDER BY seq"


@pytest.fixture
async def desk(database: str, pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[MailHouse]:
    await cast.move_in(pool)
    async with mail_house(database, tmp_path) as house:
        yield house


async def stays_apart(desk: MailHouse, number: int, raw: bytes) -> int:
    """It becomes a ticket of its own, and nothing is said in the one it aimed at but that; its number."""
    before = await desk.house.texts(number)
    assert await desk.arrive(raw) == ["ticket"]
    made = await desk.newest()
    assert made != number
    assert await desk.house.texts(number) == before
    assert (await desk.house.now(made)).customer_id != MARTA.id
    return made


@rule("CHANNEL-4")
async def test_a_stranger_with_the_signed_address_gets_a_ticket_of_their_own(desk: MailHouse) -> None:
    number = await desk.ticket()
    made = await stays_apart(desk, number, mail("Let me in", by=MALLORYS, to=desk.address(number)))
    assert f"#{number}" in (await desk.events(made))[1]
    assert f"became #{made}" in (await desk.events(number))[-1]
    for line in await desk.house.thread(made):
        assert not (line.entry.public and f"#{number}" in line.entry.text)


@rule("CHANNEL-4")
async def test_a_stranger_with_the_right_references_gets_a_ticket_of_their_own(desk: MailHouse) -> None:
    number = await desk.ticket()
    await stays_apart(desk, number, mail(by=MALLORYS, In_Reply_To=f"<out{number}@desk.test>"))


@rule("CHANNEL-4")
@pytest.mark.parametrize("guess", ["c{n}", "c{n}.aaaaaaaaaaaaaaaa", "c{n}.", "{n}"])
async def test_a_guessed_signature_or_the_right_subject_is_worth_nothing(desk: MailHouse, guess: str) -> None:
    number = await desk.ticket()
    to = f"support+{guess.format(n=number)}@desk.test"
    made = await stays_apart(desk, number, mail(to=to, subject=f"Re: Your conversation #{number}"))
    assert len(await desk.events(made)) == 1


@rule("CHANNEL-4")
async def test_a_forged_sender_that_our_server_saw_through_does_not_get_in(
    database: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    await cast.move_in(pool)
    async with mail_house(database, tmp_path, imap_auth_server="mx.desk.test") as desk:
        number = await desk.ticket()
        forged = mail(
            to=desk.address(number), Authentication_Results="mx.desk.test; dmarc=fail header.from=home.test"
        )
        made = await stays_apart(desk, number, forged)
        assert (await desk.carried(made))["mail"]["check"] == "fail"


@rule("CHANNEL-4", "TICKET-9")
async def test_the_customers_answer_lands_in_the_same_ticket_by_address_or_by_id(desk: MailHouse) -> None:
    number = await desk.ticket()
    answers = [
        mail("By address", to=desk.address(number)),
        mail("By id", In_Reply_To=f"<out{number}@desk.test>"),
        mail("By reference", References=f"<x@y.test> <out{number}@desk.test> <gone@home.test>"),
    ]
    assert await desk.arrive(*answers) == ["reply"] * 3
    assert (await desk.house.texts(number))[1:] == ["By address", "By id", "By reference"]


@rule("CHANNEL-4")
async def test_the_same_mail_fetched_twice_or_worked_on_twice_is_there_once(desk: MailHouse) -> None:
    number = await desk.ticket()
    answer, fresh = mail("Once", to=desk.address(number)), mail("Fresh")
    assert await desk.arrive(answer, fresh, answer, fresh) == ["reply", "ticket", "double", "double"]
    await desk.pool.execute("UPDATE inbound_mail SET state = 'new', outcome = '', conversation_id = NULL")
    assert await desk.arrive() == []
    assert await desk.house.texts(number) == ["Hello", "Once"]
    assert await desk.pool.fetchval("SELECT count(*) FROM conversation WHERE channel = 'email'") == 1
    assert await desk.pool.fetchval("SELECT count(*) FROM customer WHERE email = $1", MARTAS) == 2


@rule("LIFE-10", "CHANNEL-4")
async def test_an_answer_revives_a_closed_ticket(desk: MailHouse) -> None:
    number = await desk.ticket()
    await desk.house.available(ADA)
    await desk.house.close(number, cast.SVEN)
    await desk.arrive(mail("Still dark", to=desk.address(number)))
    assert (await desk.house.now(number)).state == "unassigned"


@rule("LIFE-10", "TICKET-9")
async def test_who_answers_a_closed_chat_by_mail_is_answered_by_mail_until_they_write_in_the_widget(
    desk: MailHouse,
) -> None:
    await desk.pool.execute("UPDATE customer SET email = $1 WHERE id = $2", MARTAS, MARTA.id)
    number = await desk.house.live()
    await desk.house.close(number, ADA)
    await desk.arrive(mail("Still dark", to=desk.address(number)))
    await desk.house.route()
    assert (await desk.house.now(number)).state == "live"
    replies = [(await desk.house.write(number, ADA, text)).seq for text in ("Press it", "Longer")]
    assert [tuple(row) for row in await desk.pool.fetch(LETTERS)] == [(seq, MARTAS, True) for seq in replies]
    await desk.house.write(number, MARTA, "I am here now")
    await desk.house.write(number, ADA, "Good")
    assert len(await desk.pool.fetch(LETTERS)) == 2
    await desk.house.close(number, ADA)
    assert await desk.pool.fetchval("SELECT count(*) FROM transcript WHERE asked = 'close'") == 2


@rule("CHANNEL-4", "TICKET-5")
async def test_an_answer_to_what_is_archived_becomes_a_ticket(desk: MailHouse) -> None:
    number = await desk.ticket()
    await desk.pool.execute("UPDATE conversation SET state = 'archived' WHERE id = $1", number)
    assert await desk.arrive(mail("After a year", to=desk.address(number))) == ["ticket"]
    assert await desk.house.texts(await desk.newest()) == ["After a year"]


@rule("CHANNEL-4")
async def test_mail_nobody_can_place_becomes_a_ticket_of_the_department_it_went_to(desk: MailHouse) -> None:
    await desk.pool.execute(
        "UPDATE department SET mail_address = $1 WHERE id = $2", "help@desk.test", SUPPORT
    )
    await desk.arrive(mail(by="Zoe <ZOE@Home.test>", to="help@desk.test"))
    ticket = await desk.house.now(await desk.newest())
    assert (ticket.kind, ticket.state, ticket.subject) == ("ticket", "unassigned", "A lamp")
    assert ticket.department_id == SUPPORT
    row = await desk.pool.fetchrow(
        "SELECT name, email, email_verified FROM customer ORDER BY id DESC LIMIT 1"
    )
    assert row is not None
    assert tuple(row) == ("Zoe", "zoe@home.test", False)


@rule("CHANNEL-4", "VISITOR-6")
async def test_mail_never_goes_to_somebody_who_only_typed_that_address(desk: MailHouse) -> None:
    await desk.pool.execute("UPDATE customer SET email = $1 WHERE id = $2", MARTAS, MARTA.id)
    await desk.arrive(mail(), mail("And another thing", subject="Other"))
    rows = await desk.pool.fetch("SELECT customer_id FROM conversation ORDER BY id")
    assert len({row[0] for row in rows}) == 1
    assert rows[0][0] != MARTA.id


@rule("CHANNEL-4")
async def test_whoever_answers_a_signed_address_has_proved_theirs_unless_a_browser_speaks_for_them(
    desk: MailHouse,
) -> None:
    web = await desk.ticket()
    await desk.pool.execute(
        "INSERT INTO site (id, key, name) OVERRIDING SYSTEM VALUE VALUES (1, 'k', 'Shop')"
    )
    await desk.pool.execute(
        "INSERT INTO browser (token_hash, customer_id, site_id) VALUES ('x', $1, 1)", MARTA.id
    )
    await desk.arrive(mail("Hello", by="zoe@home.test"))
    mailed = await desk.newest()
    await desk.arrive(
        mail("Mine", to=desk.address(web)), mail("Mine", by="zoe@home.test", to=desk.address(mailed))
    )
    rows = await desk.pool.fetch(
        "SELECT email, email_verified FROM customer WHERE email <> '' ORDER BY email"
    )
    assert [tuple(row) for row in rows] == [(MARTAS, False), ("zoe@home.test", True)]


@rule("CHANNEL-4")
async def test_automatic_answers_are_a_line_in_the_thread_and_revive_nothing(desk: MailHouse) -> None:
    number = await desk.ticket()
    await desk.house.close(number, cast.SVEN)
    away = mail("I am away", to=desk.address(number), subject="Out of office", Auto_Submitted="auto-replied")
    assert await desk.arrive(away) == ["automatic"]
    assert (await desk.house.now(number)).state == "closed"
    assert (await desk.events(number))[-1] == f"An automatic answer came from {MARTAS}: Out of office"
    assert await desk.arrive(mail("Away", subject="Out of office", Auto_Submitted="auto-replied")) == [
        "automatic"
    ]
    assert await desk.newest() == number


@rule("CHANNEL-4")
async def test_what_comes_back_is_marked_once_and_never_becomes_a_ticket(desk: MailHouse) -> None:
    number = await desk.ticket()
    assert (
        await desk.arrive(bounce(f"<out{number}@desk.test>"), bounce(f"<out{number}@desk.test>"))
        == ["bounce"] * 2
    )
    told = [text for text in await desk.events(number) if "5.1.1" in text]
    assert len(told) == 1
    assert MARTAS in told[0]
    assert await desk.arrive(bounce("<unknown@desk.test>")) == ["bounce"]
    assert await desk.newest() == number


@rule("CHANNEL-4")
async def test_our_own_mail_in_a_circle_is_dropped(desk: MailHouse) -> None:
    number = await desk.ticket()
    own = [mail(by=BASE), mail(by=desk.address(number)), mail(X_Deskbell_Loop="1")]
    assert await desk.arrive(*own) == ["loop"] * 3
    assert await desk.newest() == number


@rule("CHANNEL-4")
async def test_one_sender_is_worked_on_sixty_times_an_hour_and_the_rest_waits(desk: MailHouse) -> None:
    outcomes = await desk.arrive(*[mail(f"Number {n}") for n in range(61)])
    assert outcomes.count("ticket") == 60
    assert outcomes[-1] == ""
    desk.clock.advance(2 * HOUR)
    assert await desk.work(61) == ["ticket"]


@rule("BLOCK-3", "CHANNEL-4")
async def test_a_blocked_sender_makes_nothing(desk: MailHouse) -> None:
    await desk.arrive(mail())
    number = await desk.newest()
    customer = (await desk.house.now(number)).customer_id
    await desk.pool.execute("UPDATE customer SET blocked_until = $1 WHERE id = $2", NOW + HOUR, customer)
    assert await desk.arrive(mail("More"), mail("And", to=desk.address(number))) == ["blocked", "blocked"]
    assert await desk.newest() == number
    assert len(await desk.house.texts(number)) == 1


@rule("CHANNEL-4")
async def test_a_mail_that_cannot_be_worked_on_stops_no_other_and_is_put_aside_at_last(
    desk: MailHouse,
) -> None:
    lost = await desk.store(mail("Lost"))
    await desk.files.delete([f"{lost:032x}"])
    assert await desk.arrive(mail("Good")) == ["ticket"]
    for _ in range(10):
        desk.clock.advance(24 * HOUR)
        await desk.work()
    assert await desk.pool.fetchval("SELECT state FROM inbound_mail WHERE uid = $1", lost) == "aside"
    await inbound.reopen(desk.pool, desk.clock.now())
    assert await desk.work(lost) == [""]


@rule("TICKET-9")
async def test_a_mailed_answer_shows_in_the_widget_without_what_only_staff_see(desk: MailHouse) -> None:
    number = await desk.ticket()
    ear = desk.house.ear(Customer(MARTA.id), number)
    staff = desk.house.ear(cast.SVEN, number)
    await desk.arrive(mail("By mail", to=desk.address(number)))
    [public], [shown] = (
        [f["e"] for f in ears.heard("entry") if "mail" in f["e"].get("text", "")] for ears in (ear, staff)
    )
    assert public["text"] == "By mail"
    assert "mail" not in public
    assert shown["mail"]["from"] == MARTAS


@rule("CHANNEL-4")
async def test_of_a_huge_mail_the_beginning_is_there_and_says_so(desk: MailHouse) -> None:
    await desk.arrive(mail("The beginning"), size=80_000_000)
    number = await desk.newest()
    assert await desk.house.texts(number) == ["The beginning"]
    assert "80 MB" in (await desk.carried(number))["mail"]["notes"][0]


@rule("CHANNEL-4")
async def test_what_is_new_is_shown_and_its_id_is_known_from_then_on(desk: MailHouse) -> None:
    number = await desk.ticket()
    text = "Yes.\n\nOn Mon, 2 Mar 2026 at 10:00, Ada <support@desk.test> wrote:\n> Does it?\n"
    await desk.arrive(mail(text, to=desk.address(number), Message_ID="<answer@home.test>"))
    assert (await desk.house.texts(number))[-1] == "Yes."
    assert (await desk.carried(number))["mail"]["more"]
    [known] = await mails.find(desk.pool, ["<answer@home.test>"])
    assert (known.conversation_id, known.direction) == (number, "in")


def bounce(original: str) -> bytes:
    """As Postfix writes them."""
    return f"""Return-Path: <>
From: MAILER-DAEMON@mx.test (Mail Delivery System)
To: {BASE}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <b{next(_bounces)}@mx.test>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=us-ascii

This is the mail system. I'm sorry.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.test

Final-Recipient: rfc822; {MARTAS}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <{MARTAS}>: Recipient address
    rejected: User unknown

--b1
Content-Type: message/rfc822

From: {BASE}
To: {MARTAS}
Subject: Your conversation
Message-ID: {original}

Hello
--b1--
""".encode()


_bounces = iter(range(1_000_000))


@rule("CHANNEL-4", "CHAT-5")
async def test_attachments_are_kept_as_what_they_are_and_programs_only_in_the_original(
    desk: MailHouse,
) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Message-ID"] = MARTAS, BASE, "<files@home.test>"
    message.set_content("See the label")
    message.add_attachment(b"%PDF-1.4 label", "image", "png", filename="../label.png")
    message.add_attachment(b"MZ\x90\x00 evil", "application", "pdf", filename="invoice.pdf")
    message.add_attachment(b"<svg onload=alert(1)>", "image", "svg+xml", filename="logo.svg")
    assert await desk.arrive(bytes(message)) == ["ticket"]
    carried = await desk.carried(await desk.newest())
    assert [(f["name"], f["type"]) for f in carried["files"]] == [
        ("_label.png", "application/pdf"),
        ("logo.svg", "application/octet-stream"),
    ]
    assert carried["mail"]["notes"] == ["invoice.pdf is a program: it is only in the original."]
    rows = await desk.pool.fetch("SELECT conversation_id FROM file")
    assert [row[0] for row in rows] == [await desk.newest()] * 2
