"""Sockets whose visitor has not said yet who it is: anybody can open one, so their number is bounded."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

FROM_ALL = 2_000
FROM_ONE = 200
"""Of one address, or one IPv6 network: a whole school that comes back after a restart fits in."""


class Doorstep:
    """Of one node."""

    def __init__(self) -> None:
        self._from: Counter[str] = Counter()
        self._all = 0

    @contextmanager
    def place(self, address: str) -> Iterator[bool]:
        """Whether there is one; it is taken until the block ends."""
        if self._all >= FROM_ALL or self._from[address] >= FROM_ONE:
            yield False
            return
        self._all += 1
        self._from[address] += 1
        try:
            yield True
        finally:
            self._all -= 1
            self._from[address] -= 1
            if not self._from[address]:
                del self._from[address]
