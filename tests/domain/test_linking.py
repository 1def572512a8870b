"""Linked tickets are made on purpose, and the chat goes on (TICKET-8, CHAT-6)."""

import pytest

from deskbell.domain.commands import LinkTicket, TurnIntoTicket, WriteMessage
from deskbell.domain.conversation import Change, Conversation, Letter
from deskbell.domain.errors import Refused
from deskbell.domain.facts import Facts
from deskbell.domain.lifecycle import decide
from deskbell.domain.people import SYSTEM
from deskbell.domain.standing import TypedEmail
from tests.cast import ADA, FACTS, MARTA, NOW, SALES, SVEN, URGENT, conversation
from tests.rules import rule

KNOWN = FACTS._replace(
    numbers={(7, ADA.id, "id"): 12, (7, SVEN.id, "id"): 12}, emails={MARTA.id: "marta@home.test"}
)
LINK = LinkTicket(7, ADA, "id", "A lamp", "Send one", SALES, (URGENT,), "high")


def linked(command: LinkTicket = LINK, facts: Facts = KNOWN) -> tuple[Change, Conversation]:
    change = decide(conversation(), command, facts, NOW)
    (ticket,) = change.others
    return change, ticket


@rule("TICKET-8")
def test_without_an_address_no_ticket_is_made() -> None:
    nobody = KNOWN._replace(emails={MARTA.id: ""})
    with pytest.raises(Refused) as refused:
        decide(conversation(), LINK, nobody, NOW)
    assert refused.value.code == "email"
    change, _ = linked(LINK._replace(email="marta@work.test"), nobody)
    assert change.standing == TypedEmail(MARTA.id, "marta@work.test")


@rule("TICKET-8", "VISITOR-6")
def test_an_address_that_is_known_is_never_replaced_by_one_that_staff_type() -> None:
    change, _ = linked(LINK._replace(email="thief@elsewhere.test"))
    assert change.standing is None


@rule("TICKET-8")
def test_the_ticket_belongs_to_who_made_it_and_the_chat_goes_on() -> None:
    change, ticket = linked(LINK._replace(actor=SVEN))
    assert (change.conversation.state, change.conversation.owner_id) == ("live", ADA.id)
    assert (ticket.state, ticket.owner_id, ticket.customer_id) == ("assigned", SVEN.id, MARTA.id)
    assert (ticket.subject, ticket.priority, ticket.department_id, ticket.labels) == (
        "A lamp", "high", SALES, (URGENT,),
    )  # fmt: skip


@rule("LIFE-12")
def test_who_has_opted_out_is_written_to_by_no_linked_ticket_which_may_be_made_all_the_same() -> None:
    gone = KNOWN._replace(opted_out=frozenset({MARTA.id}))
    with pytest.raises(Refused, match="opted out"):
        linked(LINK._replace(to_customer=True), gone)
    assert linked(LINK, gone)[0].letters == ()


@rule("TICKET-8")
def test_both_threads_name_each_other_and_the_customer_sees_neither_line() -> None:
    change, ticket = linked()
    assert (ticket.linked_to, ticket.is_linked_ticket) == (7, True)
    assert [(entry.conversation_id, entry.text, entry.public) for entry in change.entries] == [
        (7, "Ada created the linked ticket #12", False),
        (12, "Ada created this ticket from chat #7: Send one", False),
    ]


@rule("TICKET-8")
def test_a_message_to_the_customer_is_the_first_of_the_ticket_and_goes_by_mail() -> None:
    change, ticket = linked(LINK._replace(to_customer=True))
    assert change.letters == (Letter(12, 2, "marta@home.test"),)
    assert (change.entries[-1].text, change.entries[-1].public) == ("Send one", True)
    assert (ticket.agent_messages, ticket.last_seq, change.conversation.agent_messages) == (1, 2, 0)


@rule("TICKET-7", "TICKET-8")
def test_a_linked_ticket_takes_no_part_in_what_happens_to_missed_chats() -> None:
    _, ticket = linked()
    facts = FACTS._replace(conversations={12: ticket}, tickets={MARTA.id: 12})
    change = decide(conversation("queued"), TurnIntoTicket(7, "nobody", SYSTEM), facts, NOW)
    assert (change.conversation.kind, change.others) == ("ticket", ())


@rule("TICKET-8")
def test_a_closed_linked_ticket_keeps_its_link_when_the_customer_answers() -> None:
    _, ticket = linked()
    closed = ticket._replace(state="closed", closed_at=NOW, closed_by="agent")
    change = decide(closed, WriteMessage(12, MARTA, "m", "Thanks"), FACTS, NOW)
    assert (change.conversation.state, change.conversation.linked_to) == ("assigned", 7)


def test_the_department_must_exist() -> None:
    with pytest.raises(Refused) as refused:
        decide(conversation(), LINK._replace(department_id=99), KNOWN, NOW)
    assert refused.value.code == "department"
