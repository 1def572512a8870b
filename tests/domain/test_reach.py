"""Writing over a channel with a window: LIFE-10 and LIFE-11 together, templates, sending again, amendments (CHANNEL-2)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from deskbell.domain.channels import BUILT_IN, ChannelRules
from deskbell.domain.commands import Command, LinkTicket, WriteMessage
from deskbell.domain.conversation import Conversation, Dispatch
from deskbell.domain.deliveries import Amend, NoteContact, NoteDispatch, SendAgain, SendTemplate
from deskbell.domain.errors import NotFound, Refused
from deskbell.domain.facts import Facts, FileFact, Undelivered
from deskbell.domain.lifecycle import decide
from deskbell.domain.people import SYSTEM
from deskbell.domain.preferences import Preferences
from tests.cast import ADA, BRUNO, FACTS, HOUR, MARTA, NOW, OLGA, SALES, SVEN, THEO, conversation
from tests.rules import rule

ON_CHANNELS = (SendTemplate, SendAgain, NoteDispatch, Amend, NoteContact)
"""Commands whose table is here."""
RULES = ChannelRules("WhatsApp", True, timedelta(hours=24), True, ("whatsapp_end", "whatsapp_stop"))
PLAIN = ChannelRules("Telegram", outbox=True)
INSTANT = timedelta(microseconds=1)


def chat(state: str = "live", **values: Any) -> Conversation:
    return conversation(state, **({"channel": "whatsapp"} | values))


def facts(last: datetime | None = NOW, **values: Any) -> Facts:
    known = FACTS._replace(
        channels={**BUILT_IN, "whatsapp": RULES, "telegram": PLAIN},
        reach={(MARTA.id, "whatsapp"): last, (MARTA.id, "telegram"): last},
    )
    return known._replace(**values)


def template(actor: Any = ADA) -> SendTemplate:
    shown = {"name": "order_update", "language": "en"}
    return SendTemplate(7, actor, "id", "Your order is here.", shown, {"name": "order_update"})


def say(actor: Any = ADA, text: str = "Hello") -> WriteMessage:
    return WriteMessage(7, actor, "id", text)


def amend(actor: Any = MARTA, what: str = "reacted", seq: int = 2, **values: str) -> Amend:
    return Amend(7, actor, "id", seq, what, tuple(values.items()))


def code_of(before: Conversation, command: Command, known: Facts, now: datetime = NOW) -> str | None:
    try:
        decide(before, command, known, now)
    except Refused as refused:
        return refused.code
    return None


@rule("LIFE-11", "CHANNEL-2")
def test_free_text_goes_until_24_hours_after_the_customers_last_message_and_not_a_moment_longer() -> None:
    last = NOW + 24 * HOUR
    change = decide(chat(), say(), facts(), last - INSTANT)
    assert change.dispatches == (Dispatch(7, 3, "whatsapp", MARTA.id),)
    assert change.entries[0].data == {"via": "whatsapp"}
    with pytest.raises(Refused, match="last wrote more than 24 hours ago: only a template") as caught:
        decide(chat(), say(), facts(), last)
    assert caught.value.code == "window"


# Hours since the end and since the customer's last message: both limits must be kept.
@rule("LIFE-10", "LIFE-11")
@pytest.mark.parametrize(
    ("ended", "silent", "refused"),
    [(1, 2, None), (23, 23, None), (24, 25, "window"), (2, 24, "window"), (25, 1, "window")],
)
def test_on_a_closed_chat_both_clocks_must_allow_free_text(
    ended: int, silent: int, refused: str | None
) -> None:
    before = chat("closed", closed_at=NOW - ended * HOUR)
    known = facts(NOW - silent * HOUR)
    assert code_of(before, say(), known) == refused
    assert decide(before, template(), known, NOW).conversation.state == "closed"


@rule("LIFE-10", "CHANNEL-2")
@pytest.mark.parametrize("hours", [0, 23, 24, 24 * 80])
def test_a_template_leaves_a_closed_chat_closed_and_the_customers_reply_revives_it(hours: int) -> None:
    now = NOW + hours * HOUR
    change = decide(chat("closed"), template(), facts(), now)
    c = change.conversation
    assert (c.state, c.closed_at, c.agent_messages, c.preview) == ("closed", NOW, 1, "Your order is here.")
    assert change.dispatches == (Dispatch(7, 3, "whatsapp", MARTA.id, {"name": "order_update"}),)
    revived = decide(c, say(MARTA), facts(), now + HOUR)
    assert (revived.conversation.id, revived.conversation.state, revived.route) == (7, "queued", True)
    assert revived.dispatches == ()


@rule("PEOPLE-1", "CHANNEL-2")
@pytest.mark.parametrize(
    ("actor", "state", "code"),
    [
        (OLGA, "live", "not_found"),
        (BRUNO, "live", "not_found"),
        (SVEN, "live", "forbidden"),
        (SVEN, "archived", "forbidden"),
        (ADA, "offered", "forbidden"),
        (BRUNO, "unassigned", "forbidden"),
        (ADA, "live", None),
        (ADA, "pending", None),
        (ADA, "assigned", None),
        (ADA, "closed", None),
    ],
)
def test_only_the_owner_sends_templates(actor: Any, state: str, code: str | None) -> None:
    assert code_of(chat(state), template(actor), facts()) == code
    assert code_of(chat("unassigned", department_id=SALES), template(), facts()) == "not_found"


@rule("CHANNEL-2")
@pytest.mark.parametrize(
    ("values", "known", "code"),
    [
        ({"channel": "web"}, facts(), "channel"),
        ({"channel": "telegram"}, facts(), "channel"),
        ({}, facts(reach={}), "channel"),
        ({}, facts(channels=BUILT_IN), "channel"),
        ({}, facts(opted_out=frozenset({MARTA.id})), "forbidden"),
    ],
)
def test_no_template_goes_where_none_can(values: dict[str, Any], known: Facts, code: str) -> None:
    assert code_of(chat(**values), template(), known) == code


def test_nothing_is_written_to_somebody_a_channel_does_not_know_nor_over_one_that_is_gone() -> None:
    assert code_of(chat(), say(), facts(reach={})) == "channel"
    assert code_of(chat(), say(), facts(channels=BUILT_IN)) == "channel"
    assert code_of(chat(), say(), facts(None)) == "window"


@rule("LIFE-10", "CHANNEL-1")
def test_a_channel_without_window_takes_text_until_24_hours_after_the_end() -> None:
    closed = chat("closed", channel="telegram")
    assert decide(closed, say(), facts(None), NOW + 23 * HOUR).dispatches[0].channel == "telegram"
    with pytest.raises(Refused, match="only the customer can open it again"):
        decide(closed, say(), facts(None), NOW + 24 * HOUR)


@rule("LIFE-12")
def test_the_words_of_the_channel_close_and_opt_out() -> None:
    known = facts(belongings={MARTA.id: ()}, preferences=Preferences(whatsapp_stop="STOP"))
    change = decide(chat(), say(MARTA, " stop "), known, NOW)
    assert (change.conversation.state, change.opted_out) == ("closed", True)
    assert decide(chat(), say(MARTA, "//stop"), known, NOW).conversation.state == "live"
    assert decide(chat(), say(MARTA, "//end"), known, NOW).conversation.state == "closed"


@rule("TICKET-8")
def test_a_linked_ticket_of_such_a_chat_goes_by_e_mail() -> None:
    known = facts(emails={MARTA.id: "marta@home.test"}, numbers={(7, ADA.id, "id"): 8})
    link = LinkTicket(7, ADA, "id", "A lamp", "It is on its way", to_customer=True)
    change = decide(chat(), link, known, NOW)
    assert (change.others[0].channel, len(change.letters), change.dispatches) == ("email", 1, ())


@rule("CHANNEL-2")
def test_what_failed_is_sent_again_by_its_owner_while_the_window_is_open() -> None:
    known = facts(undelivered={(7, 2): Undelivered(template=False)})
    again = SendAgain(7, ADA, "id", 2)
    assert code_of(chat(), SendAgain(7, SVEN, "id", 2), known) == "forbidden"
    assert code_of(chat(), again, facts()) == "delivery"
    assert code_of(chat(), again, known, NOW + 24 * HOUR) == "window"
    change = decide(chat(), again, known, NOW)
    assert change.dispatches == (Dispatch(7, 2, "whatsapp", MARTA.id, again=True),)
    assert change.entries[0].text == "Ada sent message 2 once more"
    known = facts(undelivered={(7, 2): Undelivered(template=True)})
    assert decide(chat(), again, known, NOW + 48 * HOUR).dispatches[0].again


@rule("CHANNEL-2", "LIFE-19")
@pytest.mark.parametrize("final", [True, False])
def test_what_a_channel_did_not_deliver_stands_in_the_thread_and_changes_nothing_else(final: bool) -> None:
    note = NoteDispatch(7, 2, final, "the number is not on WhatsApp", SYSTEM, "id")
    change = decide(chat("closed"), note, facts(), NOW)
    assert change.conversation == chat("closed", last_seq=3)
    assert change.entries[0].text.endswith(": the number is not on WhatsApp")


@rule("CHANNEL-2")
@pytest.mark.parametrize("state", ["live", "pending", "closed", "archived", "unassigned"])
def test_a_reaction_stands_beside_its_message_and_revives_nothing(state: str) -> None:
    before = chat(state)
    change = decide(before, amend(emoji="\N{THUMBS UP SIGN}"), facts(), NOW)
    assert change.conversation == before._replace(last_seq=3)
    entry = change.entries[0]
    assert (entry.kind, entry.public) == ("event", False)
    assert entry.data == {"name": "reacted", "seq": 2, "emoji": "\N{THUMBS UP SIGN}"}


@rule("CHANNEL-2")
def test_the_card_shows_a_message_as_it_stands_and_only_the_newest_one() -> None:
    before = chat(preview="Hello", preview_by="customer", last_seq=4, last_customer_seq=3)
    for what, text, shown in (("edited", "Good  day", "Good day"), ("withdrawn", "", "Deleted message")):
        assert decide(before, amend(what=what, seq=3, text=text), facts(), NOW).conversation.preview == shown
        assert (
            decide(before, amend(what=what, seq=2, text=text), facts(), NOW).conversation.preview == "Hello"
        )
    answered = before._replace(preview="Hi", preview_by="agent")
    assert decide(answered, amend(what="withdrawn", seq=3), facts(), NOW).conversation.preview == "Hi"


def test_a_stranger_amends_nothing_and_nobody_what_is_not_there() -> None:
    with pytest.raises(NotFound):
        decide(chat(), amend(THEO), facts(), NOW)
    for wrong in (amend(seq=3), amend(seq=0), amend(what="greeted")):
        assert code_of(chat(), wrong, facts()) == "amend"


@rule("CHANNEL-2")
def test_a_file_that_comes_later_belongs_to_the_conversation_from_then_on() -> None:
    fact = FileFact("f", "customer", MARTA.id, None, {"id": "f", "name": "photo.jpg"})
    come = Amend(7, SYSTEM, "id", 2, "attached", (), ("f",))
    change = decide(chat(), come, facts(files={"f": fact}), NOW)
    view = {"id": "f", "name": "photo.jpg"}
    assert change.files == ("f",)
    assert change.entries[0].data == {"name": "attached", "seq": 2, "files": [view]}
    assert code_of(chat(), come, facts()) == "file"
    assert code_of(chat(), come, facts(files={"f": fact._replace(conversation_id=9)})) == "file"


def test_a_message_with_only_a_file_that_is_still_coming_is_no_empty_one() -> None:
    coming = WriteMessage(7, MARTA, "id", "", carries={"coming": [{"kind": "image", "type": "image/jpeg"}]})
    change = decide(chat(), coming, facts(), NOW)
    assert (change.conversation.preview, change.conversation.customer_messages) == ("1 file", 2)
    assert change.entries[0].data == {"coming": [{"kind": "image", "type": "image/jpeg"}]}


def test_a_number_that_changed_is_told_in_the_thread_and_changes_nothing_else() -> None:
    note = NoteContact(7, SYSTEM, "id", "+4930111", "+4930222", 12)
    before = chat()
    change = decide(before, note, facts(), NOW)
    assert change.entries[0].data == {
        "name": "contact_changed",
        "channel": "WhatsApp",
        "before": "+4930111",
        "after": "+4930222",
        "other": "12",
    }
    assert change.conversation == before._replace(last_seq=before.last_seq + 1)
