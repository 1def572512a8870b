"""Lines that the rules write into a thread, and the conversation that counts them."""

from datetime import datetime
from typing import Any

from . import events
from .conversation import Conversation, Entry, advance, next_entry
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


def without_transfer(conversation: Conversation) -> Conversation:
    return conversation._replace(
        transfer_by=None, transfer_to=None, transfer_department=None, transfer_at=None, transfer_note=""
    )


def without_offers(conversation: Conversation) -> Conversation:
    """Neither rings nor is under transfer: it has come into somebody's hands, or has ended."""
    return without_transfer(conversation)._replace(
        offered_to=None, offered_at=None, declined=(), stuck_at=None
    )
