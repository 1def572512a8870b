"""Refusals: what a rule says no to, with a code for programs and a sentence for people (docs/protocol.md)."""


class Refused(Exception):
    """A command that the rules do not allow. Nothing was changed."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class NotFound(Refused):
    """No such conversation, or none that this person may know of: the two are not told apart."""

    def __init__(self) -> None:
        super().__init__("not_found", "There is no such conversation.")
