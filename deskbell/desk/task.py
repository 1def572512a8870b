"""A command on its way, and whom to tell what came of it."""

from collections.abc import Callable

from deskbell.domain.commands import Command
from deskbell.domain.errors import Refused
from deskbell.kit.logs import Log
from deskbell.store.changes import Answer

log = Log()

Outcome = Answer | Refused


class Task:
    __slots__ = ("answer", "command")

    def __init__(self, command: Command, answer: Callable[[Outcome], None]) -> None:
        self.command = command
        self.answer = answer

    def settle(self, outcome: Outcome) -> None:
        try:
            self.answer(outcome)
        except Exception:
            log.exception("answer_failed")
