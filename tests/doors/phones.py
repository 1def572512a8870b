"""A desk with WhatsApp: its account, webhooks signed by hand, and the simulator beside a node."""

import hashlib
import hmac
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx

from deskbell.kit.clock import SystemClock
from deskbell.kit.seal import Seal
from deskbell.store import channel_accounts
from tests.doors.house import NOW, Door, House, Place
from whatsapp_sim import defaults
from whatsapp_sim.client import Client
from whatsapp_sim.server import serving
from whatsapp_sim.simulator import Simulator

SECRET = defaults.APP_SECRET
SECRETS = {"token": defaults.TOKEN, "app_secret": SECRET}
SETTINGS = {"waba_id": defaults.WABA_ID, "verify_token": defaults.VERIFY_TOKEN}
OURS = defaults.PHONE_NUMBER_ID
MARTAS = "4915550001"
_numbers = itertools.count(1)


async def account(house: House, number: str = OURS, **values: Any) -> int:
    """One of our numbers; every node knows it."""
    given = {"external_id": number, "name": "Shop", "department_id": None, "enabled": True}
    secrets = values.pop("secrets", SECRETS)
    everything = {**given, "settings": SETTINGS, **values}
    added = await channel_accounts.add(house.pool, Seal(b"s" * 32), "whatsapp", everything, secrets, NOW)
    assert added is not None
    await house.reread()
    return added.id


def message(text: str = "Hello", by: str = MARTAS, **more: Any) -> dict[str, Any]:
    """A customer's message as it stands in a webhook."""
    named = f"wamid.test{next(_numbers)}"
    at = str(int(NOW.timestamp()))
    return {"from": by, "id": named, "timestamp": at, "type": "text", "text": {"body": text}} | more


def webhook(*messages: dict[str, Any], number: str = OURS, **value: Any) -> bytes:
    """The body with these messages to one number."""
    about = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": number}}
    change = {"field": "messages", "value": about | {"messages": list(messages)} | value}
    entry = {"id": defaults.WABA_ID, "changes": [change]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def post(door: Place, body: bytes, said: str | None = "") -> httpx.Response:
    """To our door, as Meta does it. `said`: another signature than the right one, None for none."""
    headers = {b"Content-Type": b"application/json"}
    if said is not None:
        headers[b"X-Hub-Signature-256"] = (said or signature(body)).encode()
    async with httpx.AsyncClient(base_url=door.address, timeout=20, verify=False) as meta:
        return await meta.post("/hooks/whatsapp", content=body, headers=headers)


class Joined(NamedTuple):
    door: Door
    simulator: Simulator
    phone: Client
    account: int


@asynccontextmanager
async def joined(house: House, *, seed: int = 0, **settings: Any) -> AsyncIterator[Joined]:
    """A node of the house and a simulator that tell each other everything, at today's time."""
    house.clock = SystemClock()  # type: ignore[assignment]
    async with serving(seed=seed) as simulator, Client(simulator.base) as phone:
        door = await house.open(whatsapp_api=simulator.base, **settings)
        added = await account(house)
        simulator.set_webhook(f"{door.address}/hooks/whatsapp")
        yield Joined(door, simulator, phone, added)
