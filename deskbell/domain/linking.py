"""Linked tickets: made on purpose from a chat, which goes on (TICKET-8)."""

from datetime import datetime

from . import access
from .channels import rules_of
from .commands import Command, LinkTicket
from .conversation import Change, Conversation, Letter
from .errors import Refused
from .facts import Facts
from .standing import TypedEmail
from .thread import message, record, replied


def link(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    """A ticket of its own that belongs to whoever makes it; both threads name each other."""
    assert isinstance(command, LinkTicket)
    actor = command.actor
    reason = access.why_not_link(actor, conversation, facts.staff_names)
    if reason:
        raise Refused("forbidden", reason)
    if command.department_id is not None and command.department_id not in facts.departments:
        raise Refused("department", "This department does not exist.")
    if command.to_customer and conversation.customer_id in facts.opted_out:
        raise Refused("forbidden", access.OPTED_OUT)
    known = facts.emails.get(conversation.customer_id, "")
    email = known or command.email
    if not email:
        raise Refused("email", "A linked ticket needs the customer's e-mail address.")
    number = facts.numbers[conversation.id, actor.id, command.client_id]
    data = {"name": "linked", "way": "made", "who": actor.name, "number": number}
    conversation, answer = record(conversation, actor, data, now, command.client_id)
    ticket = Conversation(
        id=number,
        kind="ticket",
        state="assigned",
        channel="email" if rules_of(facts.channels, conversation.channel).outbox else conversation.channel,
        site_id=conversation.site_id,
        customer_id=conversation.customer_id,
        start_id=None,
        department_id=command.department_id,
        owner_id=actor.id,
        labels=command.labels,
        created_at=now,
        state_at=now,
        assigned_at=now,
        opened_at=now,
        ticket_at=now,
        linked_to=conversation.id,
        subject=command.subject,
        preview=command.subject,
        priority=command.priority,
    )
    data = {"name": "linked", "way": "from", "who": actor.name, "number": conversation.id}
    if not command.to_customer:
        data["task"] = command.text
    ticket, made = record(ticket, actor, data, now)
    change = Change(
        conversation,
        (answer, made),
        answer,
        others=(ticket,),
        standing=None if known else TypedEmail(conversation.customer_id, email),
    )
    return _with_message(change, ticket, command, email, now) if command.to_customer else change


def _with_message(
    change: Change, ticket: Conversation, command: LinkTicket, email: str, now: datetime
) -> Change:
    """What the agent wrote for the customer, who gets it by e-mail: their widget stays in the chat."""
    entry = message(ticket, command.actor, command.text, now)
    return change._replace(
        entries=(*change.entries, entry),
        others=(replied(ticket, entry),),
        letters=(Letter(ticket.id, entry.seq, email),),
    )
