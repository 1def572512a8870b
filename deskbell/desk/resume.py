"""Catching up: everything after a number, or the word that it is too much; never a part."""

from collections.abc import Callable, Sequence

from deskbell.domain.access import may_see
from deskbell.domain.channels import rules_of
from deskbell.domain.conversation import Conversation
from deskbell.domain.errors import NotFound
from deskbell.domain.people import Actor, Customer
from deskbell.kit.postgres import Pool
from deskbell.realtime.frames import (
    RESUME_LIMIT,
    BothMarks,
    Entry,
    Gap,
    QueuePlace,
    Resumed,
    SideMarks,
    VisitorView,
)
from deskbell.realtime.publication import Publication
from deskbell.store import conversations, deliveries
from deskbell.store.changes import Loaded
from deskbell.store.conversations import Line
from deskbell.store.deliveries import Stands

from .directory import Directory
from .present import entry_of, keep_of, publication_of, row_of, show_deliveries, view_of

TICKS = 200
"""Entries back, within which ticks are told again to who comes back."""


class Reader:
    """Reads threads for people, each only what they may see. Raises NotFound for anything else."""

    def __init__(
        self,
        pool: Pool,
        directory: Directory,
        place_of: Callable[[int], QueuePlace | None],
        know: Callable[[int, int], None],
    ) -> None:
        """`know` is told up to which number somebody has read who was joined before."""
        self._pool = pool
        self._directory = directory
        self._place_of = place_of
        self._know = know

    async def load(self, actor: Actor, conversation_id: int) -> Loaded:
        loaded = await conversations.get(self._pool, conversation_id)
        if loaded is None or not may_see(actor, loaded.conversation):
            raise NotFound
        return loaded

    async def resume(self, actor: Actor, conversation_id: int, since: int | None) -> Resumed | Gap:
        """Everything after `since` (None: only where things stand), or a Gap above the limit."""
        loaded = await self.load(actor, conversation_id)
        conversation, name = loaded
        self._know(conversation_id, conversation.last_seq)
        public = isinstance(actor, Customer)
        names = self._directory.names.staff
        lines = []
        if since is not None:
            lines = await conversations.after(
                self._pool, conversation_id, since, RESUME_LIMIT + 1, public=public
            )
            if len(lines) > RESUME_LIMIT:
                return Gap(conversation_id, since, conversation.last_seq)
        entries = [
            entry_of(line.entry, names, name, public=public, read_at=line.read_at)
            for line in _up_to(lines, conversation)
        ]
        answer = Resumed(conversation_id, entries, marks_of(conversation))
        if public:
            answer.view = self.view(conversation)
        else:
            await self.show_deliveries(conversation, entries)
            answer.s = row_of(conversation, name)
        return answer

    def goes_out(self, conversation: Conversation) -> bool:
        """Whether its messages are handed over to somebody else's service."""
        return rules_of(self._directory.channels, conversation.channel).outbox

    async def show_deliveries(self, conversation: Conversation, entries: Sequence[Entry]) -> None:
        """One query, and none where customers read in the widget or by mail."""
        if entries and self.goes_out(conversation):
            stands = await deliveries.of(self._pool, conversation.id, entries[0].seq, entries[-1].seq)
            show_deliveries(entries, stands)

    async def deliveries_up_to(self, conversation: Conversation, seq: int) -> list[Stands]:
        """How the newest messages up to `seq` stand: their ticks may have moved while somebody was away."""
        if not self.goes_out(conversation):
            return []
        return await deliveries.of(self._pool, conversation.id, max(0, seq - TICKS), seq)

    def view(self, conversation: Conversation) -> VisitorView:
        """As its customer sees it, with the place in the queue."""
        waits = conversation.state in ("queued", "offered")
        place = self._place_of(conversation.id) if waits else None
        return view_of(conversation, self._directory.names.staff, place)

    async def backfill(self, conversation_id: int, after: int) -> Publication | None:
        """What the hub has missed, as a publication; None if there is nothing."""
        loaded = await conversations.get(self._pool, conversation_id)
        if loaded is None:
            return None
        lines = await conversations.after(self._pool, conversation_id, after, RESUME_LIMIT + 1, public=False)
        if len(lines) > RESUME_LIMIT:
            raise LookupError("too much was missed to be pushed")
        lines = _up_to(lines, loaded.conversation)
        if not lines:
            return None
        publication = publication_of(
            loaded.conversation,
            loaded.conversation,
            [line.entry for line in lines],
            self._directory.names.staff,
            loaded.customer_name,
        )
        return publication._replace(keep=keep_of(loaded.conversation))  # it may have changed hands meanwhile


def _up_to(lines: list[Line], conversation: Conversation) -> list[Line]:
    """Without entries younger than the card they go with; those are on their way by themselves."""
    return [line for line in lines if line.entry.seq <= conversation.last_seq]


def marks_of(conversation: Conversation) -> BothMarks:
    c = conversation
    return BothMarks(
        SideMarks(c.customer_delivered, c.customer_read), SideMarks(c.agent_delivered, c.agent_read)
    )
