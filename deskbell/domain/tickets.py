"""Tickets: what nobody could answer in time (TICKET)."""

from datetime import datetime
from typing import Any

from . import access
from .closing import ended
from .commands import AcceptTicket, ChangeTicket, Command, KeepWaiting, TurnIntoTicket
from .conversation import Change, Conversation, Entry, advance, next_entry
from .errors import Refused
from .facts import Facts
from .people import SYSTEM
from .thread import record, without_offers


def accept(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, AcceptTicket)
    reason = access.why_not_accept(command.actor, conversation, facts.staff_names)
    if reason:
        raise Refused("taken" if conversation.state == "assigned" else "closed", reason)
    conversation = conversation._replace(
        state="assigned", state_at=now, owner_id=command.actor.id, assigned_at=now, opened_at=now
    )
    data = {"name": "accepted", "agent": command.actor.name}
    conversation, entry = record(conversation, command.actor, data, now, command.client_id)
    return Change(conversation, (entry,), entry)


def change(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    """Its fields (TICKET-10); labels and department have commands of their own."""
    assert isinstance(command, ChangeTicket)
    if conversation.kind != "ticket":
        raise Refused("closed", "Only tickets have a subject, a priority and a due date.")
    reason = access.why_not_sort(command.actor, conversation)
    if reason:
        raise Refused("forbidden", reason)
    values: dict[str, Any] = {
        "subject": command.subject,
        "priority": command.priority,
        "due_at": command.due_at,
    }
    changed = {name: value for name, value in values.items() if getattr(conversation, name) != value}
    if not changed:
        raise Refused("closed", "The ticket is like that already.")
    data: dict[str, Any] = {"name": "fields", "who": command.actor.name}
    data |= {name: value for name, value in changed.items() if name != "due_at"}
    if "due_at" in changed:
        data["due"] = command.due_at.date().isoformat() if command.due_at else ""
    conversation, entry = record(
        conversation._replace(**changed),
        command.actor,
        data,
        now,
        command.client_id,
    )
    return Change(conversation, (entry,), entry)


def keep_waiting(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, KeepWaiting)
    if conversation.state != "queued" or conversation.queue_told:
        raise Refused("closed", "This chat does not wait unseen.")
    conversation, entry = record(conversation._replace(queue_told=True), SYSTEM, {"name": "queued"}, now)
    return Change(conversation, (entry,), entry)


def turn_into_ticket(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, TurnIntoTicket)
    if conversation.state != "queued":
        raise Refused("closed", "This chat does not wait for an agent.")
    return converted(conversation, command.why, facts, now)


def converted(conversation: Conversation, why: str, facts: Facts, now: datetime) -> Change:
    """A ticket of its own, or, when the customer has one open already, a part of that one (TICKET-7)."""
    ticket = facts.converted_ticket(conversation)
    if ticket is not None:
        return _merged(conversation, ticket, facts, now)
    conversation = without_offers(conversation)._replace(
        kind="ticket", state="unassigned", state_at=now, owner_id=None, converted=True, ticket_at=now
    )
    conversation, entry = record(conversation, SYSTEM, {"name": "ticket", "why": why}, now)
    return Change(conversation, (entry,), entry)


def _merged(chat: Conversation, ticket: Conversation, facts: Facts, now: datetime) -> Change:
    """What the customer wrote goes on in the ticket; the chat closes and points there."""
    ticket, noted = record(ticket, SYSTEM, {"name": "merged_in", "number": chat.id}, now)
    entries: list[Entry] = [noted]
    files: list[str] = []
    for message in facts.written.get(chat.id, ()):
        entry = next_entry(
            ticket,
            now,
            kind="message",
            public=True,
            author="customer",
            author_id=message.author_id,
            text=message.text,
            html=message.html,
            data=_files_of(message),
        )
        ticket = advance(
            ticket,
            entry,
            preview=chat.preview,
            preview_by="customer",
            customer_messages=ticket.customer_messages + 1,
            last_customer_seq=entry.seq,
            last_customer_at=now,
            waiting_since=ticket.waiting_since or now,
        )
        entries.append(entry)
        files += [file["id"] for file in (entry.data or {}).get("files", ())]
    chat = chat._replace(linked_to=ticket.id)
    chat, merged = record(chat, SYSTEM, {"name": "merged", "number": ticket.id}, now)
    chat, closed = ended(chat, SYSTEM, f"its messages are part of #{ticket.id} now", now)
    return Change(
        chat,
        (merged, closed, *entries),
        closed,
        others=(ticket,),
        moved_files=tuple((file_id, ticket.id) for file_id in files),
    )


def _files_of(message: Entry) -> dict[str, Any] | None:
    """What goes along with a message: its files. What it quotes has another number there."""
    files = (message.data or {}).get("files")
    return {"files": files} if files else None


def superseded(ticket: Conversation, chat_id: int, now: datetime) -> tuple[Conversation, Entry]:
    """Its customer is being answered in a chat (TICKET-7)."""
    return ended(
        ticket._replace(linked_to=chat_id),
        SYSTEM,
        f"the customer is connected to an agent in #{chat_id}",
        now,
    )


def archived(conversation: Conversation, now: datetime) -> Change:
    """TICKET-5: out of the queues, found by search, read only."""
    conversation = conversation._replace(state="archived", state_at=now, waiting_since=None)
    conversation, entry = record(conversation, SYSTEM, {"name": "archived"}, now)
    return Change(conversation, (entry,), entry)
