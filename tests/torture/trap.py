"""A trap on the wire between a node and PostgreSQL: it springs at the COMMIT of one certain message.

So a node can be killed, or its link be cut, at exactly the moment the promise "ack means durable" turns on, without
a line of test code in the server.
"""

from collections.abc import Callable
from enum import Enum

from tests.torture.proxy import FaultProxy, Link

REQUEST = b"COMMIT"
DONE = b"COMMIT\x00"


class Moment(Enum):
    """When it springs: the request to commit is not carried, or the answer to it is not."""

    BEFORE_COMMIT = "before"
    AFTER_COMMIT = "after"


class CommitTrap:
    """Watches `proxy` for `marker` on its way to PostgreSQL; `spring` is called once, at `moment`."""

    def __init__(
        self, proxy: FaultProxy, marker: str, moment: Moment, spring: Callable[[Link], None]
    ) -> None:
        self.sprung = False
        self._marker = marker.encode()
        self._moment = moment
        self._spring = spring
        self._link: Link | None = None
        proxy.tap = self._carries

    def _carries(self, link: Link, data: bytes, outward: bool) -> bool:
        if self.sprung:
            return True
        if outward and self._marker in data:
            self._link = link
        sign = REQUEST if self._moment is Moment.BEFORE_COMMIT else DONE
        if link is not self._link or sign not in data or outward is (sign is DONE):
            return True
        self.sprung = True
        self._spring(link)
        return False
