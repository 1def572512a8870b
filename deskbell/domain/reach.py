"""How a customer is reached over a channel with an outbox, and what becomes of messages there (LIFE-10, LIFE-11)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from . import access, files
from .channels import rules_of
from .commands import Command
from .conversation import Change, Conversation, Dispatch, preview_of
from .deliveries import Amend, NoteContact, NoteDispatch, SendAgain, SendTemplate
from .errors import Refused
from .facts import Facts
from .people import SYSTEM, Staff
from .thread import message, record, replied

AMENDED = frozenset({"reacted", "edited", "withdrawn", "attached", "not_attached"})
"""What may become of a message after it was written."""


def window_until(conversation: Conversation, facts: Facts) -> datetime | None:
    """When free text ends (LIFE-11); None: it never does, or has not begun."""
    rules = rules_of(facts.channels, conversation.channel)
    reach = facts.reach.get((conversation.customer_id, conversation.channel))
    if rules.window is None or reach is None:
        return None
    return reach + rules.window


def check(conversation: Conversation, facts: Facts, now: datetime) -> None:
    """Raises Refused when ordinary text cannot go over this channel now, with `window` when a template could."""
    rules = rules_of(facts.channels, conversation.channel)
    if not rules.outbox:
        return
    _check_contact(conversation, facts)
    if access.is_long_closed(conversation, now):
        what = "only a template can be sent now" if rules.templates else "only the customer can open it again"
        raise Refused("window", f"This conversation was closed 24 hours ago or more: {what}.")
    until = window_until(conversation, facts)
    if rules.window is not None and (until is None or now >= until):
        hours = round(rules.window.total_seconds() / 3600)
        what = "only a template can be sent now" if rules.templates else "they must write first"
        raise Refused(
            "window",
            f"The customer last wrote more than {hours} hours ago: {what} ({rules.label}'s own rule).",
        )


def check_limits(
    conversation: Conversation, text: str, files: Sequence[Mapping[str, Any]], facts: Facts
) -> None:
    """Raises Refused for what the channel would never take, before it is written."""
    why_not = rules_of(facts.channels, conversation.channel).why_not
    reason = why_not(text, files) if why_not is not None else None
    if reason:
        raise Refused("file" if files else "too_long", reason)


def _check_sender(conversation: Conversation, actor: Staff, facts: Facts) -> None:
    reason = access.why_not_send(actor, conversation, facts.staff_names)
    if reason:
        raise Refused("forbidden", reason)
    if conversation.customer_id in facts.opted_out:
        raise Refused("forbidden", access.OPTED_OUT)


def _check_contact(conversation: Conversation, facts: Facts) -> None:
    if conversation.channel not in facts.channels:
        raise Refused("channel", "The channel of this conversation is no longer set up: nothing can be sent.")
    if (conversation.customer_id, conversation.channel) not in facts.reach:
        label = facts.channels[conversation.channel].label
        raise Refused("channel", f"This customer has never written on {label} and cannot be reached there.")


def dispatched(conversation: Conversation, seq: int, facts: Facts) -> tuple[Dispatch, ...]:
    """What hands the entry over to the channel; nothing where customers read in the widget or by mail."""
    if not rules_of(facts.channels, conversation.channel).outbox:
        return ()
    return (Dispatch(conversation.id, seq, conversation.channel, conversation.customer_id),)


def send_template(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    """At any time while it is not archived; a closed conversation stays closed (LIFE-10)."""
    assert isinstance(command, SendTemplate)
    if not rules_of(facts.channels, conversation.channel).templates:
        raise Refused("channel", "This channel has no templates.")
    _check_sender(conversation, command.actor, facts)
    _check_contact(conversation, facts)
    files.views(command.actor, command.files, facts, "The file of the template")
    entry = message(
        conversation,
        command.actor,
        command.text,
        now,
        client_id=command.client_id,
        data={"via": conversation.channel, "template": command.shown},
    )
    conversation = replied(conversation, entry)
    dispatch = Dispatch(
        conversation.id, entry.seq, conversation.channel, conversation.customer_id, command.content
    )
    return Change(conversation, (entry,), entry, files=command.files, dispatches=(dispatch,))


def send_again(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    """Only what failed, or what nobody knows the fate of: it may then arrive twice, and the agent has chosen that."""
    assert isinstance(command, SendAgain)
    _check_sender(conversation, command.actor, facts)
    failed = facts.undelivered.get((conversation.id, command.seq))
    if failed is None:
        raise Refused("delivery", "This message neither failed nor is its fate unknown.")
    _check_contact(conversation, facts)
    if not failed.template:
        check(conversation, facts, now)
    data = {"name": "sent_again", "who": command.actor.name, "seq": command.seq}
    conversation, entry = record(conversation, command.actor, data, now, command.client_id)
    again = Dispatch(conversation.id, command.seq, conversation.channel, conversation.customer_id, again=True)
    return Change(conversation, (entry,), entry, dispatches=(again,))


def note_dispatch(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    """A message was given up, or nobody knows what became of it: a line says so, with the service's own reason."""
    assert isinstance(command, NoteDispatch)
    label = rules_of(facts.channels, conversation.channel).label
    data: dict[str, Any] = {"name": "not_sent"} if command.final else {"name": "fate_unknown"}
    data |= {"seq": command.seq, "channel": label, "why": command.why}
    conversation, entry = record(conversation, SYSTEM, data, now, command.client_id)
    return Change(conversation, (entry,), entry)


def amend(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    """Something became of an earlier message. It stands beside it and changes nothing else: no revival, no timer."""
    assert isinstance(command, Amend)
    if command.what not in AMENDED or not 0 < command.seq <= conversation.last_seq:
        raise Refused("amend", "There is no such message to change.")
    data = {"name": command.what, "seq": command.seq, **dict(command.values)}
    come: list[dict[str, Any]] = []
    for file_id in command.files:
        fact = facts.files.get(file_id)
        if fact is None or fact.conversation_id is not None:
            raise Refused("file", "A file of this message is unknown.")
        come.append(fact.view)
    if come:
        data["files"] = come
    conversation, entry = record(
        _shown_now(conversation, command), command.actor, data, now, command.client_id
    )
    return Change(conversation, (entry,), entry, files=command.files)


def _shown_now(conversation: Conversation, command: Amend) -> Conversation:
    """With what the list's card says, when it is this message that it shows."""
    if conversation.preview_by != "customer" or command.seq != conversation.last_customer_seq:
        return conversation
    if command.what == "withdrawn":
        return conversation._replace(preview="Deleted message")
    if command.what == "edited":
        return conversation._replace(preview=preview_of(dict(command.values).get("text", ""), 0))
    return conversation


def note_contact(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    """Who the customer is does not change by it; it only has to be found again one day (PEOPLE-7)."""
    assert isinstance(command, NoteContact)
    label = rules_of(facts.channels, conversation.channel).label
    data = {"name": "contact_changed", "channel": label, "before": command.before, "after": command.after}
    if command.other:
        data["other"] = str(command.other)
    conversation, entry = record(conversation, SYSTEM, data, now, command.client_id)
    return Change(conversation, (entry,), entry)
