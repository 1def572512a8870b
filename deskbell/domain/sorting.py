"""Department and labels: how a conversation is sorted, which moves it into nobody else's hands (CHAT-8, CHAT-9)."""

from datetime import datetime

from . import access
from .commands import ChangeDepartment, ChangeLabels, Command
from .conversation import Change, Conversation
from .errors import Refused
from .facts import Facts
from .people import Staff
from .thread import record


def change_department(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, ChangeDepartment)
    _check(command.actor, conversation)
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
    conversation, entry = record(conversation, command.actor, data, now, command.client_id)
    return Change(conversation, (entry,), entry, route=conversation.state == "queued")


def change_labels(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, ChangeLabels)
    _check(command.actor, conversation)
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
    conversation, entry = record(
        conversation._replace(labels=labels), command.actor, data, now, command.client_id
    )
    return Change(conversation, (entry,), entry)


def _check(actor: Staff, conversation: Conversation) -> None:
    reason = access.why_not_sort(actor, conversation)
    if reason:
        raise Refused("forbidden", reason)
