"""Who gets a waiting chat (LIFE-2): pure, explainable, oldest first (LIFE-4).

`route` sees the queue and the available agents with their present load, and says for each chat: given to whom and why,
offered to whom, keep waiting, or nobody is there at all. It never plans above an agent's maximum, but for a chat that
returns to its owner (LIFE-3).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

Dice = Callable[[int], int]
"""A random whole number from 0 to below its argument."""


class Waiting(NamedTuple):
    """A chat in the queue. `last_agent_id`: who dealt with this customer last. `revived`: it was closed before.

    `declined`: who was asked in this round already, the last time at `offered_at`. `is_open`: in business hours now;
    `in_time`: it came in them. `told`: the customer knows that they wait. `rings`: it is offered just now, and only keeps
    its place. `returns`: it is revived, and who dealt with its customer last had it then.
    """

    conversation_id: int
    department_id: int | None
    queued_at: datetime
    last_agent_id: int | None = None
    revived: bool = False
    declined: tuple[int, ...] = ()
    offered_at: datetime | None = None
    is_open: bool = True
    in_time: bool = False
    told: bool = False
    rings: bool = False
    returns: bool = False

    def returns_to(self, agent_id: int) -> bool:
        """Whether it goes back to its owner, full or not (LIFE-3)."""
        return self.returns and agent_id == self.last_agent_id


class Overdue(NamedTuple):
    """A live chat whose owner has not answered in time (LIFE-6). `told`: supervisors know of this wait."""

    conversation_id: int
    department_id: int | None
    owner_id: int
    told: bool


@dataclass
class Workload:
    """An available agent and how busy they are. `chats` counts live and ringing ones: pending do not count (LIFE-3)."""

    agent_id: int
    departments: frozenset[int]
    chats: int
    maximum: int
    last_assigned_at: datetime

    @property
    def has_room(self) -> bool:
        return self.chats < self.maximum


class Policy(NamedTuple):
    """How chats are distributed. `first_line`: departments that get new chats first."""

    distribution: str = "averaged"
    last_agent: bool = True
    first_line: frozenset[int] = frozenset()
    ring: timedelta = timedelta(seconds=30)


class Given(NamedTuple):
    conversation_id: int
    agent_id: int
    why: str
    chats: int
    returns: bool = False


class Offered(NamedTuple):
    conversation_id: int
    agent_id: int
    why: str
    returns: bool = False


class Full(NamedTuple):
    """Somebody is available, but nobody has room, or everybody was asked just now."""

    conversation_id: int


class Nobody(NamedTuple):
    """Nobody is available for this chat's department."""

    conversation_id: int


class Outside(NamedTuple):
    """It came outside business hours (TICKET-1)."""

    conversation_id: int


class Passed(NamedTuple):
    """An overdue chat: to this agent, or None when nobody else has room."""

    conversation_id: int
    agent_id: int | None


Decision = Given | Offered | Full | Nobody | Outside


def route(
    queue: Iterable[Waiting], workloads: Sequence[Workload], *, policy: Policy, now: datetime, dice: Dice
) -> list[Decision]:
    """Decide for every waiting chat, oldest first. `workloads` is used up as chats are given."""
    decisions: list[Decision] = []
    for waiting in sorted(queue, key=lambda w: (w.queued_at, w.conversation_id)):
        able = _able(workloads, waiting.department_id)
        free = [w for w in able if w.has_room or waiting.returns_to(w.agent_id)]
        served_late = waiting.in_time and able
        if not waiting.is_open and not served_late:
            decisions.append(Outside(waiting.conversation_id))
        elif not able:
            decisions.append(Nobody(waiting.conversation_id))
        elif policy.distribution == "offer":
            decisions.append(_offer(waiting, free, policy, now))
        elif not free:
            decisions.append(Full(waiting.conversation_id))
        else:
            chosen, why = _choose(waiting, free, policy, dice)
            _take(chosen, now)
            returns = waiting.returns_to(chosen.agent_id)
            decisions.append(Given(waiting.conversation_id, chosen.agent_id, why, chosen.chats, returns))
    return decisions


def pass_on(overdue: Iterable[Overdue], workloads: Sequence[Workload], now: datetime) -> list[Passed]:
    """Another available agent with room for each unanswered chat (LIFE-6). `workloads` is used up."""
    passed: list[Passed] = []
    for chat in overdue:
        free = [w for w in _able(workloads, chat.department_id) if w.has_room and w.agent_id != chat.owner_id]
        if free:
            chosen = _fewest(free)
            _take(chosen, now)
            for workload in workloads:
                if workload.agent_id == chat.owner_id:
                    workload.chats -= 1
            passed.append(Passed(chat.conversation_id, chosen.agent_id))
        elif not chat.told:
            passed.append(Passed(chat.conversation_id, None))
    return passed


def _able(workloads: Sequence[Workload], department_id: int | None) -> list[Workload]:
    return [w for w in workloads if department_id is None or department_id in w.departments]


def _take(workload: Workload, now: datetime) -> None:
    workload.chats += 1
    workload.last_assigned_at = now


def _fewest(free: Sequence[Workload]) -> Workload:
    return min(free, key=lambda w: (w.chats, w.last_assigned_at, w.agent_id))


def _last_agent(waiting: Waiting, free: Sequence[Workload], policy: Policy) -> Workload | None:
    """Whoever dealt with this customer last; after a reply to a closed chat always (LIFE-10)."""
    if not policy.last_agent and not waiting.revived:
        return None
    return next((w for w in free if w.agent_id == waiting.last_agent_id), None)


def _first_line(waiting: Waiting, free: list[Workload], policy: Policy) -> tuple[list[Workload], str]:
    """New chats without a department of the customer's choice go to the first line, while it has room."""
    if waiting.department_id is not None or not policy.first_line:
        return free, ""
    first = [w for w in free if not w.departments.isdisjoint(policy.first_line)]
    return (first, "first line, ") if first else (free, "")


def _choose(waiting: Waiting, free: list[Workload], policy: Policy, dice: Dice) -> tuple[Workload, str]:
    last = _last_agent(waiting, free, policy)
    if last is not None:
        return last, "dealt with this customer last"
    free, where = _first_line(waiting, free, policy)
    if policy.distribution == "round_robin":
        chosen = min(free, key=lambda w: (w.last_assigned_at, w.agent_id))
        return chosen, f"{where}next in turn"
    if policy.distribution == "random":
        free = sorted(free, key=lambda w: w.agent_id)
        return free[dice(len(free))], f"{where}chosen at random"
    chosen = _fewest(free)
    ties = sum(1 for w in free if w.chats == chosen.chats)
    why = f"{where}fewest live chats ({chosen.chats})"
    return chosen, why if ties == 1 else f"{why}, waited longest for one"


def _offer(waiting: Waiting, free: list[Workload], policy: Policy, now: datetime) -> Offered | Full:
    """Ask one after the other. When all have been asked, a new round begins once a ring time has passed."""
    asked = [w for w in free if w.agent_id in waiting.declined]
    fresh = [w for w in free if w.agent_id not in waiting.declined]
    if not fresh:
        if not asked or (waiting.offered_at is not None and now - waiting.offered_at < policy.ring):
            return Full(waiting.conversation_id)
        fresh = asked
    last = _last_agent(waiting, fresh, policy)
    if last is not None:
        chosen, why = last, "dealt with this customer last"
    else:
        some, where = _first_line(waiting, fresh, policy)
        chosen = _fewest(some)
        why = f"{where}fewest live chats ({chosen.chats})"
    _take(chosen, now)
    return Offered(waiting.conversation_id, chosen.agent_id, why, waiting.returns_to(chosen.agent_id))
