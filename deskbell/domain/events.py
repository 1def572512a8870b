"""The events of a thread (LIFE-19): a name, its values, and a plain sentence for staff.

Customers see only the events of PUBLIC, and of those only the values named there.
"""

from collections.abc import Callable, Mapping
from typing import Any

from .timers import in_words

PUBLIC: Mapping[str, tuple[str, ...]] = {
    "started": (),
    "queued": (),
    "assigned": ("agent",),
    "closed": ("by",),
    "revived": (),
    "ticket": (),
    "accepted": ("agent",),
    "passed": ("agent",),
    "transferred": ("agent",),
    "given": ("agent",),
    "merged": ("number",),
    "approached": ("agent",),
    "greeted": ("text",),
}


def is_public(name: str) -> bool:
    return name in PUBLIC


def public_values(data: Mapping[str, Any]) -> dict[str, Any]:
    """What the customer may see of an event's data."""
    name = data["name"]
    return {"name": name, **{key: data[key] for key in PUBLIC[name] if key in data}}


def sentence(data: Mapping[str, Any]) -> str:
    """The event in plain words for staff."""
    return _SENTENCES[data["name"]](data)


def _closed(data: Mapping[str, Any]) -> str:
    who = {"customer": "the customer", "system": "the system"}.get(data["by"], data.get("agent", "an agent"))
    return f"Closed by {who}" + (f": {data['reason']}" if data.get("reason") else "")


def _labels(data: Mapping[str, Any]) -> str:
    parts = []
    if data.get("added"):
        parts.append("added " + ", ".join(data["added"]))
    if data.get("removed"):
        parts.append("removed " + ", ".join(data["removed"]))
    return f"{data['who']} " + " and ".join(parts)


def _passed(data: Mapping[str, Any]) -> str:
    return f"No answer from {data['from']} for {in_words(data['minutes'])}: passed to {data['agent']}"


def _stuck(data: Mapping[str, Any]) -> str:
    return (
        f"No answer from {data['agent']} for {in_words(data['minutes'])}, and nobody else has room: "
        "supervisors were told"
    )


def _transfer(data: Mapping[str, Any]) -> str:
    return f"{data['who']} offered it to {data['to']}" + (f": {data['note']}" if data.get("note") else "")


def _given(data: Mapping[str, Any]) -> str:
    return f"{data['who']} assigned it to {data['agent']}" + (
        f", from {data['from']}" if data.get("from") else ""
    )


def _rated(data: Mapping[str, Any]) -> str:
    most = 5 if data["kind"] == "csat" else 10
    said = f": “{data['comment']}”" if data.get("comment") else ""
    return f"The customer {'changed the rating to' if data.get('again') else 'rated'} {data['score']} of {most}{said}"


def _fields(data: Mapping[str, Any]) -> str:
    parts = []
    if "subject" in data:
        parts.append(f"the subject to “{data['subject']}”" if data["subject"] else "no subject")
    if "priority" in data:
        parts.append(f"the priority to {data['priority']}")
    if "due" in data:
        parts.append(f"the due date to {data['due']}" if data["due"] else "no due date")
    return f"{data['who']} set " + " and ".join(parts)


def _revived(data: Mapping[str, Any]) -> str:
    without = f", without {data['left']}, who is not on the team any more" if data.get("left") else ""
    return f"The customer wrote again: the conversation is open once more{without}"


def _linked(data: Mapping[str, Any]) -> str:
    match data.get("way"):
        case "made":
            return f"{data['who']} created the linked ticket #{data['number']}"
        case "from":
            return f"{data['who']} created this ticket from chat #{data['number']}" + (
                f": {data['task']}" if data.get("task") else ""
            )
    return f"The earlier ticket #{data['number']} was closed: the customer is being answered here"


def _contact_changed(data: Mapping[str, Any]) -> str:
    said = f"{data['channel']}: the customer changed from {data['before']} to {data['after']}"
    return said + (f", from where customer {data['other']} has written already" if data.get("other") else "")


def _blocked(data: Mapping[str, Any]) -> str:
    what = "the customer and their IP address" if data["address"] else "the customer"
    return f"{data['who']} blocked {what} for 24 hours: {data['reason']}"


_SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "started": lambda d: "Chat started" + (f" for {d['department']}" if d.get("department") else ""),
    "queued": lambda d: "Nobody can take it just now: waiting in the queue",
    "assigned": lambda d: f"Given to {d['agent']}: {d['why']}",
    "closed": _closed,
    "revived": _revived,
    "ticket": lambda d: f"Became a ticket: {d['why']}",
    "accepted": lambda d: f"{d['agent']} accepted the ticket",
    "department": lambda d: f"{d['who']} changed the department to {d['to'] or 'none'}",
    "labels": _labels,
    "flagged": lambda d: f"{d['who']} flagged it",
    "unflagged": lambda d: f"{d['who']} took the flag away",
    "pending": lambda d: f"{d['who']} marked it pending: waiting for the customer",
    "unpended": lambda d: f"{d['who']} made it live again",
    "answered": lambda d: "The customer answered: live again",
    "passed": _passed,
    "stuck": _stuck,
    "offered": lambda d: f"Rings at {d['agent']} for {d['seconds']} seconds: {d['why']}",
    "declined": lambda d: f"{d['agent']} declined",
    "rang_out": lambda d: f"{d['agent']} did not answer within {d['seconds']} seconds",
    "transfer": _transfer,
    "transfer_declined": lambda d: f"{d['who']} declined the transfer",
    "transfer_cancelled": lambda d: f"{d['who']} cancelled the transfer",
    "transfer_back": lambda d: f"{d['to']} did not answer the transfer for {in_words(d['minutes'])}",
    "transferred": lambda d: f"{d['agent']} took it over from {d['from']}",
    "given": _given,
    "linked": _linked,
    "merged": lambda d: f"Added to the customer's open ticket #{d['number']}",
    "merged_in": lambda d: f"The customer tried again in #{d['number']}: added here",
    "mailed": lambda d: f"Sent by e-mail to {d['to']}",
    "mail_failed": lambda d: f"The e-mail to {d['to']} could not be delivered: {d['why']}",
    "transcript_asked": lambda d: f"{d['who']} asked for the transcript to be sent to {d['to']}",
    "transcript_sent": lambda d: f"Transcript sent to {d['to']}",
    "transcript_failed": lambda d: f"The transcript to {d['to']} could not be delivered: {d['why']}",
    "rated": _rated,
    "mail_ticket": lambda d: (
        f"Ticket by e-mail from {d['from']}" + (f" for {d['department']}" if d.get("department") else "")
    ),
    "mail_stranger": lambda d: (
        f"It was sent as an answer to #{d['number']}, but {d['from']} could not be matched to that: it stays apart"
    ),
    "mail_elsewhere": lambda d: (
        f"An answer from {d['from']} could not be matched to this customer: it became #{d['number']}"
    ),
    "mail_auto": lambda d: (
        f"An automatic answer came from {d['from']}" + (f": {d['subject']}" if d.get("subject") else "")
    ),
    "fields": _fields,
    "approached": lambda d: f"{d['agent']} began the chat",
    "greeted": lambda d: f"The site greeted them: {d['text']}",
    "sent_again": lambda d: f"{d['who']} sent message {d['seq']} once more",
    "not_sent": lambda d: f"{d['channel']} did not deliver a message: {d['why']}",
    "fate_unknown": lambda d: f"Nobody knows whether {d['channel']} took a message: {d['why']}",
    "reacted": lambda d: (
        f"The customer reacted with {d['emoji']}" if d.get("emoji") else "The customer took a reaction back"
    ),
    "edited": lambda d: f"The customer changed a message: {d['text']}",
    "withdrawn": lambda d: "The customer deleted a message",
    "attached": lambda d: "A file of a message has come",
    "not_attached": lambda d: f"A file of a message could not be fetched: {d['why']}",
    "contact_changed": _contact_changed,
    "archived": lambda d: "Archived after 90 days",
    "blocked": _blocked,
    "unblocked": lambda d: f"{d['who']} lifted the block",
    "merged_customer": lambda d: f"{d['who']} merged the customer with customer {d['customer']}",
    "opted_out": lambda d: "The customer opted out: nobody may write until they write first",
}
