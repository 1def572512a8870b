"""Who is on the sites now, for those of the staff who look: what changed, every few seconds, to all of them at once."""

from datetime import timedelta

from deskbell.kit.clock import Clock, milliseconds
from deskbell.kit.postgres import Pool
from deskbell.realtime.connection import Connection
from deskbell.realtime.frames import encode
from deskbell.realtime.hub import Hub
from deskbell.realtime.presence_frames import LiveVisitor, VisitorsFrame
from deskbell.store import live_visitors as rows
from deskbell.store.live_visitors import Live

from .device import in_words

EVERY_S = 2
HERE = timedelta(seconds=60)
"""A browser not heard of for this long has gone: loaders report every 15 seconds."""
MOST = 500


class LiveVisitors:
    """The database says who is here, whichever node heard them. Nobody looks: nothing is read."""

    def __init__(self, pool: Pool, clock: Clock, hub: Hub) -> None:
        self._pool = pool
        self._clock = clock
        self._hub = hub
        self._told: dict[int, LiveVisitor] = {}
        self._count = 0

    async def now(self) -> VisitorsFrame:
        """All who are here, at most MOST of them, and how many there are."""
        since = self._clock.now() - HERE
        found = await rows.here(self._pool, since, MOST)
        count = len(found) if len(found) < MOST else await rows.count(self._pool, since)
        return VisitorsFrame(count, [_shown(row) for row in found], [])

    async def follow(self, connection: Connection) -> None:
        """This socket is told from now on, first of everybody."""
        if not self._hub.visitor_watchers:
            found = await self.now()
            self._told, self._count = {row.id: row for row in found.rows}, found.count
        connection.push(encode(VisitorsFrame(self._count, list(self._told.values()), [], all=True)))
        self._hub.visitor_watchers.add(connection)

    def unfollow(self, connection: Connection) -> None:
        self._hub.visitor_watchers.discard(connection)

    async def look(self) -> None:
        """Tell the watchers what is not as they know it."""
        watchers = self._hub.visitor_watchers
        if not watchers:
            self._told = {}
            return
        found = await self.now()
        here = {row.id: row for row in found.rows}
        changed = [row for row in found.rows if self._told.get(row.id) != row]
        gone = [visitor_id for visitor_id in self._told if visitor_id not in here]
        if changed or gone or found.count != self._count:
            frame = encode(VisitorsFrame(found.count, changed, gone))
            for connection in list(watchers):
                connection.push(frame)
        self._told, self._count = here, found.count


def _shown(row: Live) -> LiveVisitor:
    return LiveVisitor(
        id=row.id,
        site=row.site_id,
        url=row.url,
        title=row.title,
        page_at=milliseconds(row.page_at),
        started_at=milliseconds(row.started_at),
        pages=row.pages,
        visits=row.visits,
        referrer=row.referrer,
        locale=row.locale,
        zone=row.time_zone,
        device=in_words(row.user_agent),
        chat=row.chat,
        owner=row.owner_id,
    )
