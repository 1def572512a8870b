"""The simulator put together; server.py gives it a port."""

import asyncio
import contextlib
from collections.abc import Iterator

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from whatsapp_sim import defaults, seeds
from whatsapp_sim.agenda import Agenda
from whatsapp_sim.business import Business
from whatsapp_sim.clock import Clock
from whatsapp_sim.delivery import Delivery
from whatsapp_sim.dice import Dice
from whatsapp_sim.faults import Faults, changed
from whatsapp_sim.flood import Flood, flood
from whatsapp_sim.journal import Journal
from whatsapp_sim.media import URL_S, Shelf
from whatsapp_sim.people import People
from whatsapp_sim.sending import Checks
from whatsapp_sim.state import WINDOW_S, Number, User, World
from whatsapp_sim.views import (
    AppView,
    ClockView,
    MessageView,
    NumberView,
    Overview,
    TemplateView,
    ThreadView,
    UserView,
)

SHOWN_MESSAGES = 500
ARRIVED = ("delivered", "read", "played")
FLOODED = 10_000_000
"""Message numbers set aside for each flood."""
MOST_COUNTED = 100_000
WATCHED = 100
"""Changes a watcher may lag behind; then it misses the oldest."""


class Simulator:
    """Everything one simulated WhatsApp consists of. `base` is where it is reached, without a slash at its end."""

    def __init__(
        self,
        *,
        seed: int = 0,
        clock: Clock | None = None,
        faults: Faults | None = None,
        base: str = f"http://{defaults.HOST}:{defaults.PORT}",
    ) -> None:
        self.base = base
        self.seed = seed
        self.clock = clock or Clock()
        self.faults = faults or Faults()
        self.dice = Dice(seed)
        self.journal = Journal()
        self.closing = asyncio.Event()
        self._watchers: set[asyncio.Queue[tuple[str, str]]] = set()
        self._at_work: asyncio.Task[None] | None = None
        self._begin()

    async def start(self) -> None:
        """From now on webhooks go out and time counts."""
        self._at_work = asyncio.create_task(self.agenda.run())

    def let_go(self) -> None:
        """Calls that hang and pages that listen are let go."""
        self.closing.set()
        for queue in self._watchers:
            if not queue.full():
                queue.put_nowait(("", ""))

    async def stop(self) -> None:
        """Nothing is posted any more."""
        self.let_go()
        if self._at_work:
            self._at_work.cancel()
            await asyncio.gather(self._at_work, return_exceptions=True)
        await self.delivery.close()

    async def reset(self) -> None:
        """As it was when it started, but for clock and webhook; what was planned is forgotten."""
        webhooks = {app.id: app.webhook for app in self.world.apps.values()}
        await self.stop()
        self.closing = asyncio.Event()
        self.faults = Faults()
        self.journal.clear()
        self._begin()
        for app in self.world.apps.values():
            app.webhook = webhooks.get(app.id, "")
        await self.start()

    def _begin(self) -> None:
        def knobs() -> Faults:
            return self.faults

        self._calls: dict[tuple[str, str], int] = {}
        self.world = World()
        self.agenda = Agenda(self.clock)
        self.shelf = Shelf(self.world, self.dice)
        self.delivery = Delivery(self.world, self.clock, self.agenda, self.dice, self.journal, knobs)
        checks = Checks(self.world, lambda media_id: self.shelf.get(media_id, self.clock.now()))
        self.business = Business(
            self.world, self.clock, self.agenda, self.dice, self.delivery, checks, knobs, self._show
        )
        self.people = People(
            self.world,
            self.clock,
            self.dice,
            self.delivery,
            self.shelf,
            self.business,
            knobs,
            self._show,
            self.media_address,
        )
        seeds.fill(self.world, self.dice)
        for customer in seeds.CUSTOMERS:
            self.people.add(customer)

    def set_webhook(self, url: str, *, app: str = defaults.APP_ID) -> None:
        """Post webhooks there, without asking whether it is the right place."""
        self.world.apps[app].webhook = url

    def turn(self, **knobs: object) -> None:
        """Turn fault knobs. Raises msgspec.ValidationError with the bounds."""
        self.faults = changed(self.faults, knobs)

    async def wait_until(self, at: float) -> None:
        """On its clock, or until it stops."""
        waits = [asyncio.ensure_future(one) for one in (self.clock.wait_until(at), self.closing.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    def nth_call(self, path: str, whom: str) -> int:
        """Count the calls for one recipient."""
        if len(self._calls) > MOST_COUNTED:
            self._calls.clear()
        self._calls[path, whom] = self._calls.get((path, whom), 0) + 1
        return self._calls[path, whom]

    def media_address(self, media_id: str) -> str:
        """Where its bytes are for 5 minutes, for who has a token."""
        expires = int(self.clock.now()) + URL_S
        proof = self.shelf.proof(media_id, expires)
        return f"{self.base}/whatsapp_business/attachments/?mid={media_id}&ext={expires}&hash={proof}"

    async def idle(self, *, jump: bool = False) -> None:
        """Wait until nothing is under way; `jump` moves the clock on until nothing is planned either."""
        await self.agenda.idle(jump=jump)

    def overview(self) -> Overview:
        """What there is, for the phone's first look and for people."""
        return Overview(
            simulator="whatsapp",
            says="A simulator for demo and tests. It is not WhatsApp.",
            seed=self.seed,
            clock=self.time(),
            numbers=[NumberView.of(one) for one in self.world.numbers.values()],
            users=[UserView.of(one) for one in self.world.users.values() if one.name],
            apps=[AppView(app.id, app.webhook) for app in self.world.apps.values()],
            templates=[TemplateView.of(one) for one in self.world.templates.values()],
            planned=self.agenda.planned,
        )

    def time(self) -> ClockView:
        return ClockView(self.clock.now(), self.clock.running)

    def thread(self, number: Number, user: User) -> ThreadView:
        """What the customer sees: messages that have arrived, and what they have written."""
        found = self.world.threads.get((number.id, user.id))
        seen = [
            MessageView.of(one)
            for one in (found.messages if found else ())
            if (one.inbound or one.state in ARRIVED) and one.type != "reaction"
        ]
        heard = found.heard if found else None
        return ThreadView(
            user=UserView.of(user),
            number=NumberView.of(number),
            messages=seen[-SHOWN_MESSAGES:],
            typing=bool(found and found.typing_until > self.clock.now()),
            window_ends=None if heard is None else heard + WINDOW_S,
            clock=self.time(),
        )

    async def flood(self, rate: float, seconds: float) -> Flood:
        """Post `rate` webhooks a second to the first application, one new message each; they leave no other trace.

        Raises ValueError for what is out of bounds.
        """
        app, number = next(iter(self.world.apps.values())), next(iter(self.world.numbers.values()))
        first = self.nth_call("flood", "") * FLOODED
        return await flood(app, number, self.dice, self.clock, first, rate, seconds)

    def _show(self, number: str, user: str) -> None:
        for queue in list(self._watchers):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait((number, user))

    @contextlib.contextmanager
    def watching(self) -> Iterator["asyncio.Queue[tuple[str, str]]"]:
        """A queue of the threads that change."""
        queue: asyncio.Queue[tuple[str, str]] = asyncio.Queue(WATCHED)
        self._watchers.add(queue)
        try:
            yield queue
        finally:
            self._watchers.discard(queue)


Sim = NamedDependency[SkipValidation[Simulator]]
"""What routes are given."""
