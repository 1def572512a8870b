"""What a batch leaves for the customers: mails, messages for channels, surveys and their answers (LIFE-13)."""

from datetime import datetime

from deskbell.domain.conversation import Change, Dispatch, Letter, Rating, Survey, Transcript
from deskbell.kit.postgres import Connection
from deskbell.store import dispatches, letters, surveys


class Outgoing:
    def __init__(self) -> None:
        self._letters: list[Letter] = []
        self._dispatches: list[Dispatch] = []
        self._transcripts: list[Transcript] = []
        self._surveys: list[Survey] = []
        self._ratings: list[Rating] = []

    def note(self, change: Change) -> None:
        self._letters.extend(change.letters)
        self._dispatches.extend(change.dispatches)
        self._transcripts.extend(change.transcripts)
        self._surveys.extend(change.surveys)
        if change.rating is not None:
            self._ratings.append(change.rating)

    @property
    def sends(self) -> bool:
        """Whether something goes out over a channel."""
        return bool(self._dispatches)

    async def save(self, connection: Connection, now: datetime) -> None:
        """In the transaction of the changes, once they are written: each needs what was written before it."""
        if self._letters:
            await letters.save(connection, self._letters, now)
        if self._dispatches:
            await dispatches.save(connection, self._dispatches, now)
        if self._surveys:
            await surveys.ask(connection, self._surveys, now)
        if self._transcripts:
            await letters.save_transcripts(connection, self._transcripts, now)
        for rating in self._ratings:
            await surveys.rate(connection, rating, now)
