"""Comments: internal text on a live chat, with mentions (TEAM-1..5)."""

from datetime import datetime

from . import access
from .commands import AddComment, Command
from .conversation import Change, Conversation, Notification, advance, next_entry
from .errors import Refused
from .facts import Facts

MENTIONED = 50


def comment(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, AddComment)
    reason = access.why_not_comment(command.actor, conversation)
    if reason:
        raise Refused("forbidden" if conversation.state in access.COMMENTED else "closed", reason)
    named = tuple(dict.fromkeys(command.mentions))
    for staff_id in named:
        _check_taggable(staff_id, facts)
    mentioned = conversation.mentioned + tuple(x for x in named if x not in conversation.mentioned)
    if len(mentioned) > MENTIONED:
        raise Refused("too_long", f"At most {MENTIONED} people are tagged in one chat.")
    entry = next_entry(
        conversation,
        now,
        kind="comment",
        public=False,
        author=command.actor.author,
        author_id=command.actor.id,
        client_id=command.client_id,
        text=command.text,
        data={"mentions": list(named)} if named else None,
    )
    conversation = advance(conversation, entry, comments=conversation.comments + 1, mentioned=mentioned)
    told = tuple(
        Notification(staff_id, "mention", conversation.id, {"who": command.actor.name})
        for staff_id in named
        if staff_id != command.actor.id
    )
    return Change(conversation, (entry,), entry, notifications=told)


def _check_taggable(staff_id: int, facts: Facts) -> None:
    """TEAM-2."""
    if staff_id not in facts.active:
        raise Refused("unavailable", "Somebody you named is not on the team.")
    if staff_id not in facts.online:
        name = facts.staff_names.get(staff_id, "This person")
        raise Refused("unavailable", f"{name} is offline: only people who are online can be tagged.")
