"""What stands at the far end of a desk in tests: a socket's client that writes down what it hears."""

import asyncio
import time
from typing import Any

import msgspec

from deskbell.domain.people import Customer, Staff
from deskbell.realtime.connection import Connection
from deskbell.realtime.hub import Hub


class Ear:
    """A real connection of the hub whose socket is a list. `slow` sockets take nothing until `relieve`."""

    def __init__(self, hub: Hub, who: Customer | Staff, *, slow: bool = False) -> None:
        self.connection = Connection(f"ear-{id(self)}", self._send, hub.mark_dirty)
        self.connection.heard_at = time.monotonic() + 3600
        self.closed: int | None = None
        self._hub = hub
        self._messages: list[str] = []
        self._taken = 0
        self._free = asyncio.Event()
        if not slow:
            self._free.set()
        hub.add(self.connection)
        if isinstance(who, Customer):
            self.connection.customer_id = who.id
            hub.join(hub.customers, who.id, self.connection)
        else:
            self._arrive(who)

    def _arrive(self, who: Staff) -> None:
        self.connection.staff_id = who.id
        self.connection.supervises = who.supervises
        self.connection.departments = who.departments
        self._hub.join(self._hub.agents, who.id, self.connection)
        for department in who.departments | {0}:
            self._hub.join(self._hub.departments, department, self.connection)

    async def _send(self, message: dict[str, Any]) -> None:
        if not self._free.is_set():
            await self._free.wait()
        if message["type"] == "websocket.close":
            self.closed = message["code"]
        else:
            self._messages.append(message["text"])

    def watch(self, conversation_id: int) -> None:
        """Follow a thread, as its customer or as staff."""
        topic = self._hub.public if self.connection.customer_id else self._hub.team
        self._hub.join(topic, conversation_id, self.connection)
        self.connection.conversations.add(conversation_id)

    def relieve(self) -> None:
        """Take what waits, and everything from now on."""
        self._free.set()

    def heard(self, *kinds: str) -> list[dict[str, Any]]:
        """Every frame so far (of these kinds), decoded, in order."""
        self._hub.flush()
        frames = [msgspec.json.decode(part) for text in self._messages for part in text.split("\n")]
        return [frame for frame in frames if not kinds or frame["t"] in kinds]

    def news(self) -> list[dict[str, Any]]:
        """Every frame since the last call, decoded, in order."""
        self._hub.flush()
        taken, self._taken = self._taken, len(self._messages)
        return [msgspec.json.decode(part) for text in self._messages[taken:] for part in text.split("\n")]

    def numbers(self, conversation_id: int) -> list[int]:
        """The numbers of the entries heard of one conversation, in order."""
        return [frame["e"]["seq"] for frame in self.heard("entry") if frame["c"] == conversation_id]

    def leave(self) -> None:
        self._hub.remove(self.connection)
