"""A desk whose customers are on the simulator's WhatsApp; statuses come when a test asks for them (`hear`)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from deskbell.channels.base import Status
from deskbell.channels.whatsapp.channel import WhatsApp
from deskbell.channels.whatsapp.graph import Graph
from deskbell.desk.accounts import Accounts
from deskbell.domain.channels import BUILT_IN
from deskbell.domain.commands import StartChat
from deskbell.domain.people import Customer
from deskbell.jobs.dispatches import Dispatches, Patience
from deskbell.kit.clock import FixedClock
from deskbell.kit.files import FileStore
from deskbell.kit.seal import Seal
from deskbell.store import channel_accounts
from deskbell.store.deliveries import Stands
from deskbell.store.deliveries import of as deliveries_of
from tests import cast
from tests.desk.house import House, fresh_id, open_house
from tests.whatsapp_sim.sink import Sink, sink
from whatsapp_sim import defaults
from whatsapp_sim.client import Client
from whatsapp_sim.clock import Clock
from whatsapp_sim.server import serving
from whatsapp_sim.simulator import Simulator

SEAL = Seal(b"k" * 32)
AT_ONCE = Patience(taken=0.01, unknown=0.01, drain=0.5)
PHONES = {cast.MARTA: "15555550111", cast.THEO: "15555550112"}
USERS = {cast.MARTA: "marta", cast.THEO: "yusuf"}


class Outbox:
    """`sim` knows Marta, and Theo as Yusuf."""

    def __init__(
        self, house: House, sim: Simulator, phone: Client, hook: Sink, files: FileStore, clock: FixedClock
    ) -> None:
        self.house, self.sim, self.phone, self.hook, self.clock = house, sim, phone, hook, clock
        self.pool, self.files = house.pool, files
        self.channel = WhatsApp(lambda: Graph(sim.base, "v23.0"))
        self.account = 0
        self.job = Dispatches(house.pool, clock, house.desk, files, {"whatsapp": self.channel}, AT_ONCE)
        self._heard = 0

    async def set_up(self, token: str = defaults.TOKEN) -> None:
        """The number of the simulator, known to this desk."""
        directory = self.house.desk.directory
        directory.channels = {**BUILT_IN, "whatsapp": self.channel.rules}
        directory.accounts = Accounts(self.pool, SEAL)
        values = {
            "external_id": defaults.PHONE_NUMBER_ID,
            "name": "Shop",
            "department_id": None,
            "enabled": True,
            "settings": {"waba_id": defaults.WABA_ID},
        }
        secrets = {"token": token, "app_secret": defaults.APP_SECRET}
        added = await channel_accounts.add(self.pool, SEAL, "whatsapp", values, secrets, self.clock.now())
        self.account = added.id if added else (await channel_accounts.everyone(self.pool))[0].id
        await directory.accounts.refresh()

    async def live(self, who: Customer = cast.MARTA) -> int:
        """Ada's chat with somebody who has just written on WhatsApp."""
        await self.write(who)
        await self.house.available(cast.ADA)
        command = StartChat(who, fresh_id(), "whatsapp", None, None, "Hello")
        number = (await self.house.desk.perform(command)).conversation_id
        await self.house.route()
        return number

    async def write(self, who: Customer = cast.MARTA) -> None:
        """The customer's message opens the window, here and there."""
        await self.phone.text(USERS[who], "Hello")
        await self.pool.execute(
            "INSERT INTO contact (account_id, user_id, phone, customer_id, last_in_at, created_at)"
            " VALUES ($1, $2, $2, $3, $4, $4) ON CONFLICT (account_id, user_id) DO UPDATE SET last_in_at = $4",
            self.account,
            PHONES[who],
            who.id,
            self.clock.now(),
        )

    async def say(self, number: int, text: str = "Good day!") -> int:
        """Ada writes; the number of her message."""
        return (await self.house.write(number, cast.ADA, text)).seq

    async def send(self) -> None:
        """Hand over all that is due."""
        await self.job.settle()

    async def hear(self) -> int:
        """What the simulator says of our messages reaches the desk; how many words were about messages we know."""
        await self.sim.idle()
        known = 0
        posts, self._heard = self.hook.posts[self._heard :], len(self.hook.posts)
        for _, body in posts:
            for one in self.channel.notified(body):
                for word in self.channel.arrived(one.payload):
                    if isinstance(word, Status):
                        known += await self.note(word)
        return known

    async def note(self, word: Status) -> bool:
        return await self.job.heard(
            self.account, word.id, word.attempt, word.state, word.at, word.code, word.error
        )

    async def later(self, seconds: float) -> None:
        """Time passes, here and there."""
        self.clock.advance(timedelta(seconds=seconds))
        await self.phone.advance(seconds)

    async def stands(self, number: int) -> list[Stands]:
        """Of every message that went out, in order."""
        return (await deliveries_of(self.pool, number, 0, 10_000))[::-1]

    async def states(self, number: int) -> list[str]:
        return [one.state for one in await self.stands(number)]

    async def arrived(self, who: Customer = cast.MARTA) -> list[str]:
        """What the customer sees of us, in order."""
        await self.sim.idle()
        thread = await self.phone.thread(USERS[who])
        return [_shown(one.body) for one in thread.messages if not one.inbound]

    async def lines(self, number: int) -> list[tuple[str, Any]]:
        """What the thread was told of messages that did not go."""
        await self.job.tell_threads()
        data = [
            line.entry.data or {} for line in await self.house.thread(number) if line.entry.kind == "event"
        ]
        return [(one["name"], one["why"]) for one in data if one["name"] in ("not_sent", "fate_unknown")]

    async def trouble(self) -> str:
        row = await channel_accounts.get(self.pool, self.account)
        assert row is not None
        return row.trouble


def _shown(body: Any) -> str:
    said: str = body.get("body") or body.get("caption") or ""
    return said


@asynccontextmanager
async def outbox(dsn: str, folder: Path, at: datetime = cast.NOW) -> AsyncIterator[Outbox]:
    clock = FixedClock(at)
    async with (
        sink() as hook,
        serving(webhook=hook.url, clock=Clock(at.timestamp(), running=False)) as sim,
        Client(sim.base) as phone,
        open_house(dsn, clock=clock) as house,
    ):
        made = Outbox(house, sim, phone, hook, FileStore.local(folder), clock)
        await made.set_up()
        try:
            yield made
        finally:
            await made.channel.close()
