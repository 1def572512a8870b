"""Replies that go by e-mail (LIFE-10). Sent first, noted after: a crash in between may send one twice, with the same
Message-ID, and never loses it. Safe to run on every node: one at a time sends."""

from datetime import timedelta

import structlog

from deskbell.desk.desk import Desk
from deskbell.domain.commands import NoteLetter
from deskbell.domain.errors import Refused
from deskbell.domain.people import SYSTEM
from deskbell.kit.clock import Clock
from deskbell.kit.mail import Mail, MailError, Post
from deskbell.kit.postgres import Connection, Pool
from deskbell.store import letters
from deskbell.store.letters import Due

log = structlog.get_logger()

AT_ONCE = 50
WAITS = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720))
"""Between the tries; after the last one a letter is given up, and the thread says so."""


class Letters:
    def __init__(self, pool: Pool, post: Post, clock: Clock, desk: Desk) -> None:
        self._pool = pool
        self._post = post
        self._clock = clock
        self._desk = desk

    async def send(self) -> int:
        """Send what is due now, unless another node is at it. How many went."""
        async with self._pool.acquire() as connection:
            if not await letters.try_lock(connection):
                return 0
            try:
                found = await letters.due(connection, self._clock.now(), AT_ONCE)
                return sum([await self._send(connection, letter) for letter in found])
            finally:
                if not connection.is_closed():
                    await letters.unlock(connection)

    async def _send(self, connection: Connection, letter: Due) -> bool:
        now = self._clock.now()
        try:
            await self._post.send(mail_of(letter), now)
        except MailError as error:
            log.warning("letter_failed", conversation=letter.conversation_id, error=str(error))
            if letter.tries < len(WAITS) and not error.refused:
                await letters.later(connection, letter, now + WAITS[letter.tries], str(error))
            else:
                await self._note(letter, str(error))
                await letters.done(connection, letter, now, str(error))
            return False
        await self._note(letter, None)
        await letters.done(connection, letter, now, None)
        return True

    async def _note(self, letter: Due, error: str | None) -> None:
        """Say in the thread what became of it."""
        command = NoteLetter(letter.conversation_id, letter.recipient, error, SYSTEM, f"letter-{letter.seq}")
        try:
            await self._desk.perform(command)
        except Refused as refused:
            log.warning("letter_not_noted", conversation=letter.conversation_id, code=refused.code)


def mail_of(letter: Due) -> Mail:
    greeting = f"Hello {letter.customer}," if letter.customer else "Hello,"
    text = f"{greeting}\n\n{letter.text}\n\n{letter.agent}\n"
    subject = f"Your conversation #{letter.conversation_id}"
    return Mail(letter.recipient, subject, text, f"letter-{letter.conversation_id}-{letter.seq}")
