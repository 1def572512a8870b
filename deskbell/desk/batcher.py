"""The one writing path: submit -> lock, decide, save, commit -> acknowledge -> publish.

A batch never waits for a timer: it takes what queued while the previous one committed. Lanes keep several
batches in flight; a conversation always stays in its lane, so its commands keep their order.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

import asyncpg

from deskbell.domain.commands import Beginning, Command
from deskbell.domain.errors import Refused
from deskbell.domain.standing import Standing
from deskbell.kit.clock import Clock
from deskbell.kit.logs import Log
from deskbell.kit.postgres import AWAY, connect
from deskbell.realtime.publication import Publication
from deskbell.store.changes import Answer
from deskbell.store.notifications import Stored

from .batch import Batch
from .directory import Directory
from .lookup import Moved
from .memory import Memory
from .task import Outcome, Task

log = Log()

BATCH = 200
QUEUE = 10_000
TRIES = 4
RETRY_TEXT = "The desk cannot save just now. It will be tried again."

RETRY = Refused("retry", RETRY_TEXT)
FAILED = Refused("internal", "Something went wrong here. Nothing was changed.")
BUSY = Refused("busy", "The desk is very busy. It will be tried again.")

# Writers lock rows in the order of their ids, which only a nested loop over sorted input keeps: else two of them
# could wait for each other.
IN_ORDER = {"enable_hashjoin": "off", "enable_mergejoin": "off", "enable_seqscan": "off"}

AGAIN = (
    asyncpg.UniqueViolationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    Moved,
)


class Published(NamedTuple):
    """What a committed batch leaves for others: news, whether routing must look again, what people are told, and whether
    something goes out over a channel."""

    publications: list[Publication]
    route: bool
    told: Sequence[Stored] = ()
    standing: Sequence[Standing] = ()
    sends: bool = False


class Batcher:
    """`submit` takes a command at once and answers it later, exactly once, through its callback.

    `node` and `alone` are for the notice to the other nodes; `publish` is called after each commit.
    """

    def __init__(
        self,
        dsn: str,
        clock: Clock,
        directory: Directory,
        *,
        node: str,
        lanes: int,
        publish: Callable[[Published], None],
        alone: Callable[[], bool],
    ) -> None:
        self._lanes = [Lane(dsn, clock, directory, node, publish, alone) for _ in range(lanes)]

    def submit(self, command: Command, answer: Callable[[Outcome], None]) -> None:
        """`answer` gets an Answer or a Refused; it must not block or raise."""
        key = command.customer_id if isinstance(command, Beginning) else command.conversation_id
        self.lane(key).submit(Task(command, answer))

    async def perform(self, command: Command) -> Answer:
        """Submit and wait. Raises Refused."""
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def settle(outcome: Outcome) -> None:
            if not done.done():
                done.set_result(outcome)

        self.submit(command, settle)
        outcome = await done
        if isinstance(outcome, Refused):
            raise outcome
        return outcome

    def forget(self, conversation_id: int) -> None:
        """Another node has changed it."""
        self.lane(conversation_id).memory.forget(conversation_id)

    def forget_all(self) -> None:
        """Customers' names may be others now, or news was missed."""
        for lane in self._lanes:
            lane.memory.forget_all()

    def mark(self, conversation_id: int, by: str, delivered: int, read: int) -> None:
        """Somebody has received or read up to there."""
        self.lane(conversation_id).memory.mark(conversation_id, by, delivered, read)

    def lane(self, key: int) -> "Lane":
        """Where the commands of a conversation go."""
        return self._lanes[key % len(self._lanes)]

    def workers(self) -> list[Callable[[], Awaitable[None]]]:
        """What has to run for ever: one per lane."""
        return [lane.run for lane in self._lanes]

    async def drain(self) -> None:
        """Wait until everything submitted so far is answered."""
        while any(lane.is_busy for lane in self._lanes):  # noqa: ASYNC110 - the end of a life, not a path to wait on
            await asyncio.sleep(0.01)


class Lane:
    """One connection, one batch after the other."""

    def __init__(
        self,
        dsn: str,
        clock: Clock,
        directory: Directory,
        node: str,
        publish: Callable[[Published], None],
        alone: Callable[[], bool],
    ) -> None:
        self._dsn = dsn
        self._clock = clock
        self._directory = directory
        self._node = node
        self._publish = publish
        self._alone = alone
        self._queue: deque[Task] = deque()
        self._wake = asyncio.Event()
        self._connection: asyncpg.Connection | None = None
        self._working = False
        self.memory = Memory()

    @property
    def is_busy(self) -> bool:
        return self._working or bool(self._queue)

    def submit(self, task: Task) -> None:
        if len(self._queue) >= QUEUE:
            task.answer(BUSY)
            return
        self._queue.append(task)
        self._wake.set()

    async def run(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._queue:
                    tasks = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
                    self._working = True
                    await self._handle(tasks)
                    self._working = False
        finally:
            if self._connection is not None:
                self._connection.terminate()

    async def _handle(self, tasks: list[Task]) -> None:
        """Answer every one of these exactly once."""
        waiting = deque(tasks)
        try:
            waiting = await self._handle_plain(tasks)
            if len(waiting) > 1:
                try:
                    batch = await self._commit(list(waiting))
                except AWAY:
                    raise
                except Exception as error:  # a bad neighbour must harm nobody: one by one
                    log.warning("batch_failed", error=type(error).__name__, commands=len(tasks))
                else:
                    waiting.clear()
                    self._tell(batch)
            while waiting:
                await self._handle_alone(waiting[0])
                waiting.popleft()
        except AWAY as error:
            await self._give_back(waiting, error)

    async def _handle_plain(self, tasks: list[Task]) -> deque[Task]:
        """Answer those that can be decided from memory; the others, or all if memory was outdated, are left."""
        plain, known = self.memory.plain(tasks)
        if not plain:
            return deque(tasks)
        batch = Batch(plain, self._directory, self._clock.now())
        batch.recall(known)
        batch.decide()
        if not batch.all_granted or not await self._save_unlocked(batch):
            for loaded in known:
                self.memory.forget(loaded.conversation.id)
            return deque(tasks)
        self.memory.keep(batch.outcome_states())
        self._tell(batch)
        done = set(plain)
        return deque(task for task in tasks if task not in done)

    async def _save_unlocked(self, batch: Batch) -> bool:
        try:
            return await batch.save_unlocked(await self._connected(), self._node, alone=self._alone())
        except AWAY:
            raise
        except Exception as error:  # a client id that was there before, or a text that cannot be stored
            log.info("plain_batch_again", error=type(error).__name__)
            return False

    async def _handle_alone(self, task: Task) -> None:
        for patience in range(TRIES):
            try:
                batch = await self._commit([task])
            except AWAY:
                raise
            except AGAIN:
                await asyncio.sleep(random.uniform(0, 0.01 * (patience + 1)))
            except Exception:
                log.exception("command_failed", command=type(task.command).__name__)
                task.settle(FAILED)
                return
            else:
                self._tell(batch)
                return
        task.settle(RETRY)

    def _tell(self, batch: Batch) -> None:
        """It is committed: whatever goes wrong from here on must not make it look undone."""
        batch.settle()
        try:
            self._publish(
                Published(batch.publications, batch.route, batch.told, batch.standing, batch.outgoing.sends)
            )
        except Exception:
            log.exception("publish_failed")

    async def _give_back(self, tasks: Iterable[Task], error: BaseException) -> None:
        """The database is away, or nobody knows whether it committed: senders try again with the same id."""
        log.warning("database_away", error=type(error).__name__)
        self.memory.forget_all()
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
        for task in tasks:
            task.settle(RETRY)
        await asyncio.sleep(0.1)

    async def _commit(self, tasks: list[Task]) -> Batch:
        connection = await self._connected()
        batch = Batch(tasks, self._directory, self._clock.now())
        transaction = connection.transaction()
        await transaction.start()
        try:
            await batch.lock(connection)
            batch.decide()
            await batch.save(connection, self._node, alone=self._alone())
        except BaseException:
            if not connection.is_closed():
                await transaction.rollback()
            raise
        await transaction.commit()
        self.memory.keep(batch.outcome_states())
        return batch

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._dsn, **IN_ORDER)
        return self._connection
