"""Transfers: offered to a colleague or a department, who accept or decline (LIFE-14).

The chat stays with its owner until somebody accepts; an agent never hands over a ticket (TICKET-6).
"""

from datetime import datetime

from . import access
from .commands import AnswerTransfer, CancelTransfer, Command, OfferTransfer
from .conversation import Change, Conversation, Notification
from .errors import Refused
from .facts import Facts
from .handover import given_to
from .people import SYSTEM
from .thread import record, without_transfer


def offer(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, OfferTransfer)
    actor = command.actor
    reason = access.why_not_transfer(actor, conversation, facts.staff_names)
    if reason:
        raise Refused(
            "forbidden" if conversation.state in ("live", "pending", "assigned") else "closed", reason
        )
    if (command.agent_id is None) == (command.department_id is None):
        raise Refused("bad_input", "Transfer a chat to an agent or to a department: choose one of them.")
    to = (
        _agent(command, conversation, facts)
        if command.agent_id
        else _department(command, conversation, facts)
    )
    conversation = conversation._replace(
        transfer_by=actor.id,
        transfer_to=command.agent_id,
        transfer_department=command.department_id,
        transfer_at=now,
        transfer_note=command.note,
    )
    data = {"name": "transfer", "who": actor.name, "to": to, "note": command.note}
    conversation, entry = record(conversation, actor, data, now, command.client_id)
    if command.agent_id is not None:
        receivers = [command.agent_id]
    else:
        receivers = [s for s, own in sorted(facts.online.items()) if command.department_id in own]
    told = tuple(
        Notification(s, "transfer", conversation.id, {"who": actor.name, "note": command.note})
        for s in receivers
        if s not in (actor.id, conversation.owner_id)
    )
    return Change(conversation, (entry,), entry, notifications=told)


def _agent(command: OfferTransfer, conversation: Conversation, facts: Facts) -> str:
    agent_id = command.agent_id or 0
    name = facts.staff_names.get(agent_id, "This person")
    if agent_id == conversation.owner_id:
        raise Refused("closed", f"{name} has this chat already.")
    if agent_id not in facts.active or agent_id not in facts.online:
        raise Refused("unavailable", f"{name} is not available.")
    return name


def _department(command: OfferTransfer, conversation: Conversation, facts: Facts) -> str:
    name = facts.departments.get(command.department_id or 0)
    if name is None:
        raise Refused("department", "This department does not exist.")
    others = (own for s, own in facts.online.items() if s != conversation.owner_id)
    if not any(command.department_id in own for own in others):
        raise Refused("unavailable", f"Nobody else of {name} is available.")
    return name


def answer(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, AnswerTransfer)
    actor = command.actor
    if not access.may_answer_transfer(actor, conversation):
        raise Refused("taken", access.who_has(conversation, facts.staff_names))
    sender = conversation.transfer_by or 0
    if not command.accept:
        if conversation.transfer_department is not None:
            raise Refused("forbidden", "It is offered to the whole department: leave it to the others.")
        data = {"name": "transfer_declined", "who": actor.name}
        conversation, entry = record(without_transfer(conversation), actor, data, now, command.client_id)
        told = Notification(
            sender, "transfer_answer", conversation.id, {"who": actor.name, "answer": "declined"}
        )
        return Change(conversation, (entry,), entry, notifications=(told,))
    if actor.id not in facts.online:
        raise Refused("unavailable", "You are unavailable. Switch to Available first.")
    owner = facts.staff_names.get(conversation.owner_id or 0, "")
    conversation = given_to(conversation, actor.id, now)._replace(opened_at=now)
    data = {"name": "transferred", "agent": actor.name, "from": owner}
    conversation, entry = record(conversation, actor, data, now, command.client_id)
    told = Notification(sender, "transfer_answer", conversation.id, {"who": actor.name, "answer": "accepted"})
    return Change(conversation, (entry,), entry, route=True, notifications=(told,))


def cancel(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, CancelTransfer)
    actor = command.actor
    if not conversation.in_transfer:
        raise Refused("taken", f"No transfer is under way. {access.who_has(conversation, facts.staff_names)}")
    if actor.id not in (conversation.transfer_by, conversation.owner_id) and not actor.supervises:
        raise Refused("forbidden", "Only who began a transfer cancels it.")
    data = {"name": "transfer_cancelled", "who": actor.name}
    conversation, entry = record(without_transfer(conversation), actor, data, now, command.client_id)
    return Change(conversation, (entry,), entry)


def not_answered(conversation: Conversation, facts: Facts, now: datetime) -> Change:
    """Its time is over: it stays where it is."""
    sender = conversation.transfer_by or 0
    to = facts.staff_names.get(conversation.transfer_to or 0) or facts.departments.get(
        conversation.transfer_department or 0, "the others"
    )
    data = {"name": "transfer_back", "to": to, "minutes": facts.preferences.transfer_minutes}
    conversation, entry = record(without_transfer(conversation), SYSTEM, data, now)
    told = Notification(sender, "transfer_answer", conversation.id, {"who": to, "answer": "back"})
    return Change(conversation, (entry,), entry, notifications=(told,))
