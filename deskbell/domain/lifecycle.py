"""The life of a conversation: one pure function from state and command to change (LIFE).

`decide` does no I/O and knows no clock. A refusal is a `Refused`. The same function serves people, channels and the clock.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from . import access, events
from .commands import (
    AcceptTicket,
    Assign,
    ChangeDepartment,
    ChangeLabels,
    CloseConversation,
    Command,
    KeepWaiting,
    OpenChat,
    StartChat,
    TurnIntoTicket,
    WriteMessage,
)
from .conversation import Change, Conversation, Entry, advance, next_entry, preview_of
from .errors import NotFound, Refused
from .facts import Facts
from .people import SYSTEM, Actor, Customer, Staff


def decide(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    """What `command` does to the locked `conversation`. Raises `Refused` when the rules say no."""
    if not access.may_see(command.actor, conversation):
        reason = access.why_no_longer(command.actor, conversation, facts)
        if reason:
            raise Refused("taken" if isinstance(command, AcceptTicket) else "forbidden", reason)
        raise NotFound
    return _RULES[type(command)](conversation, command, facts, now)


def begin(conversation_id: int, command: StartChat, facts: Facts, now: datetime) -> Change:
    """A new chat with its first message, waiting for routing to look at it (LIFE-1)."""
    if command.department_id is not None and command.department_id not in facts.departments:
        raise Refused("department", "This department does not exist.")
    conversation = Conversation(
        id=conversation_id,
        kind="chat",
        state="queued",
        channel=command.channel,
        site_id=command.site_id,
        customer_id=command.actor.id,
        start_id=command.client_id,
        department_id=command.department_id,
        owner_id=None,
        labels=(),
        created_at=now,
        state_at=now,
        queued_at=now,
    )
    data = {"name": "started", "department": facts.departments.get(command.department_id or 0, "")}
    conversation, started = _event(conversation, command.actor, data, now)
    message = WriteMessage(
        conversation_id, command.actor, command.client_id, command.text, None, command.files
    )
    change = _customer_writes(conversation, message, facts, now)
    return change._replace(entries=(started, *change.entries), route=True)


def _event(
    conversation: Conversation,
    actor: Actor,
    data: dict[str, Any],
    now: datetime,
    client_id: str | None = None,
) -> tuple[Conversation, Entry]:
    entry = next_entry(
        conversation,
        now,
        kind="event",
        public=events.is_public(data["name"]),
        author=actor.author,
        author_id=actor.id,
        client_id=client_id,
        text=events.sentence(data),
        data=data,
    )
    return advance(conversation, entry), entry


def _write(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, WriteMessage)
    if isinstance(command.actor, Customer):
        return _customer_writes(conversation, command, facts, now)
    reason = access.why_not_write(command.actor, conversation, facts.staff_names, now)
    if reason:
        raise Refused("forbidden", reason)
    files = _files_of(command, facts)
    entry = _message(conversation, command, files, now)
    conversation = advance(
        conversation,
        entry,
        preview=preview_of(command.text, len(files)),
        preview_by="agent",
        agent_messages=conversation.agent_messages + 1,
        last_agent_seq=entry.seq,
        last_agent_at=now,
        waiting_since=None,
        opened_at=conversation.opened_at or now,
    )
    return Change(conversation, (entry,), entry, files=command.files)


def _customer_writes(
    conversation: Conversation, command: WriteMessage, facts: Facts, now: datetime
) -> Change:
    if conversation.state == "archived":
        raise Refused("closed", "This conversation is archived. Please start a new one.")
    route = conversation.state == "closed" and conversation.kind == "chat"
    if route and conversation.customer_id in facts.open_chats:
        raise Refused("closed", "You have a newer chat open. Please write there.")
    files = _files_of(command, facts)
    revived: tuple[Entry, ...] = ()
    if conversation.state == "closed":
        conversation, event = _revive(conversation, command.actor, now)
        revived = (event,)
    entry = _message(conversation, command, files, now)
    conversation = advance(
        conversation,
        entry,
        preview=preview_of(command.text, len(files)),
        preview_by="customer",
        customer_messages=conversation.customer_messages + 1,
        last_customer_seq=entry.seq,
        last_customer_at=now,
        waiting_since=conversation.waiting_since or now,
    )
    return Change(conversation, (*revived, entry), entry, route=route, files=command.files)


def _message(
    conversation: Conversation, command: WriteMessage, files: list[dict[str, Any]], now: datetime
) -> Entry:
    if not command.text and not files:
        raise Refused("empty", "An empty message is not sent.")
    return next_entry(
        conversation,
        now,
        kind="message",
        public=True,
        author=command.actor.author,
        author_id=command.actor.id,
        client_id=command.client_id,
        text=command.text,
        html=command.html,
        data={"files": files} if files else None,
    )


def _files_of(command: WriteMessage, facts: Facts) -> list[dict[str, Any]]:
    views = []
    for file_id in command.files:
        fact = facts.files.get(file_id)
        if fact is None or (fact.owner, fact.owner_id) != (command.actor.author, command.actor.id):
            raise Refused("file", "A file of this message is unknown. Please add it again.")
        if fact.conversation_id is not None:
            raise Refused("file", "A file of this message was sent already. Please add it again.")
        views.append(fact.view)
    return views


def _revive(conversation: Conversation, actor: Actor, now: datetime) -> tuple[Conversation, Entry]:
    """Only the customer's reply makes a closed conversation live again, under its old number (LIFE-10)."""
    if conversation.kind == "ticket":
        conversation = conversation._replace(state="assigned" if conversation.owner_id else "unassigned")
    else:
        conversation = conversation._replace(
            state="queued", owner_id=None, queued_at=now, queue_told=False, assigned_at=None, opened_at=None
        )
    conversation = conversation._replace(
        state_at=now, closed_at=None, closed_by=None, closed_by_id=None, close_reason=None
    )
    return _event(conversation, actor, {"name": "revived"}, now)


def _close(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, CloseConversation)
    actor = command.actor
    if isinstance(actor, Staff):
        reason = access.why_not_close(actor, conversation, facts.staff_names)
        if reason:
            raise Refused("closed" if conversation.state in ("closed", "archived") else "forbidden", reason)
    elif conversation.state in ("closed", "archived"):
        raise Refused("closed", "This conversation is closed already.")
    data = {"name": "closed", "by": actor.author, "reason": command.reason}
    if isinstance(actor, Staff):
        data["agent"] = actor.name
    conversation = conversation._replace(
        state="closed",
        state_at=now,
        closed_at=now,
        closed_by=actor.author,
        closed_by_id=actor.id if isinstance(actor, Staff) else None,
        close_reason=command.reason,
        waiting_since=None,
    )
    conversation, entry = _event(conversation, actor, data, now, command.client_id)
    return Change(conversation, (entry,), entry, route=conversation.kind == "chat")


def _open(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, OpenChat)
    if conversation.owner_id == command.actor.id and conversation.opened_at is None:
        conversation = conversation._replace(opened_at=now)
    return Change(conversation, ())


def _change_department(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, ChangeDepartment)
    _check_sorting(command.actor, conversation)
    if command.department_id is not None and command.department_id not in facts.departments:
        raise Refused("department", "This department does not exist.")
    if command.department_id == conversation.department_id:
        raise Refused("closed", "It is in this department already.")
    data = {
        "name": "department",
        "who": command.actor.name,
        "from": facts.departments.get(conversation.department_id or 0, ""),
        "to": facts.departments.get(command.department_id or 0, ""),
    }
    conversation = conversation._replace(department_id=command.department_id)
    conversation, entry = _event(conversation, command.actor, data, now, command.client_id)
    return Change(conversation, (entry,), entry, route=conversation.state == "queued")


def _change_labels(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, ChangeLabels)
    _check_sorting(command.actor, conversation)
    old = conversation.labels
    added = tuple(x for x in dict.fromkeys(command.add) if x not in old and x not in command.remove)
    removed = tuple(x for x in dict.fromkeys(command.remove) if x in old)
    if not added and not removed:
        raise Refused("closed", "The labels are like that already.")
    if len(old) + len(added) - len(removed) > 50:
        raise Refused("too_long", "A conversation carries at most 50 labels.")
    data = {
        "name": "labels",
        "who": command.actor.name,
        "added": [facts.labels.get(x, "?") for x in added],
        "removed": [facts.labels.get(x, "?") for x in removed],
    }
    labels = tuple(x for x in old if x not in removed) + added
    conversation, entry = _event(
        conversation._replace(labels=labels), command.actor, data, now, command.client_id
    )
    return Change(conversation, (entry,), entry)


def _check_sorting(actor: Staff, conversation: Conversation) -> None:
    reason = access.why_not_sort(actor, conversation)
    if reason:
        raise Refused("forbidden", reason)


def _accept(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, AcceptTicket)
    reason = access.why_not_accept(command.actor, conversation, facts.staff_names)
    if reason:
        raise Refused("taken" if conversation.state == "assigned" else "closed", reason)
    conversation = conversation._replace(
        state="assigned", state_at=now, owner_id=command.actor.id, assigned_at=now, opened_at=now
    )
    data = {"name": "accepted", "agent": command.actor.name}
    conversation, entry = _event(conversation, command.actor, data, now, command.client_id)
    return Change(conversation, (entry,), entry)


def _assign(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, Assign)
    if conversation.state != "queued":
        raise Refused("closed", "This chat does not wait for an agent.")
    conversation = conversation._replace(
        state="live", state_at=now, owner_id=command.agent_id, assigned_at=now, opened_at=None
    )
    agent = facts.staff_names.get(command.agent_id, "an agent")
    data = {"name": "assigned", "agent": agent, "why": command.why, "chats": command.chats}
    conversation, entry = _event(conversation, SYSTEM, data, now)
    return Change(conversation, (entry,), entry)


def _keep_waiting(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    if conversation.state != "queued" or conversation.queue_told:
        raise Refused("closed", "This chat does not wait unseen.")
    conversation, entry = _event(conversation._replace(queue_told=True), SYSTEM, {"name": "queued"}, now)
    return Change(conversation, (entry,), entry)


def _turn_into_ticket(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, TurnIntoTicket)
    if conversation.state != "queued":
        raise Refused("closed", "This chat does not wait for an agent.")
    conversation = conversation._replace(kind="ticket", state="unassigned", state_at=now, owner_id=None)
    conversation, entry = _event(conversation, SYSTEM, {"name": "ticket", "why": command.why}, now)
    return Change(conversation, (entry,), entry)


_RULES: dict[type, Callable[[Conversation, Command, Facts, datetime], Change]] = {
    WriteMessage: _write,
    CloseConversation: _close,
    OpenChat: _open,
    ChangeDepartment: _change_department,
    ChangeLabels: _change_labels,
    AcceptTicket: _accept,
    Assign: _assign,
    KeepWaiting: _keep_waiting,
    TurnIntoTicket: _turn_into_ticket,
}
