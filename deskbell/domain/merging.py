"""Two customers that are one person become one: by hand, by supervisors, never by itself."""

from datetime import datetime

from .commands import Command, MergeCustomers
from .conversation import Change, Conversation, Entry
from .errors import Refused
from .facts import Facts
from .people import Staff
from .standing import Merge
from .thread import record


def merge(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    """`conversation` is one of the customer who stays; every open one of either gets the event."""
    assert isinstance(command, MergeCustomers)
    actor, kept, gone = command.actor, conversation.customer_id, command.customer_id
    if not actor.supervises:
        raise Refused("forbidden", "Only supervisors merge customers.")
    if kept == gone:
        raise Refused("closed", "These are one customer already.")
    mine, theirs = (_open(facts, customer) for customer in (kept, gone))
    _check_alone(mine, theirs)
    data = {"name": "merged_customer", "who": actor.name, "customer": gone}
    conversation, answer = record(conversation, actor, data, now, command.client_id)
    others: list[Conversation] = []
    entries: list[Entry] = [answer]
    for other in (*mine, *theirs):
        if other.id != conversation.id:
            other, noted = _moved(other, kept, actor, data, now)
            others.append(other)
            entries.append(noted)
    return Change(conversation, tuple(entries), answer, others=tuple(others), standing=Merge(kept, gone))


def _open(facts: Facts, customer: int) -> list[Conversation]:
    ids = facts.belongings.get(customer, ())
    found = [facts.conversations[one] for one in ids if one in facts.conversations]
    return [one for one in found if one.customer_id == customer]


def _check_alone(mine: list[Conversation], theirs: list[Conversation]) -> None:
    """One open chat and one open converted ticket for a customer, always (LIFE-16, TICKET-7)."""
    if any(one.is_open_chat for one in mine) and any(one.is_open_chat for one in theirs):
        raise Refused("closed", "Both have an open chat. End one of them first.")
    if any(one.converted for one in mine) and any(one.converted for one in theirs):
        raise Refused("closed", "Both have an open ticket from a missed chat. Close one of them first.")


def _moved(
    conversation: Conversation, kept: int, actor: Staff, data: dict[str, object], now: datetime
) -> tuple[Conversation, Entry]:
    return record(conversation._replace(customer_id=kept), actor, data, now)
