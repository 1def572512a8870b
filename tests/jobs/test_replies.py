"""A reply on a ticket reaches the customer by e-mail unless they read it in the widget (TICKET-9)."""

from datetime import timedelta

from deskbell.channels.email.addressing import mail_key, number_of, number_of_message_id
from deskbell.domain.commands import AcceptTicket, WriteMessage
from deskbell.jobs.letters import IN_VIEW_FOR
from deskbell.store import mails
from deskbell.store.letters import GRACE
from tests.cast import ADA, MARTA, SUPPORT
from tests.desk.house import fresh_id
from tests.jobs.test_transcripts import HOME, SECRET, Desk, desk, text_of
from tests.rules import rule

__all__ = ["desk"]
KEY = mail_key(SECRET.encode())


async def answered(desk: Desk, text: str = "Here is your label.", html: str | None = None) -> tuple[int, int]:
    """Number and entry of Ada's reply on Marta's ticket; Marta has an address."""
    await desk.knows(HOME)
    number = await desk.house.ticket(department=SUPPORT)
    await desk.house.desk.perform(AcceptTicket(number, ADA, fresh_id()))
    reply = await desk.house.desk.perform(WriteMessage(number, ADA, fresh_id(), text, html))
    return number, reply.seq


@rule("TICKET-9")
async def test_a_reply_goes_by_mail_from_the_department_and_answers_find_their_way(desk: Desk) -> None:
    await desk.house.pool.execute(
        "UPDATE department SET mail_address = 'shop@desk.test', mail_name = 'The Shop' WHERE id = $1", SUPPORT
    )
    number, seq = await answered(desk, "Here is your label.", "<p>Here is your <strong>label</strong>.</p>")
    assert await desk.mails() == []
    desk.clock.advance(GRACE)
    [mail] = await desk.mails()
    assert (mail["From"], mail["To"]) == ('"Ada (The Shop)" <shop@desk.test>', HOME)
    assert number_of(mail["Reply-To"].addresses[0].addr_spec, KEY) == number
    assert number_of_message_id(mail["Message-ID"], KEY) == number
    assert "<strong>label</strong>" in text_of(mail, "html")
    assert "> Hello" in text_of(mail)
    assert mail["Auto-Submitted"] is None
    [known] = await mails.find(desk.house.pool, [mail["Message-ID"]])
    assert (known.conversation_id, known.seq, known.direction) == (number, seq, "out")
    assert (await desk.lines(number))[-1] == f"Sent by e-mail to {HOME}"


@rule("TICKET-9")
async def test_a_customer_who_reads_it_in_the_widget_gets_no_mail(desk: Desk) -> None:
    number, seq = await answered(desk)
    await desk.house.mark(number, delivered=seq, read=seq)
    desk.clock.advance(timedelta(hours=1))
    assert await desk.mails() == []


@rule("TICKET-9")
async def test_an_open_widget_that_nobody_looks_at_holds_the_mail_back_only_for_a_while(desk: Desk) -> None:
    number, seq = await answered(desk)
    await desk.house.mark(number, delivered=seq)
    desk.clock.advance(GRACE)
    assert await desk.mails() == []
    desk.clock.advance(IN_VIEW_FOR)
    assert len(await desk.mails()) == 1


@rule("TICKET-9")
async def test_a_live_chat_is_not_mailed(desk: Desk) -> None:
    await desk.knows(HOME)
    await desk.talk()
    desk.clock.advance(timedelta(hours=1))
    assert await desk.mails() == []


@rule("TICKET-9")
async def test_small_files_travel_in_the_mail_and_large_ones_as_a_link(desk: Desk) -> None:
    await desk.knows(HOME)
    number = await desk.house.ticket()
    await desk.house.desk.perform(AcceptTicket(number, ADA, fresh_id()))
    for file_id, name, size in (("a" * 32, "label.pdf", 5), ("b" * 32, "film.mp4", 9_000_000)):
        await desk.house.pool.execute(
            "INSERT INTO file (id, owner, owner_id, name, size, type) VALUES ($1, 'agent', $2, $3, $4, $5)",
            file_id, ADA.id, name, size, "application/pdf",
        )  # fmt: skip
    await desk.files.put("a" * 32, b"label")
    files = ("a" * 32, "b" * 32)
    await desk.house.desk.perform(WriteMessage(number, ADA, fresh_id(), "Both", None, files))
    desk.clock.advance(GRACE)
    [mail] = await desk.mails()
    [attached] = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("label.pdf", b"label")
    assert f"/api/widget/files/{'b' * 32}?sig=" in text_of(mail)


@rule("TICKET-9")
async def test_a_reply_that_never_arrives_says_so_with_its_entry(desk: Desk) -> None:
    number, seq = await answered(desk)
    desk.box.refuses.add(HOME)
    desk.clock.advance(GRACE)
    assert await desk.mails() == []
    last = (await desk.house.thread(number))[-1].entry
    assert last.data is not None
    assert (last.data["name"], last.data["seq"]) == ("mail_failed", seq)


@rule("TICKET-9")
async def test_the_customers_answer_in_the_widget_lands_in_the_same_ticket(desk: Desk) -> None:
    number, _ = await answered(desk)
    assert (await desk.house.write(number, MARTA, "Thank you")).conversation_id == number
    assert (await desk.house.now(number)).state == "assigned"
