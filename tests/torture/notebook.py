"""Which entries of which threads a client has, by number. Pure."""


class Notebook:
    """`have`: up to where without a hole. `shown`: read to the end on this connection; `asked`: to be read."""

    def __init__(self) -> None:
        self.have: dict[int, int] = {}
        self.shown: set[int] = set()
        self.asked: set[int] = set()
        self._ahead: dict[int, dict[int, int]] = {}

    @property
    def is_complete(self) -> bool:
        return self.asked <= self.shown

    def reconnect(self, asked: set[int]) -> None:
        """Nothing is shown yet on the new connection."""
        self._ahead.clear()
        self.shown.clear()
        self.asked = asked

    def forget(self, c: int) -> None:
        """It is not shown to us any more; what we have of it stays ours."""
        self.shown.discard(c)
        self.asked.discard(c)
        self._ahead.pop(c, None)

    def keep_ahead(self, c: int, seq: int, before: int) -> None:
        """An entry that follows one we do not have yet."""
        self._ahead.setdefault(c, {})[seq] = before

    def advance(self, c: int, seq: int) -> None:
        """We have all up to `seq`; and then what was pushed ahead of a hole that is now filled."""
        have = max(self.have.get(c, 0), seq)
        ahead = self._ahead.get(c, {})
        for number in sorted(ahead):
            if ahead[number] <= have:
                have = max(have, number)
        self.have[c] = have
