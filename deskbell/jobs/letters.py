"""Replies and transcripts that go by e-mail (LIFE-10, LIFE-13, TICKET-9). Sent first, noted after: a crash in between
may send one twice, with the same Message-ID, and never loses it. Safe to run on every node: one at a time sends."""

import asyncio
from datetime import datetime, timedelta

from deskbell.channels.email import compose, words
from deskbell.channels.email.addressing import mail_key
from deskbell.channels.email.compose import House, Line, Matter, Question
from deskbell.desk.desk import Desk
from deskbell.domain.commands import NoteLetter
from deskbell.domain.errors import Refused
from deskbell.domain.people import SYSTEM
from deskbell.kit.clock import Clock
from deskbell.kit.files import FileStore
from deskbell.kit.logs import Log
from deskbell.kit.mail import Attachment, Mail, MailError, Post, own_sender
from deskbell.kit.postgres import Connection, Pool
from deskbell.kit.tokens import sign
from deskbell.settings import Settings
from deskbell.store import letters, mails
from deskbell.store.letters import Due, DueTranscript, Said

log = Log()

AT_ONCE = 50
CONNECTIONS = 8
WAITS = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720))
"""Between the tries; after the last one a mail is given up, and the thread says so."""
AWAY_FOR = timedelta(seconds=10)
"""When the server is away, nothing is tried for so long."""
IN_VIEW_FOR = timedelta(minutes=5)
"""How long a reply that came to an open widget waits there to be read before a mail goes."""
LOOK_AGAIN = timedelta(seconds=20)
TO_A_STRANGER = 20
"""Transcripts to one unverified address within a day: somebody may have typed another person's."""
LINKS_FOR = timedelta(days=30)
ATTACHED_BYTES = 7 * 1024 * 1024
"""Files of one reply that travel in the mail; what is more is linked."""
QUOTED_AMONG = 50


class Letters:
    def __init__(
        self, pool: Pool, post: Post, clock: Clock, desk: Desk, files: FileStore, settings: Settings
    ) -> None:
        self._pool = pool
        self._post = post
        self._clock = clock
        self._desk = desk
        self._files = files
        self._secret = settings.secret_key()
        self._house = House(
            settings.mail_base, own_sender(settings), mail_key(self._secret), settings.address
        )
        self._turn = asyncio.Semaphore(CONNECTIONS)
        self._away_until: datetime | None = None

    async def send(self) -> int:
        """Send what is due now, unless another node is at it. How many went."""
        if self._away():
            return 0
        async with self._pool.acquire() as connection:
            if not await letters.try_lock(connection):
                return 0
            try:
                return await self._send_all(connection)
            finally:
                await self._post.rest()
                if not connection.is_closed():
                    await letters.unlock(connection)

    def _away(self) -> bool:
        return self._away_until is not None and self._clock.now() < self._away_until

    async def _send_all(self, connection: Connection) -> int:
        """Page by page; each one found is sent, put off or given up, so the next page is another."""
        sent = 0
        while not self._away():
            now = self._clock.now()
            replies = await letters.due(connection, now, AT_ONCE)
            transcripts = await letters.transcripts_due(connection, now, AT_ONCE)
            found: list[Due | DueTranscript] = [*replies, *transcripts]
            if not found:
                break
            sent += sum(await asyncio.gather(*(self._settle(one) for one in found)))
        return sent

    async def _settle(self, letter: Due | DueTranscript) -> bool:
        """Whether it went."""
        async with self._turn:
            if self._away():
                return False
            now = self._clock.now()
            if isinstance(letter, Due) and await self._may_rest(letter, now):
                return False
            try:
                await self._send(letter, now)
            except MailError as error:
                await self._failed(letter, now, str(error), final=error.refused)
                if error.away:
                    self._away_until = now + AWAY_FOR
                return False
            except (
                ValueError,
                KeyError,
                TypeError,
                FileNotFoundError,
            ) as error:  # one bad mail stops no other
                log.exception("letter_not_composed", conversation=letter.conversation_id)
                await self._failed(letter, now, type(error).__name__, final=False)
                return False
            await self._note(letter, None)
            await letters.done(self._pool, letter, now, None)
            return True

    async def _may_rest(self, letter: Due, now: datetime) -> bool:
        """It was read in the widget, or is in view there (TICKET-9)."""
        if not letter.unless_read:
            return False
        if letter.read:
            await letters.done(self._pool, letter, now, None)
            return True
        if letter.delivered and now - letter.at < IN_VIEW_FOR:
            await letters.later(self._pool, letter, now + LOOK_AGAIN, None, counts=False)
            return True
        return False

    async def _send(self, letter: Due | DueTranscript, now: datetime) -> None:
        """Raises MailError."""
        if isinstance(letter, Due):
            mail = await self._reply(letter)
        else:
            await self._check_limit(letter)
            mail = await self._transcript(letter)
        seq = letter.seq if isinstance(letter, Due) else 0
        await mails.sent(self._pool, mail.message_id, letter.conversation_id, seq, letter.recipient, now)
        await self._post.send(mail, now)

    async def _check_limit(self, letter: DueTranscript) -> None:
        if letter.about.verified:
            return
        before = await letters.transcripts_before(self._pool, letter, letter.at - timedelta(days=1))
        if before >= TO_A_STRANGER:
            text = f"{TO_A_STRANGER} transcripts went to this unverified address within a day already"
            raise MailError(text, refused=True)

    async def _reply(self, letter: Due) -> Mail:
        about = await letters.said(
            self._pool, letter.conversation_id, letter.seq - QUOTED_AMONG, letter.seq, QUOTED_AMONG
        )
        one = about[-1]
        attached, linked = await self._attach(one)
        before = next((x for x in reversed(about[:-1]) if x.author == "customer"), None)
        line = self._line(one._replace(files=linked), letter.at)
        quoted = None if before is None else self._line(before._replace(files=[]), letter.at)
        return compose.reply(self._house, await self._matter(letter), line, quoted, attached)

    async def _attach(self, said: Said) -> tuple[list[Attachment], list[dict[str, object]]]:
        """Its files as far as they fit, and those that are linked instead."""
        attached: list[Attachment] = []
        linked: list[dict[str, object]] = []
        room = ATTACHED_BYTES
        for file in said.files:
            size = int(file["size"])
            if size > room:
                linked.append(file)
                continue
            content = b"".join([piece async for piece in self._files.read(str(file["id"]), 0, size)])
            attached.append(Attachment(str(file["name"]), str(file["type"]), content))
            room -= size
        return attached, linked

    async def _transcript(self, letter: DueTranscript) -> Mail:
        preferences = self._desk.directory.preferences
        said = await letters.said(self._pool, letter.conversation_id, letter.since, letter.seq)
        question = None
        if letter.survey is not None:
            usual = words.phrases(letter.about.locale)
            text = usual.question_csat if letter.survey == "csat" else usual.question_nps
            link = self._link(f"/survey/{letter.conversation_id}/{letter.seq}", "survey", letter)
            question = Question(letter.survey, preferences.survey_question or text, link)
        return compose.transcript(
            self._house,
            await self._matter(letter),
            [self._line(one, letter.at) for one in said],
            subject=preferences.transcript_subject,
            intro=preferences.transcript_intro,
            question=question,
            shortened=len(said) == letters.MESSAGES,
        )

    def _link(self, path: str, purpose: str, letter: DueTranscript) -> str:
        until = int((letter.at + LINKS_FOR).timestamp())
        signature = sign(self._secret, purpose, f"{letter.conversation_id}.{letter.seq}", until)
        return f"{self._house.address}{path}?sig={signature}"

    def _line(self, said: Said, at: datetime) -> Line:
        until = int((at + LINKS_FOR).timestamp())
        links = tuple((str(file["name"]), self._file_link(str(file["id"]), until)) for file in said.files)
        return Line(said.author, said.name, said.text, said.html, links, said.at)

    def _file_link(self, file_id: str, until: int) -> str:
        return f"{self._house.address}/api/widget/files/{file_id}?sig={sign(self._secret, 'file', file_id, until)}"

    async def _matter(self, letter: Due | DueTranscript) -> Matter:
        about = letter.about
        return Matter(
            number=letter.conversation_id,
            seq=letter.seq,
            to=letter.recipient,
            subject=about.subject,
            locale=about.locale,
            time_zone=about.time_zone,
            verified=about.verified,
            department=about.department,
            mail_address=about.mail_address,
            mail_name=about.mail_name,
            site=about.site,
            color=about.color,
            earlier=await letters.thread(self._pool, letter, compose.THREAD),
        )

    async def _failed(self, letter: Due | DueTranscript, now: datetime, error: str, *, final: bool) -> None:
        log.warning("letter_failed", conversation=letter.conversation_id, error=error)
        if letter.tries < len(WAITS) and not final:
            await letters.later(self._pool, letter, now + WAITS[letter.tries], error)
        else:
            await self._note(letter, error)
            await letters.done(self._pool, letter, now, error)

    async def _note(self, letter: Due | DueTranscript, error: str | None) -> None:
        """Say in the thread what became of it."""
        kind = "reply" if isinstance(letter, Due) else "transcript"
        known = f"letter-{letter.seq}" if kind == "reply" else f"transcript-{letter.seq}"
        command = NoteLetter(letter.conversation_id, letter.recipient, error, SYSTEM, known, kind, letter.seq)
        try:
            await self._desk.perform(command)
        except Refused as refused:
            log.warning("letter_not_noted", conversation=letter.conversation_id, code=refused.code)
