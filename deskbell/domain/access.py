"""Who may see and do what with a conversation: the one place that says so, for every door (PEOPLE-1).

Each `why_not_...` answers None (allowed) or the plain reason.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from .conversation import Conversation
from .facts import Facts
from .people import Actor, Customer, Staff

PLAIN_REPLY_AFTER_CLOSE = timedelta(hours=24)  # LIFE-10, fixed


def may_see(actor: Actor, conversation: Conversation) -> bool:
    """An agent sees what is theirs, and unassigned tickets of their departments; supervisors see everything."""
    if isinstance(actor, Customer):
        return conversation.customer_id == actor.id
    if isinstance(actor, Staff):
        if actor.supervises or conversation.owner_id == actor.id:
            return True
        if conversation.state == "unassigned":
            return conversation.department_id is None or conversation.department_id in actor.departments
        return False
    return True


def why_no_longer(actor: Actor, conversation: Conversation, facts: Facts) -> str | None:
    """For a stranger who has dealt with it before or could have accepted it: who has it now (LIFE-16, CHAT-13).

    None for everybody else: to them it does not exist.
    """
    if not isinstance(actor, Staff):
        return None
    department = conversation.department_id
    missed = conversation.state == "assigned" and (department is None or department in actor.departments)
    if not missed and (conversation.id, actor.id) not in facts.dealt:
        return None
    owner = facts.staff_names.get(conversation.owner_id or 0)
    return f"{owner} has this {conversation.kind} now." if owner else "This is in your hands no longer."


def why_not_write(
    actor: Staff, conversation: Conversation, names: Mapping[int, str], now: datetime
) -> str | None:
    """Only the owner writes to the customer; a supervisor assigns the chat to themselves first (SUPERVISOR-1)."""
    state = conversation.state
    if state == "archived":
        return "This conversation is archived: it can only be read."
    if state in ("queued", "offered"):
        return "This chat is still waiting for an agent."
    if state == "unassigned":
        return "Accept this ticket before you answer it."
    if conversation.owner_id != actor.id:
        owner = names.get(conversation.owner_id or 0, "somebody else")
        return f"This {conversation.kind} belongs to {owner}. Only its owner writes to the customer."
    closed_at = conversation.closed_at
    if state == "closed" and closed_at is not None and now - closed_at >= PLAIN_REPLY_AFTER_CLOSE:
        return "This conversation was closed 24 hours ago or more: it can no longer be answered here."
    return None


def why_not_close(actor: Staff, conversation: Conversation, names: Mapping[int, str]) -> str | None:
    if conversation.state in ("closed", "archived"):
        return "This conversation is closed already."
    if conversation.owner_id == actor.id or actor.supervises:
        return None
    owner = names.get(conversation.owner_id or 0)
    return f"This {conversation.kind} belongs to {owner}." if owner else "Nobody has accepted this yet."


def why_not_accept(actor: Staff, conversation: Conversation, names: Mapping[int, str]) -> str | None:
    if conversation.kind != "ticket":
        return "Only tickets are accepted."
    if conversation.state == "assigned":
        owner = names.get(conversation.owner_id or 0, "somebody else")
        return "You have this ticket already." if conversation.owner_id == actor.id else f"{owner} was first."
    return None if conversation.state == "unassigned" else "This ticket is closed."


def why_not_sort(actor: Staff, conversation: Conversation) -> str | None:
    """Changing the department or the labels."""
    if conversation.state == "archived":
        return "This conversation is archived: it can only be read."
    if conversation.owner_id == actor.id or actor.supervises or conversation.state == "unassigned":
        return None
    return "Only its owner or a supervisor changes this."


MANAGED_BY = {
    "staff": ("admin",),
    "departments": ("admin",),
    "sites": ("admin",),
    "preferences": ("supervisor", "admin"),
}
"""What belongs to the desk as a whole, and the roles that change it."""


def why_not_manage(actor: Staff, what: str) -> str | None:
    """May they change something of MANAGED_BY? Whoever is on the staff may read departments and the team."""
    roles = MANAGED_BY[what]
    if actor.role in roles:
        return None
    return f"Only {' or '.join(roles)} may manage {what}."
