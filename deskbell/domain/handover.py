"""Into whose hands a chat comes: routing, rings, transfers, the agent chat timeout, supervisors (LIFE-2, 6, 14, 15).

One owner at a time, always (LIFE-16): each of these moves a chat in one step, and refuses when it has moved already.
"""

from datetime import datetime

from . import access, timers
from .commands import AnswerOffer, Assign, AssignTo, Command, PassOn, Ring
from .conversation import Change, Conversation, Entry, Notification
from .errors import Refused
from .facts import Facts
from .people import SYSTEM, Staff
from .thread import record, without_offers
from .tickets import superseded


def given_to(conversation: Conversation, agent_id: int, now: datetime) -> Conversation:
    """Live and new (green) in this agent's list."""
    return without_offers(conversation)._replace(
        state="live", state_at=now, owner_id=agent_id, assigned_at=now, opened_at=None
    )


def assign(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, Assign)
    _check_routed(conversation, command, facts)
    conversation = given_to(conversation, command.agent_id, now)
    agent = facts.staff_names.get(command.agent_id, "an agent")
    data = {"name": "assigned", "agent": agent, "why": command.why, "chats": command.chats}
    conversation, entry = record(conversation, SYSTEM, data, now)
    return connected(conversation, (entry,), entry, facts, now)


def ring(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, Ring)
    _check_routed(conversation, command, facts)
    again = command.agent_id in conversation.declined  # everybody was asked: a new round begins
    conversation = conversation._replace(
        state="offered",
        state_at=now,
        offered_to=command.agent_id,
        offered_at=now,
        declined=() if again else conversation.declined,
    )
    agent = facts.staff_names.get(command.agent_id, "an agent")
    seconds = facts.preferences.ring_seconds
    data = {"name": "offered", "agent": agent, "why": command.why, "seconds": seconds}
    conversation, entry = record(conversation, SYSTEM, data, now)
    told = Notification(command.agent_id, "offered", conversation.id, {})
    return Change(conversation, (entry,), entry, notifications=(told,))


def answer_offer(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, AnswerOffer)
    actor = command.actor
    if conversation.state != "offered" or conversation.offered_to != actor.id:
        raise Refused("taken", access.who_has(conversation, facts.staff_names))
    if not command.accept:
        return rang_out(
            conversation, {"name": "declined", "agent": actor.name}, actor, now, command.client_id
        )
    if actor.id not in facts.online:
        raise Refused("unavailable", "You are unavailable. Switch to Available first.")
    conversation = given_to(conversation, actor.id, now)._replace(opened_at=now)
    data = {"name": "assigned", "agent": actor.name, "why": "accepted the offer"}
    conversation, entry = record(conversation, actor, data, now, command.client_id)
    return connected(conversation, (entry,), entry, facts, now)


def rang_out(
    conversation: Conversation,
    data: dict[str, object],
    actor: Staff | None,
    now: datetime,
    client_id: str | None = None,
) -> Change:
    """Declined, or not answered in time: back into the queue, the next one is asked."""
    asked = conversation.offered_to
    declined = conversation.declined if asked is None else (*conversation.declined, asked)
    conversation = conversation._replace(state="queued", state_at=now, offered_to=None, declined=declined)
    conversation, entry = record(conversation, actor or SYSTEM, data, now, client_id)
    return Change(conversation, (entry,), entry, route=True)


def pass_on(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, PassOn)
    if not timers.is_due(conversation, "answer", facts.preferences, now):
        raise Refused("closed", "This chat was answered, flagged or moved meanwhile.")
    minutes = facts.preferences.agent_timeout_minutes
    owner = facts.staff_names.get(conversation.owner_id or 0, "the agent")
    if command.agent_id is None or command.agent_id == conversation.owner_id:
        return _stuck(conversation, owner, minutes, facts, now)
    _check_room(command.agent_id, facts)
    conversation = given_to(conversation, command.agent_id, now)
    agent = facts.staff_names.get(command.agent_id, "another agent")
    data = {"name": "passed", "agent": agent, "from": owner, "minutes": minutes}
    conversation, entry = record(conversation, SYSTEM, data, now)
    told = Notification(command.agent_id, "passed", conversation.id, {"from": owner})
    return Change(conversation, (entry,), entry, route=True, notifications=(told,))


def _stuck(conversation: Conversation, owner: str, minutes: int, facts: Facts, now: datetime) -> Change:
    """It stays, and supervisors are told once for this wait (LIFE-6)."""
    if conversation.stuck_at is not None and conversation.stuck_at >= (conversation.waiting_since or now):
        raise Refused("closed", "Supervisors were told already.")
    conversation = conversation._replace(stuck_at=now)
    data = {"name": "stuck", "agent": owner, "minutes": minutes}
    conversation, entry = record(conversation, SYSTEM, data, now)
    told = tuple(
        Notification(staff_id, "stuck", conversation.id, {"agent": owner})
        for staff_id in sorted(facts.supervisors)
    )
    return Change(conversation, (entry,), entry, notifications=told)


def assign_to(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, AssignTo)
    actor, agent_id = command.actor, command.agent_id
    reason = access.why_not_assign(actor, conversation)
    if reason:
        raise Refused("forbidden" if not actor.supervises else "closed", reason)
    if agent_id not in facts.active:
        raise Refused("unavailable", "This person is not on the team.")
    agent = facts.staff_names.get(agent_id, "This person")
    if conversation.owner_id == agent_id and conversation.state != "pending":
        raise Refused("closed", f"{agent} has it already.")
    if conversation.kind == "chat" and agent_id not in facts.online:
        raise Refused("unavailable", f"{agent} is not available: chats are given to available people only.")
    data = {"name": "given", "agent": agent, "who": actor.name}
    if conversation.owner_id:
        data["from"] = facts.staff_names.get(conversation.owner_id, "")
    was_waiting = conversation.kind == "chat" and conversation.owner_id is None
    if conversation.kind == "chat":
        conversation = given_to(conversation, agent_id, now)
    else:
        conversation = conversation._replace(
            state="assigned", state_at=now, owner_id=agent_id, assigned_at=now, opened_at=None
        )
    conversation, entry = record(conversation, actor, data, now, command.client_id)
    told: tuple[Notification, ...] = ()
    if agent_id != actor.id:
        told = (Notification(agent_id, "assigned", conversation.id, {"who": actor.name}),)
    change = (
        connected(conversation, (entry,), entry, facts, now)
        if was_waiting
        else Change(conversation, (entry,), entry)
    )
    return change._replace(route=True, notifications=told)


def connected(
    conversation: Conversation, entries: tuple[Entry, ...], answer: Entry, facts: Facts, now: datetime
) -> Change:
    """The customer has an agent: their open converted ticket is closed, linked (TICKET-7)."""
    ticket = facts.converted_ticket(conversation)
    if ticket is None:
        return Change(conversation, entries, answer)
    ticket, closed = superseded(ticket, conversation.id, now)
    conversation, linked = record(conversation, SYSTEM, {"name": "linked", "number": ticket.id}, now)
    return Change(conversation, (*entries, linked, closed), answer, others=(ticket,))


def _check_routed(conversation: Conversation, command: Assign | Ring, facts: Facts) -> None:
    if conversation.state != "queued":
        raise Refused("closed", "This chat does not wait for an agent.")
    if not command.returns:
        _check_room(command.agent_id, facts)


def _check_room(agent_id: int, facts: Facts) -> None:
    """LIFE-3, once more inside the commit: somebody may have got a chat since routing looked."""
    maximum = facts.maximums.get(agent_id, facts.preferences.max_chats)
    if facts.loads.get(agent_id, 0) >= maximum:
        raise Refused("retry", "This agent has no room any more.")
