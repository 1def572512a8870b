"""What customers of services may be shown: that their message was read, that somebody types. Best effort, never stored."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

TYPING_EVERY_S = 20.0
KEPT = 1_000


class ToShow(NamedTuple):
    """`seq`: up to which the agent has read, 0 for all there is."""

    conversation_id: int
    seq: int
    typing: bool


class Shown:
    """Gathers what the desk sees; `take` gives it to who calls the services. Too much is forgotten, the oldest first."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._now = monotonic
        self._waiting: OrderedDict[int, ToShow] = OrderedDict()
        self._typed_at: OrderedDict[int, float] = OrderedDict()
        self.wake = asyncio.Event()

    def read(self, conversation_id: int, seq: int) -> None:
        had = self._waiting.get(conversation_id)
        if had is None:
            self._note(ToShow(conversation_id, seq, False))
        elif had.seq:
            self._note(had._replace(seq=max(had.seq, seq)))

    def types(self, conversation_id: int) -> None:
        now = self._now()
        if now - self._typed_at.get(conversation_id, -TYPING_EVERY_S) < TYPING_EVERY_S:
            return
        self._typed_at[conversation_id] = now
        self._typed_at.move_to_end(conversation_id)
        if len(self._typed_at) > KEPT:
            self._typed_at.popitem(last=False)
        self._note(ToShow(conversation_id, 0, True))

    def _note(self, one: ToShow) -> None:
        self._waiting[one.conversation_id] = one
        if len(self._waiting) > KEPT:
            self._waiting.popitem(last=False)
        self.wake.set()

    def take(self) -> list[ToShow]:
        found = list(self._waiting.values())
        self._waiting.clear()
        self.wake.clear()
        return found
