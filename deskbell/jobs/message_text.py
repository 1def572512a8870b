"""Text of messages that come from services: made fit to be stored, and in pieces of the length an entry may have."""

import re

from deskbell.kit import text as words

_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
ENDLESS = 10**9


def cleaned(text: str) -> str:
    """As what people type, but nothing is refused: the sender is not there to mend it."""
    return words.clean(_NOT_TEXT.sub("\ufffd", text), ENDLESS).strip()


def pieces(text: str, most: int) -> list[str]:
    """The whole text in order, each piece at most so long, cut between lines or words where that is possible."""
    found = []
    while len(text) > most:
        cut = max(text.rfind("\n", most // 2, most), text.rfind(" ", most // 2, most))
        cut = cut if cut > 0 else most
        found.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*found, text]
