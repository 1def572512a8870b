"""The mail digest: what a person has not read for five minutes goes to their address (TEAM-6).

Sent first, marked after: a crash in between may send a digest twice, with one Message-ID, and never loses it
(docs/decisions/0008-mail-digest.md). Safe to run on every node: one at a time sends.
"""

from datetime import datetime, timedelta

from deskbell.domain.notices import sentence
from deskbell.kit.clock import Clock
from deskbell.kit.logs import Log
from deskbell.kit.mail import Mail, MailError, Post
from deskbell.kit.postgres import Connection
from deskbell.store import notifications
from deskbell.store.notifications import Due, Stored
from deskbell.store.types import Pool

log = Log()

UNREAD_FOR = timedelta(minutes=5)
APART = timedelta(minutes=15)
NEWS_FOR = timedelta(days=1)
LINES = 50


class Digests:
    """Who could not be mailed is tried again after APART, for as long as it is news."""

    def __init__(self, pool: Pool, post: Post, clock: Clock, address: str) -> None:
        """`address`: of the desk, for links."""
        self._pool = pool
        self._post = post
        self._clock = clock
        self._address = address
        self._refused: dict[int, datetime] = {}

    async def send(self) -> int:
        """Send what is due now, unless another node is at it. How many mails went."""
        async with self._pool.acquire() as connection:
            if not await notifications.try_alone(connection):
                return 0
            try:
                return await self._send(connection)
            finally:
                await self._post.rest()
                if not connection.is_closed():
                    await notifications.leave_alone(connection)

    async def _send(self, connection: Connection) -> int:
        now = self._clock.now()
        self._refused = {who: at for who, at in self._refused.items() if now - at < APART}
        sent = 0
        for person in await notifications.digests_due(
            connection, now - UNREAD_FOR, now - NEWS_FOR, now - APART
        ):
            if person.staff_id in self._refused:
                continue
            try:
                sent += await self._send_to(connection, person, now)
            except MailError as error:
                log.warning("digest_failed", staff=person.staff_id, error=str(error))
                if not error.refused:  # nobody's mail goes just now
                    break
                self._refused[person.staff_id] = now
        return sent

    async def _send_to(self, connection: Connection, person: Due, now: datetime) -> int:
        found = await notifications.digest_of(connection, person.staff_id, now - UNREAD_FOR, now - NEWS_FOR)
        if not found:  # read a moment ago
            return 0
        await self._post.send(digest(person, found, self._address), now)
        await notifications.mailed(connection, [one.id for one in found], now)
        return 1


def digest(person: Due, found: list[Stored], address: str) -> Mail:
    """Who, what, number and link of each; never a text of anybody."""
    many = len(found) > 1
    subject = f"{len(found)} notifications wait for you" if many else "A notification waits for you"
    lines = [f"Hello {person.name},", "", "you have not read yet:", ""]
    for one in found[:LINES]:
        lines += [f"- {sentence(one.kind, one.data, one.conversation_id)}"]
        lines += [f"  {one.at:%d %B, %H:%M} UTC, {address}/live/{one.conversation_id}", ""]
    if len(found) > LINES:
        lines += [f"and {len(found) - LINES} more, at {address}/", ""]
    lines += ["You can switch these mails off in the desk: your picture, Notifications."]
    return Mail(person.email, subject, "\n".join(lines) + "\n", f"digest-{person.staff_id}-{found[-1].id}")
