"""Lines that the rules write into a thread, and the conversation that counts them."""

from datetime import datetime
from typing import Any

from . import events
from .conversation import Conversation, Entry, advance, next_entry, preview_of
from .people import Actor


def record(
    conversation: Conversation,
    actor: Actor,
    data: dict[str, Any],
    now: datetime,
    client_id: str | None = None,
) -> tuple[Conversation, Entry]:
    """Write an event (LIFE-19): who, what, when."""
    entry = next_entry(
        conversation,
        now,
        kind="event",
        public=events.is_public(data["name"]),
        author=actor.author,
        author_id=actor.id,
        client_id=client_id,
        text=events.sentence(data),
        data=data,
    )
    return advance(conversation, entry), entry


def message(
    conversation: Conversation,
    actor: Actor,
    text: str,
    now: datetime,
    *,
    client_id: str | None = None,
    html: str | None = None,
    data: dict[str, Any] | None = None,
) -> Entry:
    """What somebody says, for both sides to see; still to be counted (`replied`, `advance`)."""
    return next_entry(
        conversation,
        now,
        kind="message",
        public=True,
        author=actor.author,
        author_id=actor.id,
        client_id=client_id,
        text=text,
        html=html,
        data=data,
    )


def replied(conversation: Conversation, entry: Entry, files: int = 0) -> Conversation:
    """An agent's message counted: nobody waits for an answer any more. One copy (this is the hot path)."""
    return advance(
        conversation,
        entry,
        preview=preview_of(entry.text, files),
        preview_by="agent",
        agent_messages=conversation.agent_messages + 1,
        last_agent_seq=entry.seq,
        last_agent_at=entry.at,
        waiting_since=None,
        opened_at=conversation.opened_at or entry.at,
    )


def without_transfer(conversation: Conversation) -> Conversation:
    return conversation._replace(
        transfer_by=None, transfer_to=None, transfer_department=None, transfer_at=None, transfer_note=""
    )


def without_offers(conversation: Conversation) -> Conversation:
    """Neither rings nor is under transfer: it has come into somebody's hands, or has ended."""
    return without_transfer(conversation)._replace(
        offered_to=None, offered_at=None, declined=(), stuck_at=None
    )
