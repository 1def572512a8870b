"""Ends: the dialog, the customer's words, opting out, and writing afterwards (LIFE-9, LIFE-10, LIFE-12)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from deskbell.domain.commands import CloseConversation, NoteLetter, StartChat, WriteMessage
from deskbell.domain.conversation import Change, Conversation, Letter
from deskbell.domain.errors import Refused
from deskbell.domain.facts import FileFact
from deskbell.domain.lifecycle import begin, decide
from deskbell.domain.people import SYSTEM
from deskbell.domain.preferences import Preferences, merged
from tests.cast import ADA, FACTS, HOUR, MARTA, MINUTE, NOW, SPAM, SVEN, conversation
from tests.rules import rule

LATER = NOW + MINUTE
GONE = FACTS._replace(opted_out=frozenset({MARTA.id}))


def says(text: str, state: str = "live", preferences: Preferences | None = None) -> Change:
    facts = FACTS._replace(preferences=preferences or Preferences())
    return decide(conversation(state), WriteMessage(7, MARTA, "id", text), facts, LATER)


@rule("LIFE-12")
def test_the_closing_dialog_keeps_sentiment_tag_and_note() -> None:
    command = CloseConversation(7, ADA, "id", "by hand", "positive", SPAM, "Wrong shop")
    c = decide(conversation(), command, FACTS, LATER).conversation
    assert (c.sentiment, c.closing_tag_id, c.close_note) == ("positive", SPAM, "Wrong shop")
    with pytest.raises(Refused) as caught:
        decide(conversation(), command._replace(tag=99), FACTS, LATER)
    assert caught.value.code == "tag"


@rule("LIFE-12")
@pytest.mark.parametrize(("part", "kept"), [
    ("close_sentiment", (None, SPAM, "Wrong shop")), ("close_tag", ("positive", None, "Wrong shop")),
    ("close_note", ("positive", SPAM, "")),
])  # fmt: skip
def test_a_part_of_the_dialog_that_is_switched_off_is_not_kept(part: str, kept: tuple[object, ...]) -> None:
    command = CloseConversation(7, ADA, "id", "by hand", "positive", SPAM, "Wrong shop")
    facts = FACTS._replace(preferences=merged({part: False}))
    c = decide(conversation(), command, facts, LATER).conversation
    assert (c.sentiment, c.closing_tag_id, c.close_note) == kept


@rule("LIFE-12")
@pytest.mark.parametrize("state", ["queued", "offered", "live", "pending", "unassigned", "assigned"])
@pytest.mark.parametrize("word", ["//end", " //END \n", "//stop"])
def test_the_customers_word_closes_and_stands_in_the_thread(state: str, word: str) -> None:
    change = says(word, state)
    c = change.conversation
    assert (c.state, c.closed_by, c.waiting_since) == ("closed", "customer", None)
    assert (c.owner_id, c.offered_to) == (conversation(state).owner_id, None)
    assert change.entries[0].text == word
    assert change.entries[-1].text.startswith("Closed by the customer: wrote //")


@rule("LIFE-12")
@pytest.mark.parametrize("text", ["please //end", "//end.", "// end", "/end"])
def test_a_text_that_only_contains_the_word_is_an_ordinary_message(text: str) -> None:
    assert says(text).conversation.state == "live"


@rule("LIFE-12")
def test_the_words_are_a_preference_and_may_be_switched_off() -> None:
    other = replace(Preferences(), web_end="Adieu", web_stop="")
    assert says("adieu", preferences=other).conversation.state == "closed"
    for text in ("//end", "//stop"):
        change = says(text, preferences=other)
        assert (change.conversation.state, change.opted_out) == ("live", None)


@rule("LIFE-12")
def test_only_opting_out_is_remembered_and_says_so() -> None:
    assert says("//end").opted_out is None
    change = says("//stop")
    assert change.opted_out is True
    assert [e.data and e.data["name"] for e in change.entries] == [None, "opted_out", "closed"]


@rule("LIFE-12", "LIFE-19")
def test_opting_out_is_told_in_everything_else_of_the_customer_that_somebody_has() -> None:
    ticket = conversation("assigned", id=5)
    facts = FACTS._replace(belongings={MARTA.id: (5, 7)}, conversations={5: ticket, 7: conversation()})
    change = decide(conversation(), WriteMessage(7, MARTA, "id", "//stop"), facts, LATER)
    assert change.others == (ticket._replace(last_seq=3),)
    told = [e.conversation_id for e in change.entries if e.data and e.data["name"] == "opted_out"]
    assert told == [7, 5]


@rule("LIFE-12")
def test_who_opted_out_is_not_written_to_until_they_write_first() -> None:
    with pytest.raises(Refused, match="opted out") as caught:
        decide(conversation(), WriteMessage(7, ADA, "id", "Hello?"), GONE, LATER)
    assert caught.value.code == "forbidden"
    change = decide(conversation(), WriteMessage(7, MARTA, "id", "I am back"), GONE, LATER)
    assert change.opted_out is False
    start = StartChat(MARTA, "id", "web", None, None, "I am back")
    assert begin(8, start, GONE, LATER).opted_out is False


@rule("LIFE-12")
@pytest.mark.parametrize("text", ["//end", "//stop"])
def test_the_word_on_what_is_closed_already_does_not_open_it(text: str) -> None:
    change = says(text, "closed")
    assert (change.conversation.state, change.route) == ("closed", True)
    assert all(e.data is None or e.data["name"] != "closed" for e in change.entries)


def test_a_picture_with_the_word_beside_it_is_a_message() -> None:
    facts = FACTS._replace(files={"f": FileFact("f", "customer", MARTA.id, None, {"id": "f"})})
    command = WriteMessage(7, MARTA, "id", "//end", files=("f",))
    assert decide(conversation(), command, facts, LATER).conversation.state == "live"


@rule("LIFE-10")
def test_less_than_24_hours_after_the_end_the_owner_writes_and_it_stays_closed() -> None:
    closed = conversation("closed")
    just = NOW + 24 * HOUR - timedelta(microseconds=1)
    change = decide(closed, WriteMessage(7, ADA, "id", "One more thing"), FACTS, just)
    c = change.conversation
    assert (c.state, c.closed_at, c.closed_by) == ("closed", NOW, "agent")
    assert [e.kind for e in change.entries] == ["message"]


@rule("LIFE-10")
def test_24_hours_after_the_end_the_reply_is_refused_with_the_reason() -> None:
    with pytest.raises(Refused, match="closed 24 hours ago or more") as caught:
        decide(conversation("closed"), WriteMessage(7, ADA, "id", "Hm"), FACTS, NOW + 24 * HOUR)
    assert caught.value.code == "forbidden"


@rule("LIFE-10")
def test_24_hours_after_the_end_of_a_web_chat_the_reply_goes_by_e_mail_if_the_address_is_known() -> None:
    facts = FACTS._replace(emails={MARTA.id: "marta@home.test"})
    reply = WriteMessage(7, ADA, "id", "It is mended")
    just = NOW + 24 * HOUR - timedelta(microseconds=1)
    assert decide(conversation("closed"), reply, facts, just).letters == ()
    change = decide(conversation("closed"), reply, facts, NOW + 24 * HOUR)
    assert (change.conversation.state, change.letters) == ("closed", (Letter(7, 3, "marta@home.test"),))


@rule("LIFE-10", "LIFE-19")
@pytest.mark.parametrize("error", [None, "no such mailbox"])
def test_what_became_of_the_letter_stands_in_the_thread_and_changes_nothing_else(error: str | None) -> None:
    closed = conversation("closed")
    change = decide(closed, NoteLetter(7, "marta@home.test", error, SYSTEM, "id"), FACTS, LATER)
    assert change.conversation == closed._replace(last_seq=3)
    assert change.entries[0].text.endswith(error or "Sent by e-mail to marta@home.test")
    assert not change.entries[0].public


@rule("LIFE-10")
@pytest.mark.parametrize("hours", [0, 23, 24, 24 * 365])
def test_only_the_customers_reply_opens_it_at_any_time_under_its_number(hours: int) -> None:
    closed = conversation("closed", queue_told=True, linked_to=5)
    change = decide(closed, WriteMessage(7, MARTA, "id", "Still broken"), FACTS, NOW + hours * HOUR)
    c: Conversation = change.conversation
    assert (c.id, c.state, c.owner_id, c.queue_told, change.route) == (7, "queued", None, False, True)
    assert (c.closed_at, c.closed_by, c.close_reason, c.linked_to) == (None, None, None, None)


@rule("LIFE-9", "LIFE-15")
def test_a_supervisor_closes_what_is_somebody_elses_and_is_named() -> None:
    change = decide(conversation(), CloseConversation(7, SVEN, "id", "by hand"), FACTS, LATER)
    assert change.entries[0].text == "Closed by Sven: by hand"
    assert (change.conversation.owner_id, change.conversation.closed_by_id) == (ADA.id, SVEN.id)
