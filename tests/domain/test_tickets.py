"""Tickets: how they come to be, merging and being superseded (TICKET-1, 5, 7)."""

from typing import Any

import pytest

from deskbell.domain.closing import loses_comments
from deskbell.domain.commands import (
    AcceptTicket,
    AnswerOffer,
    Assign,
    AssignTo,
    ChangeTicket,
    CloseConversation,
    Command,
    TimeIsUp,
    TurnIntoTicket,
    WriteMessage,
)
from deskbell.domain.conversation import Conversation, Entry
from deskbell.domain.errors import Refused
from deskbell.domain.facts import Facts
from deskbell.domain.lifecycle import decide
from deskbell.domain.people import SYSTEM
from tests.cast import ADA, BRUNO, FACTS, HOUR, MARTA, MINUTE, NOW, SVEN, conversation
from tests.rules import rule

LATER = NOW + 2 * HOUR
GIVE_UP = TurnIntoTicket(7, "outside business hours", SYSTEM)
FILE = {"id": "f1", "name": "a.png"}


def ticket(state: str = "unassigned", **values: Any) -> Conversation:
    """Marta's earlier ticket, number 5, which was a chat that nobody could answer."""
    return conversation(state, id=5, converted=True, last_seq=9, **values)


def beside(other: Conversation) -> Facts:
    """Marta has this ticket open, and wrote two messages in number 7."""
    written = [
        Entry(7, 2, "message", True, 1, "customer", MARTA.id, "a", "Hello", None, None, NOW),
        Entry(7, 3, "message", True, 2, "customer", MARTA.id, "b", "See", None, {"files": [FILE]}, NOW),
    ]
    return FACTS._replace(tickets={MARTA.id: other.id}, conversations={other.id: other}, written={7: written})


@rule("TICKET-1", "LIFE-1")
def test_a_chat_that_nobody_can_answer_becomes_a_ticket_that_says_why() -> None:
    change = decide(conversation("queued"), GIVE_UP, FACTS, LATER)
    c = change.conversation
    assert (c.id, c.kind, c.state, c.owner_id) == (7, "ticket", "unassigned", None)
    assert (c.converted, c.ticket_at, c.waiting_since) == (True, LATER, None)
    assert change.entries[0].text == "Became a ticket: outside business hours"


@rule("TICKET-7")
def test_a_further_attempt_goes_into_the_open_ticket_message_by_message() -> None:
    chat = conversation("queued", last_seq=3, preview="See", comments=1)
    change = decide(chat, GIVE_UP, beside(ticket()), LATER)
    (merged,) = change.others
    assert (merged.id, merged.state, merged.preview, merged.waiting_since) == (5, "unassigned", "See", LATER)
    assert (merged.last_seq, merged.customer_messages) == (12, 3)
    copies = [e for e in change.entries if e.conversation_id == 5]
    assert [(e.seq, e.kind, e.text) for e in copies] == [
        (10, "event", "The customer tried again in #7: added here"),
        (11, "message", "Hello"),
        (12, "message", "See"),
    ]
    assert [e.prev_public for e in copies[1:]] == [2, 11]
    assert change.moved_files == (("f1", 5),)


@rule("TICKET-7", "LIFE-19")
def test_the_chat_that_was_merged_is_closed_and_points_to_the_ticket() -> None:
    waits = conversation("queued", comments=1)
    change = decide(waits, GIVE_UP, beside(ticket()), LATER)
    c = change.conversation
    assert (c.state, c.closed_by, c.linked_to, c.kind) == ("closed", "system", 5, "chat")
    assert loses_comments(waits, c)
    names = [e.data["name"] for e in change.entries if e.conversation_id == 7 and e.data]
    assert names == ["merged", "closed"]


@rule("TICKET-7")
def test_a_chat_nobody_took_in_time_is_merged_as_well() -> None:
    waits = conversation("queued", queued_at=NOW)
    change = decide(waits, TimeIsUp(7, "queue", SYSTEM), beside(ticket("assigned")), LATER)
    assert (change.conversation.state, change.others[0].owner_id) == ("closed", ADA.id)


@rule("TICKET-7")
@pytest.mark.parametrize("other", [
    ticket("unassigned")._replace(converted=False), ticket("closed", kind="ticket"), ticket("archived"),
])  # fmt: skip
def test_a_linked_a_closed_or_an_archived_ticket_takes_nothing_in(other: Conversation) -> None:
    change = decide(conversation("queued"), GIVE_UP, beside(other), LATER)
    assert (change.conversation.kind, change.others) == ("ticket", ())


@rule("TICKET-7")
@pytest.mark.parametrize(("state", "command"), [
    ("queued", Assign(7, ADA.id, "free", 1, SYSTEM)),
    ("offered", AnswerOffer(7, ADA, "id", True)),
    ("queued", AssignTo(7, SVEN, "id", BRUNO.id)),
    ("offered", AssignTo(7, SVEN, "id", BRUNO.id)),
])  # fmt: skip
def test_being_connected_to_an_agent_closes_the_open_ticket_linked(state: str, command: Command) -> None:
    change = decide(conversation(state), command, beside(ticket("assigned")), LATER)
    (closed,) = change.others
    assert (closed.state, closed.closed_by, closed.linked_to) == ("closed", "system", 7)
    assert change.conversation.state == "live"
    said = [(e.conversation_id, e.text) for e in change.entries[1:]]
    assert said == [
        (7, "The earlier ticket #5 was closed: the customer is being answered here"),
        (5, "Closed by the system: the customer is connected to an agent in #7"),
    ]


@rule("TICKET-7")
@pytest.mark.parametrize("other", [ticket("unassigned")._replace(converted=False), ticket("archived")])
def test_a_linked_ticket_stays_open_when_the_customer_is_connected(other: Conversation) -> None:
    change = decide(conversation("queued"), Assign(7, ADA.id, "free", 1, SYSTEM), beside(other), LATER)
    assert change.others == ()


@rule("TICKET-7")
def test_a_closed_ticket_that_the_customer_answers_is_the_open_one_unless_there_is_another() -> None:
    closed = conversation("closed", kind="ticket", converted=True)
    answer = WriteMessage(7, MARTA, "id", "And?")
    assert decide(closed, answer, FACTS, LATER).conversation.converted
    assert not decide(closed, answer, beside(ticket()), LATER).conversation.converted


@rule("TICKET-3", "TICKET-4", "LIFE-19")
def test_who_accepts_a_ticket_has_it_and_answers_it() -> None:
    change = decide(conversation("unassigned"), AcceptTicket(7, BRUNO, "id"), FACTS, LATER)
    assert (change.conversation.state, change.conversation.owner_id) == ("assigned", BRUNO.id)
    assert change.entries[0].text == "Bruno accepted the ticket"
    assert decide(change.conversation, WriteMessage(7, BRUNO, "x", "Hi"), FACTS, LATER + MINUTE).entries


@rule("TICKET-5")
@pytest.mark.parametrize(("state", "who"), [("assigned", ADA), ("unassigned", SVEN), ("assigned", SVEN)])
def test_a_ticket_is_closed_by_hand(state: str, who: Any) -> None:
    c = decide(conversation(state), CloseConversation(7, who, "id", "by hand"), FACTS, LATER).conversation
    assert (c.kind, c.state, c.closed_by) == ("ticket", "closed", "agent")


@rule("TICKET-10")
def test_a_ticket_has_a_subject_a_priority_and_a_due_date_and_the_thread_says_who_set_them() -> None:
    command = ChangeTicket(7, ADA, "id", "A lamp", "urgent", LATER)
    change = decide(conversation("assigned"), command, FACTS, LATER)
    c = change.conversation
    assert (c.subject, c.priority, c.due_at, c.state) == ("A lamp", "urgent", LATER, "assigned")
    day = LATER.date().isoformat()
    said = f"Ada set the subject to “A lamp” and the priority to urgent and the due date to {day}"
    assert [entry.text for entry in change.entries] == [said]
    back = decide(c, command._replace(client_id="2", due_at=None), FACTS, LATER)
    assert back.entries[0].text == "Ada set no due date"


@rule("TICKET-10")
def test_a_chat_has_no_such_fields_and_setting_them_as_they_are_is_nothing() -> None:
    for before, command in (
        (conversation("live"), ChangeTicket(7, ADA, "id", "A lamp", "high", None)),
        (conversation("assigned"), ChangeTicket(7, ADA, "id", "", "normal", None)),
    ):
        with pytest.raises(Refused) as refused:
            decide(before, command, FACTS, LATER)
        assert refused.value.code == "closed"
