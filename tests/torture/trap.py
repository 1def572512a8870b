"""A trap on the wire between a node and PostgreSQL: it springs at the commit of one certain message.

So a node can be killed, or its link be cut, at exactly the moment the promise "ack means durable" turns on, without
a line of test code in the server.
"""

from collections.abc import Callable
from enum import Enum

from tests.torture.proxy import FaultProxy, Link

COMMITTED = b"Z\x00\x00\x00\x05I"
"""PostgreSQL is ready for the next query and in no transaction: what came before is committed."""


class Moment(Enum):
    """When it springs: the message is not carried to PostgreSQL, or the answer to its commit is not carried back."""

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
        marked = outward and self._marker in data
        if marked:
            self._link = link
        if self._moment is Moment.BEFORE_COMMIT:
            now = marked
        else:
            now = not outward and link is self._link and data.endswith(COMMITTED)
        if now:
            self.sprung = True
            self._spring(link)
        return not now
