"""Blocking a customer for a day, and lifting that (BLOCK). Who is blocked hears one neutral sentence, whatever they try."""

from datetime import datetime, timedelta

from . import access
from .closing import ended
from .commands import BlockCustomer, Command, LiftBlock
from .conversation import Change, Conversation, Entry
from .errors import Refused
from .facts import Facts
from .people import Staff
from .standing import Block, Lift
from .thread import record

BLOCKED_FOR = timedelta(hours=24)  # BLOCK-1, fixed
REASON = "blocked"
"""The close reason of a chat that ended so: no survey, no transcript."""
NEUTRAL = "The chat is not available at the moment."


def refuse(customer_id: int, address: str, facts: Facts) -> None:
    """Raises Refused when this person, or an attempt from this address (BLOCK-2), is blocked."""
    if customer_id in facts.blocked or (address and address in facts.shut):
        raise Refused("unavailable", NEUTRAL)


def block(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, BlockCustomer)
    actor, customer = command.actor, conversation.customer_id
    reason = access.why_not_block(actor, conversation)
    if reason:
        raise Refused("forbidden", reason)
    if customer in facts.blocked:
        raise Refused("closed", "This customer is blocked already.")
    if not command.reason:
        raise Refused("empty", "A block needs a reason.")
    address = facts.addresses.get(customer) if command.address else None
    if command.address and address is None:
        raise Refused("address", "No IP address of this customer is known. Block them without it.")
    persons = facts.kin.get(customer, (customer,))
    data = {"name": "blocked", "who": actor.name, "reason": command.reason, "address": command.address}
    conversation, answer = record(conversation, actor, data, now, command.client_id)
    conversation, entries = _ended_if_chat(conversation, actor, now)
    entries = [answer, *entries]
    others = []
    for other_id in (one for person in persons for one in facts.belongings.get(person, ())):
        other = facts.conversations.get(other_id)
        if other is not None and other.id != conversation.id:
            other, noted = record(other, actor, data, now)
            other, closed = _ended_if_chat(other, actor, now)
            others.append(other)
            entries += [noted, *closed]
    return Change(
        conversation,
        tuple(entries),
        answer,
        route=True,
        others=tuple(others),
        standing=Block(persons, conversation.id, actor.id, command.reason, now + BLOCKED_FOR, address),
    )


def _ended_if_chat(
    conversation: Conversation, actor: Staff, now: datetime
) -> tuple[Conversation, list[Entry]]:
    if not conversation.is_open_chat:
        return conversation, []
    conversation, closed = ended(conversation, actor, REASON, now)
    return conversation, [closed]


def lift(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, LiftBlock)
    actor, customer = command.actor, conversation.customer_id
    if not actor.supervises:
        raise Refused("forbidden", "Only supervisors lift a block.")
    if customer not in facts.blocked:
        raise Refused("closed", "This customer is not blocked any more.")
    data = {"name": "unblocked", "who": actor.name}
    conversation, entry = record(conversation, actor, data, now, command.client_id)
    return Change(
        conversation, (entry,), entry, standing=Lift(facts.kin.get(customer, (customer,)), actor.id)
    )
