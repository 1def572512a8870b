"""Who gets a waiting chat (LIFE-2): pure, explainable, oldest first (LIFE-4).

`route` sees the queue and the available agents with their present load, and says for each chat: given to whom and why,
keep waiting, or nobody is there at all. It never plans above an agent's maximum (LIFE-3).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Waiting(NamedTuple):
    """A chat in the queue. `last_agent_id`: who dealt with this customer last."""

    conversation_id: int
    department_id: int | None
    queued_at: datetime
    last_agent_id: int | None = None


@dataclass
class Workload:
    """An available agent and how busy they are. `chats` counts live chats only: pending ones do not count (LIFE-3)."""

    agent_id: int
    departments: frozenset[int]
    chats: int
    maximum: int
    last_assigned_at: datetime

    @property
    def has_room(self) -> bool:
        return self.chats < self.maximum


class Given(NamedTuple):
    conversation_id: int
    agent_id: int
    why: str
    chats: int


class Full(NamedTuple):
    """Somebody is available, but nobody has room."""

    conversation_id: int


class Nobody(NamedTuple):
    """Nobody is available for this chat's department."""

    conversation_id: int


Decision = Given | Full | Nobody


def route(
    queue: Iterable[Waiting], workloads: Sequence[Workload], *, last_agent: bool, now: datetime
) -> list[Decision]:
    """Decide for every waiting chat, oldest first. `workloads` is used up as chats are given."""
    decisions: list[Decision] = []
    for waiting in sorted(queue, key=lambda w: (w.queued_at, w.conversation_id)):
        able = [
            w for w in workloads if waiting.department_id is None or waiting.department_id in w.departments
        ]
        free = [w for w in able if w.has_room]
        if not able:
            decisions.append(Nobody(waiting.conversation_id))
        elif not free:
            decisions.append(Full(waiting.conversation_id))
        else:
            chosen, why = _choose(waiting, free, last_agent)
            chosen.chats += 1
            chosen.last_assigned_at = now
            decisions.append(Given(waiting.conversation_id, chosen.agent_id, why, chosen.chats))
    return decisions


def _choose(waiting: Waiting, free: list[Workload], last_agent: bool) -> tuple[Workload, str]:
    if last_agent and waiting.last_agent_id is not None:
        for workload in free:
            if workload.agent_id == waiting.last_agent_id:
                return workload, "dealt with this customer last"
    chosen = min(free, key=lambda w: (w.chats, w.last_assigned_at, w.agent_id))
    ties = sum(1 for w in free if w.chats == chosen.chats)
    why = f"fewest live chats ({chosen.chats})"
    return chosen, why if ties == 1 else f"{why}, waited longest for one"
