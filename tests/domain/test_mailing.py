"""Tickets that begin by mail (CHANNEL-4)."""

from deskbell.domain.access import may_see
from deskbell.domain.commands import StartChat, TicketByMail
from deskbell.domain.conversation import Change
from deskbell.domain.lifecycle import begin
from tests.cast import ADA, FACTS, MARTA, NOW, OLGA, SUPPORT
from tests.rules import rule


def by_mail(department: int | None = None, answers: int | None = None) -> Change:
    mail = TicketByMail("A lamp", "marta@home.test", answers, {"from": "marta@home.test"})
    start = StartChat(MARTA, "mail-1", "email", None, department, "It does not shine.", by_mail=mail)
    return begin(8, start, FACTS, NOW)


@rule("CHANNEL-4")
def test_a_ticket_for_a_department_is_not_for_others() -> None:
    ticket = by_mail(SUPPORT).conversation
    assert may_see(ADA, ticket)
    assert not may_see(OLGA, ticket)


@rule("CHANNEL-4")
def test_it_waits_for_whoever_accepts_it_and_is_no_part_of_the_one_for_chats() -> None:
    change = by_mail()
    ticket = change.conversation
    assert (ticket.kind, ticket.state, ticket.channel, ticket.subject) == (
        "ticket",
        "unassigned",
        "email",
        "A lamp",
    )
    assert not ticket.converted
    assert ticket.waiting_since == NOW
    assert [e.seq for e in change.entries] == [1, 2]


@rule("CHANNEL-4")
def test_only_staff_read_which_conversation_a_stranger_answered() -> None:
    hidden = [e for e in by_mail(answers=5).entries if "#5" in e.text]
    assert [e.public for e in hidden] == [False]
