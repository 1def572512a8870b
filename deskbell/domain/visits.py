"""What visitors look at while they chat, and chats that an agent begins with one of them (VISITOR-2)."""

from datetime import datetime

from . import access
from .commands import Command, NotePage, StartByAgent
from .conversation import Change, Conversation, advance, next_entry
from .errors import Refused
from .facts import Facts
from .handover import connected
from .thread import message, record, replied


def page(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    """One line for the team. It counts as nothing: no unread, no sorting, no time begins or ends with it."""
    assert isinstance(command, NotePage)
    if not conversation.is_open_chat:
        raise Refused("closed", "Pages are noted while a chat is open.")
    entry = next_entry(
        conversation,
        now,
        kind="page",
        public=False,
        author=command.actor.author,
        author_id=command.actor.id,
        client_id=command.client_id,
        text=command.title,
        data={"url": command.url, "title": command.title},
    )
    return Change(advance(conversation, entry), (entry,), entry)


def approach(conversation_id: int, command: StartByAgent, facts: Facts, now: datetime) -> Change:
    """A live chat that is the agent's own from its first line. Like a supervisor's assignment it may exceed the maximum."""
    if command.actor.id not in facts.online:
        raise Refused("unavailable", "You are unavailable. Switch to Available first.")
    if command.customer_id in facts.opted_out:
        raise Refused("forbidden", access.OPTED_OUT)
    if command.customer_id in facts.blocked:
        raise Refused("forbidden", "This visitor is blocked.")
    if not command.text:
        raise Refused("empty", "An empty message is not sent.")
    conversation = Conversation(
        id=conversation_id,
        kind="chat",
        state="live",
        channel="web",
        site_id=command.site_id,
        customer_id=command.customer_id,
        start_id=None,
        department_id=None,
        owner_id=command.actor.id,
        labels=(),
        created_at=now,
        state_at=now,
        assigned_at=now,
        opened_at=now,
    )
    data = {"name": "approached", "agent": command.actor.name}
    conversation, began = record(conversation, command.actor, data, now)
    entry = message(conversation, command.actor, command.text, now, client_id=command.client_id)
    return connected(replied(conversation, entry), (began, entry), entry, facts, now)
