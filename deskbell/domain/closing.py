"""The end of a conversation, by whom and why (LIFE-7, LIFE-9, LIFE-12), and what goes with it (TEAM-5)."""

from datetime import datetime
from typing import Any

from . import access
from .commands import CloseConversation, Command
from .conversation import Change, Conversation, Entry
from .errors import Refused
from .facts import Facts
from .people import Actor, Staff
from .thread import record, without_offers


def close(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, CloseConversation)
    actor = command.actor
    if isinstance(actor, Staff):
        reason = access.why_not_close(actor, conversation, facts.staff_names)
        if reason:
            raise Refused("closed" if conversation.state in ("closed", "archived") else "forbidden", reason)
        if command.tag is not None and command.tag not in facts.closing_tags:
            raise Refused("tag", "This closing tag does not exist.")
        asked = facts.preferences  # what the dialog does not ask for is not kept, whoever sends it
        conversation = conversation._replace(
            sentiment=command.sentiment if asked.close_sentiment else None,
            closing_tag_id=command.tag if asked.close_tag else None,
            close_note=command.note if asked.close_note else "",
        )
    elif conversation.state in ("closed", "archived"):
        raise Refused("closed", "This conversation is closed already.")
    conversation, entry = ended(conversation, actor, command.reason, now, command.client_id)
    return Change(conversation, (entry,), entry, route=conversation.kind == "chat")


def ended(
    conversation: Conversation, actor: Actor, reason: str, now: datetime, client_id: str | None = None
) -> tuple[Conversation, Entry]:
    """Closed, with its event."""
    data: dict[str, Any] = {"name": "closed", "by": actor.author, "reason": reason}
    if isinstance(actor, Staff):
        data["agent"] = actor.name
    conversation = without_offers(conversation)._replace(
        state="closed",
        state_at=now,
        closed_at=now,
        closed_by=actor.author,
        closed_by_id=actor.id if isinstance(actor, Staff) else None,
        close_reason=reason,
        waiting_since=None,
        mentioned=(),
    )
    return record(conversation, actor, data, now, client_id)


def loses_comments(before: Conversation | None, after: Conversation) -> bool:
    """Whether this step ends it, so that the texts of its comments go (TEAM-5)."""
    return after.comments > 0 and after.state == "closed" and (before is None or before.state != "closed")
