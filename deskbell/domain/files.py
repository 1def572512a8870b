"""Uploaded files that somebody sends along."""

from collections.abc import Iterable
from typing import Any

from .errors import Refused
from .facts import Facts
from .people import Actor


def views(
    actor: Actor, files: Iterable[str], facts: Facts, what: str = "A file of this message"
) -> list[dict[str, Any]]:
    """What a message carries of its author's own files, each sent once. Raises Refused, naming `what`."""
    found = []
    for file_id in files:
        fact = facts.files.get(file_id)
        if fact is None or (fact.owner, fact.owner_id) != (actor.author, actor.id):
            raise Refused("file", f"{what} is unknown. Please add it again.")
        if fact.conversation_id is not None:
            raise Refused("file", f"{what} was sent already. Please add it again.")
        found.append(fact.view)
    return found
