"""The events of a thread (LIFE-19): a name, its values, and a plain sentence for staff.

Customers see only the events of PUBLIC, and of those only the values named there.
"""

from collections.abc import Mapping
from typing import Any

PUBLIC: Mapping[str, tuple[str, ...]] = {
    "started": (),
    "queued": (),
    "assigned": ("agent",),
    "closed": ("by",),
    "revived": (),
    "ticket": (),
    "accepted": ("agent",),
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


_SENTENCES = {
    "started": lambda d: "Chat started" + (f" for {d['department']}" if d.get("department") else ""),
    "queued": lambda d: "All available agents are full: waiting in the queue",
    "assigned": lambda d: f"Given to {d['agent']}: {d['why']}",
    "closed": _closed,
    "revived": lambda d: "The customer wrote again: the conversation is open once more",
    "ticket": lambda d: f"Became a ticket: {d['why']}",
    "accepted": lambda d: f"{d['agent']} accepted the ticket",
    "department": lambda d: f"{d['who']} changed the department to {d['to'] or 'none'}",
    "labels": _labels,
}
