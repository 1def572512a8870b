"""The notifications of members of staff (TEAM-6): their kinds, and each in a plain sentence for mails.

Never with the text of a comment, a customer's words or a transfer's note: a mail leaves the house.
"""

from collections.abc import Mapping
from typing import Any

STORED = ("mention", "transfer", "transfer_answer", "assigned", "passed", "answered", "stuck", "offered")
"""Kinds that stand under the bell."""
KINDS = (*STORED, "chat", "message")
"""With those that are told by the lists alone: a new chat, and a customer's message while one looks elsewhere."""
WAYS = ("bell", "browser", "sound")

_ANSWERED = {
    "accepted": "{who} accepted your transfer of chat {c}.",
    "declined": "{who} declined your transfer of chat {c}.",
    "back": "Nobody answered your transfer of chat {c}: it stays where it is.",
}
_SENTENCES = {
    "mention": "{who} mentioned you in chat {c}.",
    "transfer": "{who} wants to transfer chat {c} to you.",
    "assigned": "{who} gave you conversation {c}.",
    "passed": "Chat {c} was passed to you from {from}.",
    "answered": "The customer answered in your pending chat {c}.",
    "stuck": "Chat {c} of {agent} waits for an answer, and nobody else can take it.",
    "offered": "Chat {c} was offered to you.",
}


class _Known(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "somebody"


def sentence(kind: str, data: Mapping[str, Any], conversation_id: int) -> str:
    """One line: who did what in which conversation."""
    pattern = _SENTENCES.get(kind) or _ANSWERED.get(data.get("answer", ""), "There is news in chat {c}.")
    line = pattern.format_map(_Known(data, c=conversation_id))
    return line[:1].upper() + line[1:]
