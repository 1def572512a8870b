"""A desk with WhatsApp: a node, the simulator beside it, and the account that joins the two."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from deskbell.kit.clock import SystemClock
from deskbell.kit.seal import Seal
from deskbell.store import channel_accounts
from tests.doors.house import NOW, Door, House
from whatsapp_sim import defaults
from whatsapp_sim.client import Client
from whatsapp_sim.server import serving
from whatsapp_sim.simulator import Simulator

SECRETS = {"token": defaults.TOKEN, "app_secret": defaults.APP_SECRET}
SETTINGS = {"waba_id": defaults.WABA_ID, "verify_token": defaults.VERIFY_TOKEN}


async def account(house: House, number: str = defaults.PHONE_NUMBER_ID, **values: Any) -> int:
    """One of our numbers; every node knows it."""
    given = {
        "external_id": number,
        "name": "Shop",
        "department_id": None,
        "enabled": True,
        "settings": SETTINGS,
    }
    seal = Seal(b"s" * 32)
    secrets = values.pop("secrets", SECRETS)
    added = await channel_accounts.add(house.pool, seal, "whatsapp", given | values, secrets, NOW)
    assert added is not None
    await house.reread()
    return added.id


class Joined(NamedTuple):
    door: Door
    simulator: Simulator
    phone: Client
    account: int


@asynccontextmanager
async def joined(house: House, **settings: Any) -> AsyncIterator[Joined]:
    """A node of the house and a simulator that tell each other everything."""
    house.clock = SystemClock()  # type: ignore[assignment]
    async with serving() as simulator, Client(simulator.base) as phone:
        door = await house.open(whatsapp_api=simulator.base, **settings)
        added = await account(house)
        simulator.set_webhook(f"{door.address}/hooks/whatsapp")
        yield Joined(door, simulator, phone, added)
