"""Conversations as one lane saved them last, so that a plain message needs no reading before it is written.

What is remembered may be outdated: another node may have written meanwhile. So a batch decided from memory is saved only
where every conversation still has the number it was remembered with (`changes.save_unlocked`), and only when all its
answers are yes: anything else is decided again under the lock, from what is stored.
"""

from collections import OrderedDict
from collections.abc import Iterable

from deskbell.domain.commands import Beginning, WriteMessage
from deskbell.domain.conversation import OWNED
from deskbell.domain.people import Staff
from deskbell.store.changes import Loaded

from .task import Task

KEPT = 20_000


class Memory:
    def __init__(self) -> None:
        self._kept: OrderedDict[int, Loaded] = OrderedDict()

    def keep(self, all_loaded: Iterable[Loaded]) -> None:
        """What has just been committed. Only conversations in somebody's hands are worth it."""
        for loaded in all_loaded:
            conversation_id = loaded.conversation.id
            if loaded.conversation.state in OWNED:
                self._kept[conversation_id] = loaded
                self._kept.move_to_end(conversation_id)
            else:
                self._kept.pop(conversation_id, None)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def forget(self, conversation_id: int) -> None:
        self._kept.pop(conversation_id, None)

    def forget_all(self) -> None:
        self._kept.clear()

    def mark(self, conversation_id: int, by: str, delivered: int, read: int) -> None:
        """Marks are written on another path; cards made from memory must show them too."""
        loaded = self._kept.get(conversation_id)
        if loaded is not None:
            c = loaded.conversation
            if by == "customer":
                c = c._replace(customer_delivered=delivered, customer_read=read)
            else:
                c = c._replace(agent_delivered=delivered, agent_read=read)
            self._kept[conversation_id] = loaded._replace(conversation=c)

    def plain(self, tasks: list[Task]) -> tuple[list[Task], list[Loaded]]:
        """Those messages that may be decided from memory, and the conversations they need.

        A conversation with anything else waiting in this batch is left out whole: its commands keep their order.
        """
        wanted: dict[int, Loaded] = {}
        others: set[int] = set()
        for command in (task.command for task in tasks):
            if isinstance(command, Beginning):
                continue
            loaded = self._kept.get(command.conversation_id)
            if loaded is None or not isinstance(command, WriteMessage) or _asks_more(command, loaded):
                others.add(command.conversation_id)
            else:
                wanted[command.conversation_id] = loaded
        wanted = {c: loaded for c, loaded in wanted.items() if c not in others}
        plain = [
            t for t in tasks if not isinstance(t.command, Beginning) and t.command.conversation_id in wanted
        ]
        return plain, list(wanted.values())


def _asks_more(command: WriteMessage, loaded: Loaded) -> bool:
    """Files and quotes must be looked up, where a reply on a ticket is mailed to, and how a channel reaches somebody.
    From mails to the widget or back, more than a message changes (post.answered_there)."""
    c = loaded.conversation
    if command.files or command.quote is not None or c.channel == "email":
        return True
    if command.carries and "mail" in command.carries:
        return True
    return isinstance(command.actor, Staff) and (c.kind == "ticket" or c.channel != "web")
