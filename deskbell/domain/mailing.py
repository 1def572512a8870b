"""Conversations that begin or go on by mail: tickets of their own, and what is only noted (CHANNEL-4)."""

from datetime import datetime

from .commands import Command, NoteMail, StartChat, TicketByMail, WriteMessage
from .conversation import Change, Conversation
from .facts import Facts
from .people import SYSTEM
from .thread import record


def ticket(
    conversation_id: int, command: StartChat, by_mail: TicketByMail, facts: Facts, now: datetime
) -> tuple[Conversation, Change, WriteMessage]:
    """The ticket with its first lines, and the message that is still to be written into it.

    Each mail that answers nothing is a ticket of its own: TICKET-7 is about chats that found nobody.
    """
    department = command.department_id if command.department_id in facts.departments else None
    conversation = Conversation(
        id=conversation_id,
        kind="ticket",
        state="unassigned",
        channel=command.channel,
        site_id=command.site_id,
        customer_id=command.actor.id,
        start_id=command.client_id,
        department_id=department,
        owner_id=None,
        labels=(),
        created_at=now,
        state_at=now,
        ticket_at=now,
        subject=by_mail.subject,
    )
    data = {
        "name": "mail_ticket",
        "from": by_mail.sender,
        "department": facts.departments.get(department or 0, ""),
    }
    conversation, entry = record(conversation, SYSTEM, data, now)
    entries = [entry]
    if by_mail.answers is not None:
        data = {"name": "mail_stranger", "from": by_mail.sender, "number": str(by_mail.answers)}
        conversation, entry = record(conversation, SYSTEM, data, now)
        entries.append(entry)
    message = WriteMessage(
        conversation_id,
        command.actor,
        command.client_id,
        command.text,
        None,
        command.files,
        carries={"mail": by_mail.mail},
    )
    return conversation, Change(conversation, tuple(entries)), message


def note(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    """A mail that is told of in the thread and changes nothing: no revival, no timer, no ring."""
    assert isinstance(command, NoteMail)
    data = {"name": "mail_auto" if command.automatic else "mail_elsewhere"}
    data |= {"from": command.sender, **dict(command.values)}
    conversation, entry = record(conversation, SYSTEM, data, now, command.client_id)
    return Change(conversation, (entry,), entry)
