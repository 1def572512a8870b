"""Flag and pending: what an agent does so that the clock leaves a chat alone (LIFE-5, LIFE-8)."""

from datetime import datetime

from . import access
from .commands import Command, FlagChat, SetPending
from .conversation import Change, Conversation, Entry
from .errors import Refused
from .facts import Facts
from .thread import record, without_transfer


def flag(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, FlagChat)
    reason = access.why_not_flag(command.actor, conversation)
    if reason:
        raise Refused("forbidden", reason)
    if command.on == (conversation.flagged_at is not None):
        raise Refused("closed", "It is flagged already." if command.on else "It is not flagged.")
    conversation = conversation._replace(flagged_at=now if command.on else None)
    data = {"name": "flagged" if command.on else "unflagged", "who": command.actor.name}
    conversation, entry = record(conversation, command.actor, data, now, command.client_id)
    return Change(conversation, (entry,), entry)


def set_pending(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, SetPending)
    actor = command.actor
    reason = access.why_not_pend(actor, conversation, facts.staff_names, on=command.on)
    if reason:
        raise Refused("forbidden" if conversation.state in ("live", "pending") else "closed", reason)
    if command.on:
        events: tuple[Entry, ...] = ()
        if conversation.in_transfer:
            conversation, cancelled = record(
                without_transfer(conversation), actor, {"name": "transfer_cancelled", "who": actor.name}, now
            )
            events = (cancelled,)
        conversation = conversation._replace(state="pending", state_at=now)
        conversation, entry = record(
            conversation, actor, {"name": "pending", "who": actor.name}, now, command.client_id
        )
        return Change(conversation, (*events, entry), entry, route=True)
    conversation = conversation._replace(state="live", state_at=now)
    data = {"name": "unpended", "who": actor.name}
    conversation, entry = record(conversation, actor, data, now, command.client_id)
    return Change(conversation, (entry,), entry)
