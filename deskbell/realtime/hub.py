"""Who listens to what on this node, and the pushing to them. It never writes to the database.

Topics are kept apart by kind, so that a secret is kept by structure: a customer's socket is only ever joined
to `public`, and team frames are only ever pushed to `team`, `agents`, `departments` and `supervisors`.
"""

import asyncio
import time
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Iterable

from .connection import Connection
from .publication import Missing, Publication, card_of

HEADS_KEPT = 100_000
PARKED = 500  # news that waits for what is missing before it; beyond that, sockets resume by themselves
SILENCE_S = 45.0

Topic = dict[int, set[Connection]]
Backfill = Callable[[int, int], Awaitable[Publication | None]]


class Hub:
    def __init__(self) -> None:
        self.public: Topic = defaultdict(set)
        self.team: Topic = defaultdict(set)
        self.agents: Topic = defaultdict(set)
        self.departments: Topic = defaultdict(set)
        self.customers: Topic = defaultdict(set)
        self.supervisors: set[Connection] = set()
        self.visitor_watchers: set[Connection] = set()
        """Staff who look at who is on the sites."""
        self.connections: set[Connection] = set()
        self.backfill: Backfill | None = None
        self._heads: OrderedDict[int, int] = OrderedDict()
        self._only_read: set[int] = set()
        self._parked: dict[int, list[Publication | Missing]] = {}
        self._tasks: set[asyncio.Future[object]] = set()
        self._dirty: list[Connection] = []
        self._flush_at: asyncio.Handle | None = None

    # -- joining and leaving

    def add(self, connection: Connection) -> None:
        self.connections.add(connection)

    def join(self, topic: Topic, key: int, connection: Connection) -> None:
        topic[key].add(connection)

    def leave(self, topic: Topic, key: int, connection: Connection) -> None:
        members = topic.get(key)
        if members is not None:
            members.discard(connection)
            if not members:
                del topic[key]

    def remove(self, connection: Connection) -> None:
        """Forget a socket that is gone."""
        self.connections.discard(connection)
        self.supervisors.discard(connection)
        self.visitor_watchers.discard(connection)
        for conversation_id in connection.conversations:
            self.leave(self.public if connection.customer_id else self.team, conversation_id, connection)
        if connection.staff_id:
            self.leave(self.agents, connection.staff_id, connection)
            for department_id in connection.departments | {0}:
                self.leave(self.departments, department_id, connection)
        if connection.customer_id:
            self.leave(self.customers, connection.customer_id, connection)

    # -- entries, in order

    def listens(
        self, conversation_id: int, owners: Iterable[int], departments: Iterable[int], customer: int = 0
    ) -> bool:
        """Whether anybody here would get entries of this conversation."""
        return (
            conversation_id in self.public
            or conversation_id in self.team
            or customer in self.customers
            or bool(self.supervisors)
            or any(owner in self.agents for owner in owners)
            or any(department in self.departments for department in departments)
        )

    def publish(self, publication: Publication) -> None:
        """Push new entries, each number once and in order; a card without entries only while it is not outdated.

        Commits of one conversation are ordered by its row lock, but news of them may arrive here in another
        order (from this node and, over the bus, from others), twice, or not at all: a missing number is read
        from the database first.
        """
        if self._wait(publication):
            return
        head = self._heads.get(publication.conversation_id)
        if head is not None and publication.first > head + 1 and self.backfill is not None:
            self._park(publication, head)
        else:
            self._advance(publication, head)

    def missed(self, missing: Missing) -> None:
        """Entries exist, but they did not come along: read and push them."""
        if self._wait(missing):
            return
        head = self._heads.get(missing.conversation_id)
        if self.backfill is not None and (head is None or missing.last > head):
            self._park(missing, missing.first - 1 if head is None else head)

    def know(self, conversation_id: int, last: int) -> None:
        """A socket has just read up to `last`: what comes before it is not missing here.

        Others may still have to be told of that very last one, when its news is on its way: see `_tell_lists`.
        """
        if conversation_id not in self._heads:
            self._heads[conversation_id] = last
            self._only_read.add(conversation_id)
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        if len(self._heads) > HEADS_KEPT:
            self._only_read.discard(self._heads.popitem(last=False)[0])

    def skip(self, conversation_id: int, last: int) -> None:
        """Nobody here listens: whoever comes later reads these from the database."""
        head = self._heads.get(conversation_id)
        if head is not None and head < last and conversation_id not in self._parked:
            self._heads[conversation_id] = last

    def head_of(self, conversation_id: int) -> int | None:
        return self._heads.get(conversation_id)

    def _wait(self, news: Publication | Missing) -> bool:
        """Whether this has to wait for what is being read just now."""
        parked = self._parked.get(news.conversation_id)
        if parked is None:
            return False
        parked.append(news)
        if len(parked) > PARKED:
            parked.clear()
            self.resync(news.conversation_id)
        return True

    def _park(self, news: Publication | Missing, head: int) -> None:
        self._parked[news.conversation_id] = [news]
        self.spawn(self._fill(news.conversation_id, head))

    def _advance(self, publication: Publication, head: int | None) -> None:
        if publication.team:
            if head is not None:
                if publication.last <= head:
                    self._tell_lists(publication)
                    return
                publication = _after(publication, head)
            self._only_read.discard(publication.conversation_id)
            self._heads[publication.conversation_id] = publication.last
            self._heads.move_to_end(publication.conversation_id)
            self._forget_oldest()
        elif head is not None and publication.first <= head:
            return
        self._push(publication)

    async def _fill(self, conversation_id: int, head: int) -> None:
        assert self.backfill is not None
        try:
            found = await self.backfill(conversation_id, head)
        except Exception:  # the database is away: whoever lacks something will resume
            found = None
        waiting = sorted(self._parked.pop(conversation_id, ()), key=lambda news: news.first)
        if found is None:
            self.resync(conversation_id)
        else:
            owners = dict.fromkeys(owner for news in (found, *waiting) for owner in news.owners)
            departments = dict.fromkeys(d for news in (found, *waiting) for d in news.departments)
            self._advance(
                found._replace(owners=tuple(owners), departments=tuple(departments)),
                self._heads.get(conversation_id),
            )
        for news in waiting:
            if isinstance(news, Publication):
                if found is None or not news.team or news.last > found.last:  # else it went out just now
                    self.publish(news)
            elif found is not None:
                self.missed(news)

    def resync(self, conversation_id: int) -> None:
        """Close the sockets that follow this conversation, to resume it from the database."""
        self._heads.pop(conversation_id, None)
        self._only_read.discard(conversation_id)
        for connection in (*self.public.get(conversation_id, ()), *self.team.get(conversation_id, ())):
            connection.close(1001, "Please reconnect.", 500)

    def _push(self, publication: Publication) -> None:
        staff = self.team_of(publication.conversation_id, publication.owners, publication.departments)
        if staff:
            frames = publication.team if publication.row is None else (*publication.team, publication.row)
            data = frames[0] if len(frames) == 1 else b"\n".join(frames)
            for connection in staff:
                connection.push(data)
            self._unjoin_strangers(publication)
        if publication.customer:
            self._join_beginner(publication)
        visitors = self.public.get(publication.conversation_id)
        if visitors:
            shown = [frame for frame in publication.public if frame is not None]
            if shown:
                data = b"\n".join(shown)
                for connection in visitors:
                    connection.push(data)

    def _join_beginner(self, publication: Publication) -> None:
        """A chat that was started by HTTP, in another tab or on another node is followed by all tabs (VISITOR-5)."""
        for connection in self.customers.get(publication.customer, ()):
            connection.conversations.add(publication.conversation_id)
            self.join(self.public, publication.conversation_id, connection)

    def team_of(
        self, conversation_id: int, owners: Iterable[int], departments: Iterable[int] = ()
    ) -> set[Connection]:
        """Every staff socket that follows the conversation or has it in a list, each once."""
        groups = [self.team.get(conversation_id), self.supervisors]
        groups += [self.agents.get(owner) for owner in owners]
        groups += [self.departments.get(department) for department in departments]
        present = [group for group in groups if group]
        if len(present) == 1:
            return present[0]
        return set().union(*present)

    def _tell_lists(self, publication: Publication) -> None:
        """These entries were read by somebody before this news of them came, which alone knows whose lists change.

        When the number was only read, never pushed, everybody's lists are told of it. Else only former owners may not
        know that it left theirs: they get the card, never an entry once more. An outdated card is dropped by its number.
        """
        frame = publication.team[-1]
        if publication.conversation_id in self._only_read:
            told = self.team_of(publication.conversation_id, publication.owners, publication.departments)
            told = told - self.team.get(publication.conversation_id, set())
        else:
            told = set().union(*(self.agents.get(owner, ()) for owner in publication.owners[1:] if owner))
            frame = card_of(frame) if told else frame
        for connection in told:
            connection.push(frame)

    def _unjoin_strangers(self, publication: Publication) -> None:
        """After a change of hands, those who may no longer see the thread stop getting it."""
        if publication.keep is None:
            return
        staff, departments = publication.keep
        for connection in list(self.team.get(publication.conversation_id, ())):
            may = connection.supervises or connection.staff_id in staff
            if not may and connection.departments.isdisjoint(departments) and 0 not in departments:
                self.leave(self.team, publication.conversation_id, connection)
                connection.conversations.discard(publication.conversation_id)

    # -- anything else

    def tell_visitors(self, conversation_id: int, frame: bytes) -> None:
        for connection in self.public.get(conversation_id, ()):
            connection.push_lossy(frame)

    def tell_team(self, conversation_id: int, owner: int, frame: bytes) -> None:
        for connection in self.team_of(conversation_id, (owner,)):
            connection.push_lossy(frame)

    def tell_typed(self, conversation_id: int, owner: int, typed: bytes, plain: bytes) -> None:
        """`typed`, with the unsent text, only to those who have the thread open; `plain` to the others (CHAT-11)."""
        watching = self.team.get(conversation_id, set())
        for connection in self.team_of(conversation_id, (owner,)):
            connection.push_lossy(typed if connection in watching else plain)

    def tell_agent(self, staff_id: int, frame: bytes) -> None:
        for connection in self.agents.get(staff_id, ()):
            connection.push(frame)

    def tell_staff(self, frame: bytes) -> None:
        for members in self.agents.values():
            for connection in members:
                connection.push_lossy(frame)

    # -- sockets as a whole

    def end_sessions(self, session_ids: Iterable[int]) -> None:
        """PEOPLE-3: sockets of an ended session close at once."""
        ended = frozenset(session_ids)
        for connection in list(self.connections):
            if connection.session_id in ended and connection.staff_id:
                connection.close(4009, "Your session has ended.")

    def reconnect_staff(self) -> None:
        """Rights are fixed when a socket is opened: after they changed, every staff socket opens anew, spread a little."""
        for n, connection in enumerate(list(self.connections)):
            if connection.staff_id:
                connection.close(1001, "Your rights may have changed.", 50 + n % 20 * 50)

    def close_silent(self, now: float | None = None) -> None:
        """Close sockets that said nothing for 45 s, and those whose session has run out. `now` is monotonic."""
        moment = time.monotonic() if now is None else now
        for connection in list(self.connections):
            if moment - connection.heard_at > SILENCE_S:
                connection.close(4016, "Nothing was heard from you for 45 seconds.")
            elif connection.expires_at is not None and moment >= connection.expires_at:
                connection.close(4009, "Your session has ended.")

    def mark_dirty(self, connection: Connection) -> None:
        """This socket has frames waiting: write them at the end of this turn of the loop."""
        self._dirty.append(connection)
        if self._flush_at is None:
            self._flush_at = asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        if self._flush_at is not None:
            self._flush_at.cancel()
            self._flush_at = None
        dirty, self._dirty = self._dirty, []
        for connection in dirty:
            connection.flush()

    def spawn(self, work: Awaitable[object]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _after(publication: Publication, head: int) -> Publication:
    """Without the entries that are known."""
    known = head + 1 - publication.first
    if known <= 0:
        return publication
    return publication._replace(
        first=head + 1, team=publication.team[known:], public=publication.public[known:]
    )
