"""What commands do to a conversation and its thread (LIFE); who may do what in which state: test_table.py."""

from datetime import timedelta
from typing import Any

import pytest

from deskbell.domain.commands import (
    AcceptTicket,
    Assign,
    ChangeDepartment,
    ChangeLabels,
    CloseConversation,
    Command,
    KeepWaiting,
    OpenChat,
    StartChat,
    WriteMessage,
)
from deskbell.domain.conversation import Change
from deskbell.domain.errors import Refused
from deskbell.domain.facts import FileFact
from deskbell.domain.lifecycle import begin, decide
from deskbell.domain.people import SYSTEM
from tests.cast import (
    ADA,
    BRUNO,
    FACTS,
    LABELS,
    MARTA,
    MINUTE,
    NOW,
    REFUND,
    SALES,
    SUPPORT,
    SVEN,
    THEO,
    URGENT,
    conversation,
)
from tests.rules import rule

LATER = NOW + MINUTE


def say(actor: Any, text: str = "Text", **more: Any) -> WriteMessage:
    return WriteMessage(7, actor, "id", text, **more)


def outcome(state: str, command: Command) -> str:
    """The state after the command, or the code of its refusal."""
    try:
        return decide(conversation(state), command, FACTS, LATER).conversation.state
    except Refused as refused:
        return f"no: {refused.code}"


def start(**values: Any) -> Change:
    return begin(7, StartChat(MARTA, "id", "web", None, SUPPORT, "Hello")._replace(**values), FACTS, NOW)


@rule("LIFE-1")
def test_a_new_chat_waits_with_its_first_message_for_routing() -> None:
    change = start()
    c = change.conversation
    assert (c.state, c.owner_id, c.queued_at, change.route) == ("queued", None, NOW, True)
    assert [(e.seq, e.kind, e.prev_public) for e in change.entries] == [(1, "event", 0), (2, "message", 1)]
    assert change.answer == change.entries[1]
    assert (c.last_seq, c.last_public_seq, c.customer_messages, c.preview) == (2, 2, 1, "Hello")


@pytest.mark.parametrize(("values", "code"), [({"department_id": 99}, "department"), ({"text": ""}, "empty")])
def test_a_start_without_words_or_for_no_department_is_refused(values: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as caught:
        start(**values)
    assert caught.value.code == code


def test_a_reply_counts_and_ends_the_customers_wait() -> None:
    before = conversation("live", waiting_since=NOW)
    after = decide(before, say(ADA, "Hi"), FACTS, LATER).conversation
    assert (after.agent_messages, after.last_agent_seq, after.last_agent_at) == (1, 3, LATER)
    assert (after.waiting_since, after.preview, after.preview_by) == (None, "Hi", "agent")


def test_the_wait_is_counted_from_the_oldest_message_without_an_answer() -> None:
    first = decide(conversation(), say(MARTA), FACTS, NOW).conversation
    second = decide(first, say(MARTA), FACTS, LATER).conversation
    assert (second.waiting_since, second.last_customer_at) == (NOW, LATER)
    assert (second.customer_messages, second.last_customer_seq) == (3, 4)


@rule("LIST-2")
def test_a_chat_is_new_until_its_owner_opens_it_or_answers() -> None:
    given = decide(conversation("queued"), Assign(7, ADA.id, "free", 1, SYSTEM), FACTS, NOW).conversation
    assert given.is_new
    assert decide(given, OpenChat(7, SVEN), FACTS, LATER).conversation.is_new
    assert not decide(given, OpenChat(7, ADA), FACTS, LATER).conversation.is_new
    assert not decide(given, say(ADA), FACTS, LATER).conversation.is_new


def test_opening_again_changes_nothing() -> None:
    opened = conversation("live", opened_at=NOW)
    change = decide(opened, OpenChat(7, ADA), FACTS, LATER)
    assert change.conversation is opened
    assert change.entries == ()


@rule("LIFE-9")
@pytest.mark.parametrize(
    ("actor", "by", "by_id"), [(MARTA, "customer", None), (SVEN, "agent", 4), (SYSTEM, "system", None)]
)
def test_a_closed_chat_says_by_whom_when_and_why(actor: Any, by: str, by_id: int | None) -> None:
    change = decide(conversation(), CloseConversation(7, actor, "id", "done"), FACTS, LATER)
    c = change.conversation
    assert (c.closed_by, c.closed_by_id, c.closed_at, c.close_reason) == (by, by_id, LATER, "done")
    assert change.entries[0].data is not None
    assert (change.entries[0].data["by"], change.route) == (by, True)


@rule("LIFE-2", "LIFE-19")
def test_an_assignment_says_why_this_agent() -> None:
    change = decide(conversation("queued"), Assign(7, ADA.id, "fewest live chats (0)", 1, SYSTEM), FACTS, NOW)
    assert change.conversation.owner_id == ADA.id
    assert change.entries[0].text == "Given to Ada: fewest live chats (0)"


def test_a_revived_chat_waits_again_without_an_owner_under_its_number() -> None:
    closed = conversation("closed", queue_told=True, opened_at=NOW, assigned_at=NOW)
    change = decide(closed, say(MARTA), FACTS, LATER)
    c = change.conversation
    assert (c.id, c.state, c.owner_id, c.queued_at, c.queue_told, c.opened_at) == (
        7,
        "queued",
        None,
        LATER,
        False,
        None,
    )
    assert (c.closed_at, c.closed_by, c.close_reason, change.route) == (None, None, None, True)
    assert change.entries[0].text.startswith("The customer wrote again")


def test_a_closed_ticket_goes_back_to_its_owner_when_the_customer_answers() -> None:
    mine = conversation("closed", kind="ticket")
    assert decide(mine, say(MARTA), FACTS, LATER).conversation.owner_id == ADA.id
    nobodys = mine._replace(owner_id=None)
    assert decide(nobodys, say(MARTA), FACTS, LATER).conversation.state == "unassigned"


@rule("TICKET-2", "PEOPLE-8", "LIFE-19")
def test_a_closed_ticket_of_somebody_who_has_left_waits_for_anybody_when_the_customer_answers() -> None:
    facts = FACTS._replace(active=FACTS.active - {ADA.id})
    change = decide(conversation("closed", kind="ticket"), say(MARTA), facts, LATER)
    assert (change.conversation.state, change.conversation.owner_id) == ("unassigned", None)
    assert change.entries[0].text.endswith("open once more, without Ada, who is not on the team any more")


def test_an_old_chat_is_not_revived_beside_a_newer_open_one() -> None:
    facts = FACTS._replace(open_chats={MARTA.id: 8})
    with pytest.raises(Refused, match="newer chat") as caught:
        decide(conversation("closed"), say(MARTA), facts, LATER)
    assert caught.value.code == "closed"
    assert decide(conversation("closed", kind="ticket"), say(MARTA), facts, LATER).entries


def test_the_customer_is_told_to_wait_once() -> None:
    told = decide(conversation("queued"), KeepWaiting(7, SYSTEM), FACTS, NOW).conversation
    assert outcome("queued", KeepWaiting(7, SYSTEM)) == "queued"
    with pytest.raises(Refused):
        decide(told, KeepWaiting(7, SYSTEM), FACTS, NOW)


@rule("LIFE-16")
def test_who_accepts_second_is_told_who_was_first() -> None:
    taken = decide(conversation("unassigned"), AcceptTicket(7, ADA, "id"), FACTS, NOW).conversation
    for late in (BRUNO, SVEN):
        with pytest.raises(Refused, match="Ada") as caught:
            decide(taken, AcceptTicket(7, late, "id"), FACTS, NOW)
        assert caught.value.code == "taken"


@rule("CHAT-13")
def test_who_lost_the_chat_meanwhile_is_told_so_when_writing() -> None:
    facts = FACTS._replace(dealt=frozenset({(7, BRUNO.id)}))
    with pytest.raises(Refused, match="Ada has this chat now") as caught:
        decide(conversation("live"), say(BRUNO), facts, NOW)
    assert caught.value.code == "forbidden"


@rule("CHAT-7")
def test_the_department_is_a_label_and_its_change_an_event() -> None:
    change = decide(conversation(), ChangeDepartment(7, ADA, "id", SALES), FACTS, LATER)
    assert (change.conversation.department_id, change.conversation.owner_id) == (SALES, ADA.id)
    assert change.entries[0].text == "Ada changed the department to Sales"
    assert not change.entries[0].public


@pytest.mark.parametrize(("department", "code"), [(99, "department"), (SUPPORT, "closed")])
def test_a_department_that_is_none_or_the_same_is_refused(department: int, code: str) -> None:
    assert outcome("live", ChangeDepartment(7, ADA, "id", department)) == f"no: {code}"


@rule("CHAT-7")
def test_labels_are_added_and_removed_once_each() -> None:
    before = conversation(labels=(URGENT,))
    command = ChangeLabels(7, ADA, "id", (REFUND, REFUND, URGENT), (URGENT, URGENT))
    change = decide(before, command, FACTS, NOW)
    assert change.conversation.labels == (REFUND,)
    assert change.entries[0].text == "Ada added refund and removed urgent"


def test_labels_that_change_nothing_or_are_too_many_are_refused() -> None:
    assert outcome("live", ChangeLabels(7, ADA, "id", (), (URGENT,))) == "no: closed"
    many = ChangeLabels(7, ADA, "id", tuple(range(10, 61)), ())
    with pytest.raises(Refused, match="at most 50") as caught:
        decide(conversation(), many, FACTS._replace(labels=LABELS), NOW)
    assert caught.value.code == "too_long"


def test_a_message_carries_only_own_unsent_files() -> None:
    loose = FileFact("f1", "customer", MARTA.id, None, {"id": "f1", "name": "a.png"})
    for fact in (
        loose._replace(owner_id=THEO.id),
        loose._replace(owner="agent"),
        loose._replace(conversation_id=3),
    ):
        with pytest.raises(Refused) as caught:
            decide(conversation(), say(MARTA, files=("f1",)), FACTS._replace(files={"f1": fact}), NOW)
        assert caught.value.code == "file"
    change = decide(conversation(), say(MARTA, "", files=("f1",)), FACTS._replace(files={"f1": loose}), NOW)
    assert (change.entries[0].data, change.files) == ({"files": [loose.view]}, ("f1",))
    assert change.conversation.preview == "1 file"


def test_a_day_after_closing_the_owner_cannot_write_any_more() -> None:
    with pytest.raises(Refused, match="24 hours") as caught:
        decide(conversation("closed"), say(ADA), FACTS, NOW + timedelta(hours=24))
    assert caught.value.code == "forbidden"
