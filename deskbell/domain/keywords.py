"""The customer's words to end a chat and to opt out (LIFE-12)."""

from collections.abc import Mapping
from datetime import datetime

from . import closing
from .channels import ChannelRules, rules_of
from .commands import StartChat, WriteMessage
from .conversation import Change, Conversation
from .facts import Facts
from .preferences import Preferences
from .thread import record


def stops(
    command: WriteMessage | StartChat, preferences: Preferences, channels: Mapping[str, ChannelRules]
) -> bool:
    """Whether a customer may have written just the word to opt out, of whichever channel."""
    said = command.text.strip().casefold()
    words = {getattr(preferences, rules.keywords[1]) for rules in channels.values() if rules.keywords}
    return bool(said) and any(said == word.casefold() for word in words)


def spoken(conversation: Conversation, command: WriteMessage, facts: Facts) -> str | None:
    """`end` or `stop`, when the customer wrote just the word for it (LIFE-12)."""
    said = command.text.strip().casefold()
    names = rules_of(facts.channels, conversation.channel).keywords
    if command.files or not said or names is None:
        return None
    words = zip(("end", "stop"), (getattr(facts.preferences, name) for name in names), strict=True)
    return next((what for what, word in words if word and said == word.casefold()), None)


def obey(change: Change, word: str, command: WriteMessage, facts: Facts, now: datetime) -> Change:
    """Close, and with `stop` remember that this customer wants to hear nothing more (LIFE-12)."""
    conversation, entries, others = change.conversation, list(change.entries), []
    if word == "stop":
        conversation, entry = record(conversation, command.actor, {"name": "opted_out"}, now)
        entries.append(entry)
        for other_id in facts.belongings.get(conversation.customer_id, ()):
            other = facts.conversations.get(other_id)
            if other is not None and other.id != conversation.id and other.owner_id is not None:
                other, entry = record(other, command.actor, {"name": "opted_out"}, now)
                others.append(other)
                entries.append(entry)
    if conversation.state != "closed":
        conversation, entry = closing.ended(conversation, command.actor, f"wrote {command.text.strip()}", now)
        entries.append(entry)
    return change._replace(
        conversation=conversation,
        entries=tuple(entries),
        route=conversation.kind == "chat",
        others=tuple(others),
        opted_out=True if word == "stop" else change.opted_out,
    )
