"""Who may see and do what with a conversation: the one place that says so, for every door (PEOPLE-1).

Each `why_not_...` answers None (allowed) or the plain reason.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from .conversation import Conversation
from .facts import Facts
from .people import Actor, Customer, Staff

PLAIN_REPLY_AFTER_CLOSE = timedelta(hours=24)  # LIFE-10, fixed


BY_MAIL = frozenset({"web", "email"})
"""Channels whose tickets, and what was closed long ago, are answered by e-mail."""
OPTED_OUT = "This customer has opted out: nobody writes to them until they write first."
COMMENTED = frozenset({"live", "pending"})  # TEAM-1: pending counts as live


def may_see(actor: Actor, conversation: Conversation) -> bool:
    """An agent sees what is theirs or offered to them, chats they are tagged in, and tickets of their departments that
    nobody has; supervisors see everything."""
    if isinstance(actor, Customer):
        return conversation.customer_id == actor.id
    if isinstance(actor, Staff):
        if actor.supervises or actor.id in watchers(conversation):
            return True
        return any(not department or department in actor.departments for department in halls(conversation))
    return True


def watchers(conversation: Conversation) -> tuple[int, ...]:
    """Staff who see it as their own, or because somebody offered it to them or named them. The owner first, or 0."""
    c = conversation
    owner = c.owner_id or 0
    if c.offered_to is None and c.transfer_to is None and not c.mentioned:
        return (owner,)
    return tuple(dict.fromkeys((owner, *(x for x in (c.offered_to, c.transfer_to) if x), *c.mentioned)))


def halls(conversation: Conversation) -> tuple[int, ...]:
    """Departments (0: all) whose agents see it because nobody has it yet, or it is offered to all of them."""
    c = conversation
    if c.owner_id is None and c.state in ("unassigned", "archived"):
        return (c.department_id or 0,)
    return () if c.transfer_department is None else (c.transfer_department,)


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
    actor: Staff, conversation: Conversation, names: Mapping[int, str], now: datetime, email: str = ""
) -> str | None:
    """Only the owner writes to the customer; a supervisor assigns the chat to themselves first (SUPERVISOR-1).

    `email`: the customer's address, for what was closed long ago; channels with an outbox have their own limits (reach.py).
    """
    reason = why_not_send(actor, conversation, names)
    if reason:
        return reason
    if conversation.channel in BY_MAIL and is_long_closed(conversation, now) and not email:
        return (
            "This conversation was closed 24 hours ago or more, and no e-mail address is known: "
            "only the customer can open it again."
        )
    return None


def why_not_send(actor: Staff, conversation: Conversation, names: Mapping[int, str]) -> str | None:
    """Whether it is theirs to send anything, a template for one, whatever the clock says."""
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
    return None


def is_long_closed(conversation: Conversation, now: datetime) -> bool:
    """Closed so long ago that no ordinary message goes there any more (LIFE-10)."""
    closed_at = conversation.closed_at
    if conversation.state != "closed" or closed_at is None:
        return False
    return now - closed_at >= PLAIN_REPLY_AFTER_CLOSE


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


def why_not_block(actor: Staff, conversation: Conversation) -> str | None:
    """BLOCK-1: customers one deals with."""
    if conversation.state == "archived":
        return "This conversation is archived: it can only be read."
    if conversation.owner_id == actor.id or actor.supervises or conversation.state == "unassigned":
        return None
    return "Only its owner or a supervisor blocks the customer."


def why_not_link(actor: Staff, conversation: Conversation, names: Mapping[int, str]) -> str | None:
    """TICKET-8: from chats that somebody has or had."""
    if conversation.kind != "chat" or conversation.state in ("queued", "offered", "archived"):
        return "Linked tickets are made from chats in somebody's hands."
    if conversation.owner_id == actor.id or actor.supervises:
        return None
    return f"This chat belongs to {names.get(conversation.owner_id or 0, 'somebody else')}."


def why_not_delete_note(actor: Staff, author_id: int) -> str | None:
    """A note on a customer's profile stays until its author or a supervisor deletes it (TEAM-7)."""
    if actor.id == author_id or actor.supervises:
        return None
    return "Only its author or a supervisor deletes a note."


def who_has(conversation: Conversation, names: Mapping[int, str]) -> str:
    """For somebody who comes too late: how it stands now, in a sentence."""
    owner = names.get(conversation.owner_id or 0)
    if conversation.state in ("closed", "archived"):
        return f"This {conversation.kind} is closed."
    return f"{owner} has this {conversation.kind} now." if owner else "It is not offered to you any more."


def why_not_flag(actor: Staff, conversation: Conversation) -> str | None:
    """LIFE-5: chats that somebody has or had. A flag goes along when the customer comes back, and can be taken away."""
    if conversation.state == "archived":
        return "This conversation is archived: it can only be read."
    waits = conversation.kind != "chat" or conversation.state in ("queued", "offered")
    if waits and conversation.flagged_at is None:
        return "Only chats in somebody's hands are flagged."
    if conversation.owner_id == actor.id or actor.supervises:
        return None
    return "Only its owner or a supervisor flags a chat."


def why_not_pend(
    actor: Staff, conversation: Conversation, names: Mapping[int, str], *, on: bool
) -> str | None:
    """LIFE-8: its owner marks; its owner or a supervisor unmarks."""
    if conversation.state != ("live" if on else "pending"):
        return "Only a live chat is marked pending." if on else "This chat is not pending."
    if conversation.owner_id == actor.id or (actor.supervises and not on):
        return None
    return f"This chat belongs to {names.get(conversation.owner_id or 0, 'somebody else')}."


def why_not_transfer(actor: Staff, conversation: Conversation, names: Mapping[int, str]) -> str | None:
    """LIFE-14, TICKET-6."""
    if conversation.kind == "ticket":
        return "Tickets are not transferred: a supervisor assigns them."
    if conversation.state not in ("live", "pending"):
        return "Only a live or pending chat is transferred."
    if conversation.in_transfer:
        return "A transfer of this chat is under way already."
    if conversation.owner_id == actor.id or actor.supervises:
        return None
    return f"This chat belongs to {names.get(conversation.owner_id or 0, 'somebody else')}."


def may_answer_transfer(actor: Staff, conversation: Conversation) -> bool:
    if not conversation.in_transfer or actor.id == conversation.owner_id:
        return False
    return conversation.transfer_to == actor.id or conversation.transfer_department in actor.departments


def why_not_assign(actor: Staff, conversation: Conversation) -> str | None:
    """LIFE-15, TICKET-6: supervisors only."""
    if not actor.supervises:
        return "Only supervisors assign."
    if conversation.state in ("closed", "archived"):
        return f"This {conversation.kind} is closed."
    return None


def why_not_comment(actor: Staff, conversation: Conversation) -> str | None:
    """TEAM-1, TEAM-4: on live chats; its owner, whoever is tagged, and supervisors."""
    if conversation.state not in COMMENTED:
        return "Comments are made on live and pending chats only."
    if actor.supervises or actor.id == conversation.owner_id or actor.id in conversation.mentioned:
        return None
    return "Only its owner, those who are tagged and supervisors comment on a chat."


MANAGED_BY = {
    "staff": ("admin",),
    "departments": ("admin",),
    "sites": ("admin",),
    "preferences": ("supervisor", "admin"),
    "closing tags": ("supervisor", "admin"),
    "caught mail": ("supervisor", "admin"),
    "canned replies": ("supervisor", "admin"),
    "labels": ("supervisor", "admin"),
    "blocks": ("supervisor", "admin"),
    "customers": ("supervisor", "admin"),
    "customer fields": ("supervisor", "admin"),
    "channels": ("admin",),
    "channel states": ("supervisor", "admin"),
}
"""What belongs to the desk as a whole, and the roles that change it."""


def why_not_manage(actor: Staff, what: str) -> str | None:
    """May they change something of MANAGED_BY? Whoever is on the staff may read departments and the team."""
    roles = MANAGED_BY[what]
    if actor.role in roles:
        return None
    return f"Only {' or '.join(roles)} may manage {what}."
