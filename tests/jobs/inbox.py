"""A desk that WhatsApp tells of what came: stored as webhooks are, and worked on when a test says so."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from deskbell.channels.base import AccountNews
from deskbell.channels.whatsapp.channel import WhatsApp
from deskbell.channels.whatsapp.graph import Graph
from deskbell.domain.channels import BUILT_IN
from deskbell.jobs.arrivals import Arrivals
from deskbell.jobs.arrived import Hears
from deskbell.jobs.coming_files import ComingFiles
from deskbell.kit.clock import FixedClock
from deskbell.kit.files import FileStore
from deskbell.store import arrivals, channel_accounts
from deskbell.store.arrivals import Fresh
from tests.cast import NOW, SUPPORT
from tests.desk.house import SEAL, House, open_house
from whatsapp_sim import defaults

OURS = defaults.PHONE_NUMBER_ID
MARTA, YUSUF = "4915550001", "4915550002"
Json = dict[str, Any]


def said(kind: str = "text", *, by: str = MARTA, id: str = "", at: int = 0, **more: Any) -> Json:
    """A message as it stands in a webhook, `at` seconds after NOW; a text unless `more` says otherwise."""
    body: Json = {"from": by, "id": id, "timestamp": str(int(NOW.timestamp()) + at), "type": kind}
    return body | more


def text(words: str = "Hello", **about: Any) -> Json:
    about.setdefault("id", f"wamid.{words}")
    return said(text={"body": words}, **about)


def reaction(to: str, emoji: str = "+", **about: Any) -> Json:
    about.setdefault("id", f"wamid.r{to}{emoji}{about.get('at', 0)}")
    return said("reaction", reaction={"message_id": to, "emoji": emoji}, **about)


def edit(of: str, words: str, **about: Any) -> Json:
    message = {"type": "text", "text": {"body": words}}
    return said(
        "edit", id=f"wamid.e{of}{words}", edit={"original_message_id": of, "message": message}, **about
    )


def revoke(of: str, **about: Any) -> Json:
    return said("revoke", id=f"wamid.d{of}", revoke={"original_message_id": of}, **about)


def system(**values: Any) -> Json:
    return {
        "id": f"wamid.s{values}",
        "timestamp": str(int(NOW.timestamp())),
        "type": "system",
        "system": values,
    }


def person(phone: str | None = None, user: str | None = None, name: str = "Marta K.") -> Json:
    """The `contacts` part of a webhook."""
    known = {"wa_id": phone, "user_id": user}
    return {"profile": {"name": name}, **{key: one for key, one in known.items() if one}}


def _nobody(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody is asked here")


class Inbox:
    def __init__(self, house: House, folder: Path, clock: FixedClock, graph: Graph) -> None:
        self.house, self.pool, self.clock = house, house.pool, clock
        self.channel = WhatsApp(lambda: graph)
        channels = {"whatsapp": self.channel}
        house.desk.directory.channels = {**BUILT_IN, "whatsapp": self.channel.rules}
        self.store = FileStore.local(folder / "files")
        self.files = ComingFiles(house.pool, clock, house.desk, channels, self.store, folder / "uploads")
        self.news: list[tuple[int, str]] = []
        """(account, what) of news about accounts that was passed on."""
        hears = Hears(house.desk.deliveries.note, self._hear)
        self.job = Arrivals(house.pool, clock, house.desk, channels, hears, self.files.wake)
        self.account = 0

    async def _hear(self, account_id: int, news: AccountNews) -> None:
        self.news.append((account_id, news.what))

    async def set_up(self) -> None:
        values = {"external_id": OURS, "name": "Shop", "department_id": SUPPORT, "enabled": True}
        values["settings"] = {"waba_id": defaults.WABA_ID}
        secrets = {"token": defaults.TOKEN, "app_secret": defaults.APP_SECRET}
        added = await channel_accounts.add(self.pool, SEAL, "whatsapp", values, secrets, self.clock.now())
        self.account = added.id if added else (await channel_accounts.everyone(self.pool))[0].id
        await self.house.desk.directory.refresh()

    async def store_(self, *messages: Json, contacts: list[Json] | None = None, **value: Any) -> None:
        """As the door for webhooks does it, in one body."""
        about = {
            "metadata": {"phone_number_id": OURS},
            "contacts": contacts or [],
            "messages": list(messages),
        }
        change = {"field": "messages", "value": about | value}
        entry = {"id": defaults.WABA_ID, "changes": [change]}
        body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
        fresh = [
            Fresh(self.account, one.key, one.sender, json.dumps(one.payload))
            for one in self.channel.notified(body)
        ]
        await arrivals.keep(self.pool, fresh, self.clock.now())

    async def get(self, *messages: Json, contacts: list[Json] | None = None, **value: Any) -> list[str]:
        """Stored and worked on; what became of everything so far, in order."""
        await self.store_(*messages, contacts=contacts, **value)
        await self.job.work()
        return await self.outcomes()

    async def outcomes(self) -> list[str]:
        rows = await self.pool.fetch("SELECT state, outcome FROM arrival ORDER BY id")
        return [row[1] if row[0] == "done" else row[0] for row in rows]

    async def newest(self) -> int:
        number: int = await self.pool.fetchval("SELECT max(id) FROM conversation")
        return number

    async def texts(self) -> list[str]:
        """What was said in the newest conversation."""
        return await self.house.texts(await self.newest())

    async def events(self, number: int = 0) -> list[Json]:
        """What became of messages in a conversation (the newest one), without when."""
        lines = await self.house.thread(number or await self.newest())
        events = [dict(line.entry.data or {}) for line in lines if line.entry.kind == "event"]
        return [
            {key: value for key, value in event.items() if key != "at"} for event in events if "seq" in event
        ]

    async def people(self) -> list[tuple[str | None, ...]]:
        """(user id, phone, customer's name, customer's phone) of each contact."""
        rows = await self.pool.fetch(
            "SELECT c.user_id, c.phone, cu.name, cu.phone FROM contact c JOIN customer cu ON cu.id = customer_id"
            " ORDER BY c.id"
        )
        return [tuple(row) for row in rows]


@asynccontextmanager
async def open_inbox(
    database: str, folder: Path, *, answer: httpx.AsyncBaseTransport | None = None, node: str = "one"
) -> AsyncIterator[Inbox]:
    """On a database with the cast in it. `answer`: what stands in for Meta's hosts, which no test reaches."""
    clock = FixedClock(NOW)
    async with open_house(database, clock=clock, node=node) as house:
        graph = Graph("https://graph.facebook.com", "v23.0", answer or httpx.MockTransport(_nobody))
        inbox = Inbox(house, folder, clock, graph)
        await inbox.set_up()
        try:
            yield inbox
        finally:
            await inbox.channel.close()
